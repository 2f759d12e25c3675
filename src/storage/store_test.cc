// The store as its users see it: rows come back as they went in, at once, after a flush, after a merge, after a
// restart.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <thread>

#include "storage/test_rows.h"

namespace trilobite::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<TestRow> kRows{
    {"app=db", kTestTime + 5, "start", ""},
    {"app=web,host=a", kTestTime + 1, "GET /", "metadata"},
    {"app=web,host=a", kTestTime + 2, "GET /x", ""},
    {"app=web,host=b", kTestTime + 2, "GET /", "metadata"},
};

std::vector<TestRow> numbered_rows(int begin, int end, TimeNs step = kNsPerSecond) {
  std::vector<TestRow> out;
  for (int i = begin; i < end; ++i)
    out.push_back({fmt::format("app=a{}", i % 3), kTestTime + i * step, fmt::format("row {}", i), ""});
  return out;
}

TEST(Store, RowsAreVisibleAtOnceAfterAFlushAndAfterARestart) {
  TestStore test;
  ASSERT_OK(test.open());
  ASSERT_OK(test.append(kRows));
  EXPECT_THAT(read_rows(*test.store, make_scan()), ElementsAreArray(kRows));
  ASSERT_OK(test.open());
  EXPECT_THAT(read_rows(*test.store, make_scan()), ElementsAreArray(kRows)) << "from the WAL";
  ASSERT_OK(test.store->flush());
  EXPECT_THAT(read_rows(*test.store, make_scan()), ElementsAreArray(kRows)) << "from a part";
  EXPECT_EQ(test.store->statistics().parts, 1u);
  ASSERT_OK(test.open());
  EXPECT_THAT(read_rows(*test.store, make_scan()), ElementsAreArray(kRows)) << "from a part after a restart";
  EXPECT_EQ(test.store->statistics().rows_stored, kRows.size());
  EXPECT_THAT(test.store->recovery_messages(), IsEmpty());
}

TEST(Store, TenantsDoNotSeeEachOther) {
  TestStore test;
  ASSERT_OK(test.open());
  const std::vector<std::string> tenants{"a", "b", "..", "a/b", "", "\xFF", std::string(255, 'x')};
  for (std::size_t i = 0; i < tenants.size(); ++i)
    ASSERT_OK(test.append({{"a=b", kTestTime, fmt::format("of {}", i)}}, {}, tenants[i]));
  ASSERT_OK(test.store->flush());
  ASSERT_OK(test.open());
  for (std::size_t i = 0; i < tenants.size(); ++i) {
    const std::vector<TestRow> rows = read_rows(*test.store, make_scan({}, kAlways, tenants[i]));
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].line, fmt::format("of {}", i));
  }
  EXPECT_EQ(test.append(kRows, {}, std::string(256, 'x')).error().code, Code::kLimit);
}

TEST(Store, BadBatchesAreRefusedByName) {
  TestStore test;
  ASSERT_OK(test.open());
  Batch batch = make_batch(kRows);
  EXPECT_EQ(test.store->append("t", Signal::kTraces, batch, {}).error().code, Code::kUnsupported);
  batch.columns.push_back({"other", Column(std::vector<std::int64_t>(4))});
  auto refused = test.store->append("t", Signal::kLogs, batch, {});
  EXPECT_EQ(refused.error().code, Code::kInvalid);
  EXPECT_THAT(refused.error().message, HasSubstr("column other"));
  batch.columns.pop_back();
  batch.times.pop_back();
  EXPECT_EQ(test.store->append("t", Signal::kLogs, batch, {}).error().code, Code::kInvalid);
  EXPECT_EQ(test.store->append("t", Signal::kMetrics, make_batch(kRows), {}).error().code, Code::kInvalid);
  EXPECT_THAT(read_rows(*test.store, make_scan()), IsEmpty());
  ASSERT_OK(test.store->append("t", Signal::kLogs, Batch{}, {}));
}

TEST(Store, NumbersAreStoredLikeText) {
  TestStore test;
  ASSERT_OK(test.open());
  Batch batch;
  batch.label_sets = {make_labels("__name__=up")};
  batch.label_set_of_row = {0, 0, 0};
  batch.times = {kTestTime, kTestTime + 1, kTestTime + 1};
  batch.columns.push_back({"value", Column(std::vector<double>{1.5, -0.0, -0.0})});
  ASSERT_OK(test.store->append("t", Signal::kMetrics, batch, {}));
  for (int i = 0; i < 2; ++i) {
    ScanRequest request = make_scan();
    request.signal = Signal::kMetrics;
    request.columns = {"value"};
    auto scan = test.store->scan(request);
    ASSERT_OK(scan);
    auto got = (*scan)->next();
    ASSERT_OK(got);
    ASSERT_TRUE(got->has_value());
    EXPECT_EQ(std::get<std::vector<double>>((*got)->columns[0].column.values()), (std::vector<double>{1.5, -0.0}));
    ASSERT_OK(test.store->flush());
  }
}

TEST(Store, OddTimesAndTexts) {
  TestStore test;
  ASSERT_OK(test.open());
  const TimeNs lowest = std::numeric_limits<TimeNs>::min(),
               highest = std::numeric_limits<TimeNs>::max() - 1;  // a range ends before its end
  const std::vector<TestRow> rows{{"a=b", lowest, "first"},
                                  {"a=b", -1, ""},
                                  {"a=b", 0, std::string("\0\n\xFF", 3)},
                                  {"a=b", highest, std::string(3 << 20, 'x')}};
  ASSERT_OK(test.append(rows));
  EXPECT_THAT(read_rows(*test.store, make_scan()), ElementsAreArray(rows));
  ASSERT_OK(test.store->flush());
  EXPECT_THAT(read_rows(*test.store, make_scan()), ElementsAreArray(rows));
  ASSERT_OK(test.open());
  EXPECT_THAT(read_rows(*test.store, make_scan()), ElementsAreArray(rows));
  EXPECT_EQ(read_rows(*test.store, make_scan({}, {-1, 1})).size(), 2u);
}

TEST(Store, ARepeatedRequestIsStoredOnceAlsoAfterARestart) {
  TestStore test;
  ASSERT_OK(test.open());
  const Hash128 request{1, 2};
  ASSERT_OK(test.append({{"a=b", kTestTime, "first"}}, request));
  // Other rows, to see that they are not stored: equal ones would be dropped anyway.
  ASSERT_OK(test.append({{"a=b", kTestTime + 1, "repeat"}}, request));
  ASSERT_OK(test.open());
  ASSERT_OK(test.append({{"a=b", kTestTime + 2, "repeat after a restart"}}, request));
  ASSERT_OK(test.store->flush());
  ASSERT_OK(test.open());
  ASSERT_OK(test.append({{"a=b", kTestTime + 3, "repeat after a flush and a restart"}}, request));
  EXPECT_EQ(read_rows(*test.store, make_scan()).size(), 1u);
  test.clock.advance(std::chrono::minutes(11));
  ASSERT_OK(test.append({{"a=b", kTestTime + 4, "too late to be a repeat"}}, request));
  EXPECT_EQ(read_rows(*test.store, make_scan()).size(), 2u);
}

TEST(Store, EqualRowsAreThereOnceWhereverTheyAre) {
  TestStore test;
  ASSERT_OK(test.open());
  std::vector<TestRow> twice = kRows;
  twice.insert(twice.end(), kRows.begin(), kRows.end());
  ASSERT_OK(test.append(twice));
  ASSERT_OK(test.append(kRows));
  EXPECT_EQ(test.store->statistics().rows_appended, kRows.size()) << "in the head";
  EXPECT_THAT(read_rows(*test.store, make_scan()), ElementsAreArray(kRows));
  for (int i = 0; i < 4; ++i) {
    ASSERT_OK(test.store->flush());
    ASSERT_OK(test.append(kRows));
    EXPECT_THAT(read_rows(*test.store, make_scan()), ElementsAreArray(kRows))
        << "between the head and " << i + 1 << " parts";
  }
  auto merged = test.store->merge_once();
  ASSERT_OK(merged);
  ASSERT_TRUE(*merged);
  EXPECT_THAT(read_rows(*test.store, make_scan()), ElementsAreArray(kRows));
  ASSERT_OK(test.store->flush());
  EXPECT_THAT(read_rows(*test.store, make_scan()), ElementsAreArray(kRows));
  // The same time and line with other metadata is another row.
  ASSERT_OK(test.append({{"app=db", kTestTime + 5, "start", "other"}}));
  EXPECT_EQ(read_rows(*test.store, make_scan()).size(), kRows.size() + 1);
}

TEST(Store, ManyRowsOfOneTimeAreToldApart) {
  TestStore test;
  ASSERT_OK(test.open());
  std::vector<TestRow> rows;
  for (int i = 0; i < 3000; ++i) rows.push_back({"a=b", kTestTime, fmt::format("row {:05}", i)});
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK(test.append(rows));
    ASSERT_OK(test.store->flush());
    ASSERT_OK(test.append(rows));
    EXPECT_EQ(read_rows(*test.store, make_scan()), rows);
  }
}

TEST(Scan, BlocksComeInTheOrderAskedForAndTightenSkipsTheRest) {
  TestStore test;
  ASSERT_OK(test.open());
  for (int i = 0; i < 8; ++i) {
    ASSERT_OK(test.append(numbered_rows(i * 1800, (i + 1) * 1800)));  // half an hour each
    ASSERT_OK(test.store->flush());
  }
  for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
    const bool forward = direction == Direction::kForward;
    ScanRequest request = make_scan();
    request.direction = direction;
    auto scan = test.store->scan(request);
    ASSERT_OK(scan);
    std::vector<TimeNs> edges;
    std::size_t rows = 0;
    const TimeNs bound = kTestTime + (forward ? 2700 : 8 * 1800 - 2700) * kNsPerSecond;
    for (;;) {
      auto batch = (*scan)->next();
      ASSERT_OK(batch);
      if (!*batch) break;
      const auto [first, last] = std::minmax_element((*batch)->times.begin(), (*batch)->times.end());
      edges.push_back(forward ? *first : -*last);
      rows += (*batch)->rows();
      (*scan)->tighten(bound);
    }
    EXPECT_TRUE(std::is_sorted(edges.begin(), edges.end()));
    EXPECT_EQ(rows, 2700u) << "the first block whole, of the second one half";
    EXPECT_EQ((*scan)->stats().blocks, 2u);
    EXPECT_EQ((*scan)->stats().blocks_skipped, 6u);
    EXPECT_EQ((*scan)->stats().parts, 8u);
  }
}

TEST(Scan, SkipsPartsBlocksAndSeries) {
  TestStore test;
  ASSERT_OK(test.open());
  ASSERT_OK(test.append(numbered_rows(0, 3000)));
  ASSERT_OK(test.store->flush());
  auto scan = test.store->scan(make_scan({{"app", MatchOp::kEqual, "nothing"}}));
  ASSERT_OK(scan);
  ASSERT_OK((*scan)->next());
  EXPECT_EQ((*scan)->stats().rows, 0u);
  EXPECT_EQ((*scan)->stats().blocks, 0u);
  auto bad = test.store->scan(make_scan({{"app", MatchOp::kRegex, "a("}}));
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code, Code::kInvalid);
  EXPECT_THAT(bad.error().message, HasSubstr("a("));
  EXPECT_THAT(read_rows(*test.store, make_scan({}, {kTestTime, kTestTime})), IsEmpty());
  EXPECT_THAT(read_rows(*test.store, make_scan({}, {kTestTime + 1, kTestTime})), IsEmpty());
}

TEST(Scan, EndsWhenTheClientGoesAway) {
  TestStore test;
  ASSERT_OK(test.open());
  ASSERT_OK(test.append(kRows));
  ScanRequest request = make_scan();
  auto cancel = std::make_shared<CancelToken>();
  request.cancel = cancel;
  auto scan = test.store->scan(request);
  ASSERT_OK(scan);
  cancel->cancel();
  EXPECT_EQ((*scan)->next().error().code, Code::kCancelled);
}

std::size_t count_part_files(SimulatedFileSystem& files, const std::string& folder = "data/parts") {
  std::size_t out = 0;
  auto entries = files.list(folder);
  for (const FileInfo& entry : *entries)
    out += entry.directory ? count_part_files(files, folder + "/" + entry.name) : 1;
  return out;
}

TEST(Scan, SeesWhatWasThereWhenItWasOpened) {
  TestStore test;
  ASSERT_OK(test.open());
  std::vector<TestRow> rows;
  for (int i = 0; i < 4; ++i) {
    const std::vector<TestRow> some = numbered_rows(i * 10, i * 10 + 10);
    rows.insert(rows.end(), some.begin(), some.end());
    ASSERT_OK(test.append(some));
    if (i < 3) {
      ASSERT_OK(test.store->flush());
    }
  }
  std::sort(rows.begin(), rows.end());
  auto scan = test.store->scan(make_scan());
  ASSERT_OK(scan);
  ASSERT_OK(test.append({{"app=a0", kTestTime + 1, "later"}}));
  ASSERT_OK(test.store->flush());
  ASSERT_OK(test.store->merge_once());
  EXPECT_EQ(test.store->statistics().merges, 1u);
  EXPECT_EQ(test.store->statistics().parts, 1u);
  EXPECT_EQ(count_part_files(test.files), 4u) << "three are gone for the manifest, not for the scan";
  std::vector<TestRow> got;
  for (;;) {
    auto batch = (*scan)->next();
    ASSERT_OK(batch);
    if (!*batch) break;
    add_rows(**batch, got);
  }
  std::sort(got.begin(), got.end());
  EXPECT_EQ(got, rows);
  scan->reset();
  EXPECT_EQ(count_part_files(test.files), 1u);
  EXPECT_EQ(read_rows(*test.store, make_scan()).size(), rows.size() + 1);
}

TEST(Retention, ByAge) {
  TestStore test;
  test.options.retention_age_max = std::chrono::hours(24);
  ASSERT_OK(test.open());
  ASSERT_OK(test.append(numbered_rows(0, 10)));
  ASSERT_OK(test.store->flush());
  test.clock.advance(std::chrono::hours(20));
  ASSERT_OK(test.append({{"a=b", test.clock.now(), "new"}}));
  ASSERT_OK(test.store->flush());
  ASSERT_OK(test.store->enforce_retention());
  EXPECT_EQ(test.store->statistics().parts, 2u);
  test.clock.advance(std::chrono::hours(5));
  ASSERT_OK(test.store->enforce_retention());
  EXPECT_EQ(read_rows(*test.store, make_scan()).size(), 1u);
  EXPECT_EQ(test.store->statistics().parts_dropped, 1u);
  EXPECT_EQ(count_part_files(test.files), 1u);
  ASSERT_OK(test.open());
  EXPECT_EQ(read_rows(*test.store, make_scan()).size(), 1u);
}

TEST(Retention, BySizeAndByShareOfTheDiskDropsTheOldestFirst) {
  for (const bool by_share : {false, true}) {
    TestStore test;
    test.options.disk_free_bytes_min = 0;
    ASSERT_OK(test.open());
    for (int i = 0; i < 6; ++i) {
      const int day = (i * 5) % 6;  // not in order of age
      ASSERT_OK(test.append({{"a=b", kTestTime + day * 24 * 3600 * kNsPerSecond, fmt::format("day {}", day)}}));
      ASSERT_OK(test.store->flush());
    }
    const StoreStatistics before = test.store->statistics();
    const std::uint64_t limit = (before.bytes_disk - before.bytes_wal) / 2 + 10;
    if (by_share) {
      test.files.set_capacity(1 << 20);
      // The log takes its part of the share.
      test.options.retention_disk_share_max = static_cast<double>(limit + before.bytes_wal) / (1 << 20);
    } else {
      test.options.retention_bytes_max = limit;
    }
    ASSERT_OK(test.open());
    ASSERT_OK(test.store->enforce_retention());
    std::vector<std::string> left;
    for (const TestRow& row : read_rows(*test.store, make_scan())) left.push_back(row.line);
    EXPECT_THAT(left, ElementsAre("day 3", "day 4", "day 5"));
  }
}

TEST(Merge, KeepsOldAndLateRowsApartByWindow) {
  TestStore test;
  ASSERT_OK(test.open());
  for (int i = 0; i < 4; ++i) {
    ASSERT_OK(test.append({{"a=b", kTestTime + i, "in the window"}, {"a=b", kTestTime - 1 - i, "in the one before"}}));
    ASSERT_OK(test.store->flush());
  }
  EXPECT_EQ(test.store->statistics().parts, 8u);
  ASSERT_OK(test.store->merge_once());
  ASSERT_OK(test.store->merge_once());
  EXPECT_EQ(test.store->statistics().parts, 2u);
  auto more = test.store->merge_once();
  ASSERT_OK(more);
  EXPECT_FALSE(*more);
  EXPECT_EQ(read_rows(*test.store, make_scan()).size(), 8u);
  // A late row joins the others once the window is quiet.
  ASSERT_OK(test.append({{"a=b", kTestTime + 100, "late"}}));
  ASSERT_OK(test.store->flush());
  test.clock.advance(std::chrono::hours(1));
  ASSERT_OK(test.store->merge_once());
  EXPECT_EQ(test.store->statistics().parts, 2u);
  EXPECT_EQ(read_rows(*test.store, make_scan()).size(), 9u);
}

TEST(Merge, OfManyRowsThroughSeveralBlocks) {
  TestStore test;
  ASSERT_OK(test.open());
  std::vector<TestRow> all;
  for (int i = 0; i < 5; ++i) {
    std::vector<TestRow> rows;
    for (int k = 0; k < 30'000; ++k) {
      rows.push_back({fmt::format("app=a{}", k % 7), kTestTime + (k * 5 + i) * 1000, fmt::format("row {} {}", i, k),
                      k % 3 == 0 ? fmt::format("m{}", k % 5000) : ""});
    }
    ASSERT_OK(test.append(rows));
    ASSERT_OK(test.store->flush());
    all.insert(all.end(), rows.begin(), rows.end());
  }
  ASSERT_OK(test.store->merge_once());
  EXPECT_EQ(test.store->statistics().parts, 1u);
  std::sort(all.begin(), all.end());
  EXPECT_TRUE(read_rows(*test.store, make_scan()) == all);
}

TEST(Store, ClosedIsClosed) {
  TestStore test;
  ASSERT_OK(test.open());
  ASSERT_OK(test.append(kRows));
  ASSERT_OK(test.store->close());
  EXPECT_EQ(test.append(kRows).error().code, Code::kUnavailable);
  EXPECT_EQ(test.store->scan(make_scan()).error().code, Code::kUnavailable);
  EXPECT_EQ(test.store->flush().error().code, Code::kUnavailable);
  ASSERT_OK(test.store->close());
  auto other = EmbeddedStore::open({test.files, test.clock}, test.options);
  ASSERT_OK(other);  // the lock is free
  EXPECT_THAT(read_rows(**other, make_scan()), ElementsAreArray(kRows));
  EXPECT_EQ((*other)->statistics().bytes_head, 0u) << "it was flushed";
}

// Appenders, scanners, flushes and merges at once: rows of a stream are seen in order without gaps, none is lost.
TEST(Store, ManyThreads) {
  TestStore test;
  test.options.background = true;
  test.options.head_bytes_max = 64 << 10;
  test.options.merge_threads = 2;
  ASSERT_OK(test.open());
  constexpr int kWriters = 4, kBatches = 60, kRowsPerBatch = 20;
  std::vector<std::thread> writers;
  std::atomic<bool> done{false};
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      for (int batch = 0; batch < kBatches; ++batch) {
        std::vector<TestRow> rows;
        for (int i = 0; i < kRowsPerBatch; ++i) {
          const int number = batch * kRowsPerBatch + i;
          rows.push_back({fmt::format("app=web,writer={}", writer), kTestTime + number,
                          fmt::format("{:06} {}", number, std::string(200, 'x'))});
        }
        EXPECT_TRUE(succeeded(test.append(rows)));
      }
    });
  }
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&, reader] {
      while (!done) {
        const std::vector<TestRow> rows =
            read_rows(*test.store, make_scan({{"writer", MatchOp::kEqual, std::to_string(reader)}}));
        for (std::size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(rows[i].time, kTestTime + static_cast<TimeNs>(i));
        ASSERT_EQ(rows.size() % kRowsPerBatch, 0u);
      }
    });
  }
  for (std::thread& thread : writers) thread.join();
  done = true;
  for (std::thread& thread : readers) thread.join();
  EXPECT_EQ(read_rows(*test.store, make_scan()).size(), std::size_t{kWriters} * kBatches * kRowsPerBatch);
  ASSERT_OK(test.store->close());
  test.options.background = false;
  ASSERT_OK(test.open());
  EXPECT_EQ(read_rows(*test.store, make_scan()).size(), std::size_t{kWriters} * kBatches * kRowsPerBatch);
}

}  // namespace
}  // namespace trilobite::storage
