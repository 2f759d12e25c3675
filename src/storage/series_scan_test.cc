// Scans of whole series against a map of samples: random histories of appends in and out of order, samples written
// again, native histograms, flushes, merges, deletes and restarts; and against what a store gives that only knows rows.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <random>
#include <thread>

#include "storage/cardinality.h"
#include "storage/joined_tenants.h"
#include "storage/read_only_store.h"
#include "storage/test_samples.h"

namespace trilobite::storage {
namespace {

using ::testing::HasSubstr;

class SampleHistory {
 public:
  explicit SampleHistory(std::uint64_t seed) : random_(seed), repeats_(seed % 3 != 0) {}

  void run(TestStore& test) {
    for (int step = 0; step < 50 && !::testing::Test::HasFailure(); ++step) {
      const std::uint64_t dice = pick(20);
      if (dice < 11) {
        append(test);
      } else if (dice < 15) {
        ASSERT_OK(test.store->flush());
      } else if (dice < 18) {
        ASSERT_OK(test.store->merge_once());
        test.clock.advance(std::chrono::minutes(pick(3)));
      } else if (dice < 19) {
        ASSERT_OK(test.open());
      }
      check(test);
    }
    ASSERT_OK(test.store->flush());
    test.clock.advance(std::chrono::minutes(10));
    for (int i = 0; i < 30; ++i) ASSERT_OK(test.store->merge_once());
    for (int i = 0; i < 10; ++i) check(test);
  }

 private:
  std::uint64_t pick(std::uint64_t below) {
    return std::uniform_int_distribution<std::uint64_t>(0, below - 1)(random_);
  }

  double make_value(std::uint64_t series) {
    counter_ += static_cast<double>(pick(50));
    switch (series % 6) {
      case 0: return counter_;
      case 1: return 42.5;
      case 2: return static_cast<double>(pick(100'000)) / 100;
      case 3: return std::bit_cast<double>(random_());
      case 4: return pick(8) == 0 ? std::bit_cast<double>(0x7ff0000000000002ull) : -0.0;  // the mark of a stale series
      default: return std::sin(counter_);
    }
  }

  void append(TestStore& test) {
    std::vector<TestSample> samples;
    const bool long_run = pick(6) == 0;
    for (std::uint64_t n = long_run ? 2500 : 1 + pick(60); n > 0; --n) {
      const std::uint64_t series = long_run ? pick(2) : pick(12);
      TestSample sample{fmt::format("__name__=m{},i=h{}", series % 4, series), 0, make_value(series)};
      now_ += static_cast<TimeNs>(pick(4)) * 15 * kNsPerSecond;
      const bool late = pick(8) == 0;
      sample.time = kTestTime +
                    (late ? static_cast<TimeNs>(pick(200'000)) * kNsPerSecond : now_ % (200'000 * kNsPerSecond));
      if (series > 9) sample.histogram = std::string(pick(3) * 20, static_cast<char>('a' + pick(3))) + "h";
      if (series == 11 && pick(2) == 0) sample.histogram.clear();
      if (!repeats_ && all_.contains({sample.labels, sample.time})) continue;
      samples.push_back(sample);
      if (repeats_ && !all_.empty() && pick(10) == 0) {  // one that is there, with another value
        const auto& [key, known] = *std::next(all_.begin(), static_cast<std::ptrdiff_t>(pick(all_.size())));
        samples.push_back({key.first, key.second, make_value(series), known.second});
      }
      if (!repeats_) remember(all_, {sample});
    }
    ASSERT_OK(append_samples(test, samples));
    remember(all_, samples);
  }

  void check(TestStore& test) {
    TimeRange range = kAlways;
    if (pick(3) != 0) {
      range.start = kTestTime + static_cast<TimeNs>(pick(200'000)) * kNsPerSecond;
      range.end = range.start + static_cast<TimeNs>(pick(90'000)) * kNsPerSecond;
    }
    std::vector<Matcher> matchers;
    if (pick(2) == 0) matchers.push_back({"__name__", MatchOp::kEqual, fmt::format("m{}", pick(5))});
    if (pick(3) == 0) matchers.push_back({"i", MatchOp::kRegex, "h[0-5]"});
    SampleMap want;
    for (const auto& [key, value] : all_) {
      const std::string name = key.first.substr(9, 2), instance = key.first.substr(key.first.find(",i=") + 3);
      const bool matches = std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& matcher) {
        if (matcher.name == "__name__") return name == matcher.value;
        return instance.size() == 2 && instance[1] <= '5';
      });
      if (matches && key.second >= range.start && key.second < range.end) want.emplace(key, value);
    }
    expect_samples(read_series(test.store->scan_series(make_sample_scan(matchers, range))), want);
    // The one for stores that only have rows does not know what came later when times are the same.
    if (repeats_) return;
    expect_samples(read_series(test.store->Store::scan_series(make_sample_scan(matchers, range))), want);
  }

  std::mt19937_64 random_;
  const bool repeats_;
  TimeNs now_ = 0;
  double counter_ = 0;
  SampleMap all_;
};

TEST(SeriesScan, RandomHistories) {
  for (std::uint64_t seed = 1; seed <= 30 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    TestStore test;
    ASSERT_OK(test.open());
    SampleHistory(seed).run(test);
  }
}

std::vector<TestSample> steady(int series, int samples) {
  std::vector<TestSample> out;
  for (int i = 0; i < samples; ++i) {
    for (int s = 0; s < series; ++s)
      out.push_back({fmt::format("__name__=up,i={:04}", s), kTestTime + i * 15 * kNsPerSecond, s + i * 0.25});
  }
  return out;
}

TEST(SeriesScan, ManyThreadsGetEachSeriesOnce) {
  TestStore test;
  ASSERT_OK(test.open());
  const std::vector<TestSample> samples = steady(500, 40);
  ASSERT_OK(append_samples(test, {samples.begin(), samples.begin() + 15'000}));
  ASSERT_OK(test.store->flush());
  ASSERT_OK(append_samples(test, {samples.begin() + 15'000, samples.end()}));
  auto scan = test.store->scan_series(make_sample_scan());
  ASSERT_OK(scan);
  EXPECT_EQ((*scan)->series(), 500u);
  EXPECT_EQ((*scan)->samples_max(), 20'000u);
  std::atomic<std::size_t> series{0}, rows{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      SeriesSamples out;
      for (;;) {
        const auto more = (*scan)->next(out);
        if (!more.ok() || !*more) return;
        ++series;
        rows += out.times.size();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(series, 500u);
  EXPECT_EQ(rows, 20'000u);
  EXPECT_EQ((*scan)->stats().rows, 20'000u);
  EXPECT_EQ((*scan)->stats().head_rows, 5'000u);
}

TEST(SeriesScan, WhatIsDeletedIsHiddenAtOnceAndGoesFromTheParts) {
  TestStore test;
  ASSERT_OK(test.open());
  const std::vector<TestSample> samples = steady(4, 100);
  ASSERT_OK(append_samples(test, {samples.begin(), samples.begin() + 200}));
  ASSERT_OK(test.store->flush());
  ASSERT_OK(append_samples(test, {samples.begin() + 200, samples.end()}));
  SampleMap want;
  remember(want, samples);
  const RowFilter filter{.id = 1,
                         .tenant = "t",
                         .signal = Signal::kMetrics,
                         .range = {kTestTime + 300 * kNsPerSecond, kTestTime + 900 * kNsPerSecond},
                         .matchers = {{"i", MatchOp::kRegex, "000[12]"}},
                         .make_judge = nullptr};
  std::erase_if(want, [&](const auto& entry) {
    const auto& [labels, time] = entry.first;
    return (labels.ends_with("1") || labels.ends_with("2")) && time >= filter.range.start && time < filter.range.end;
  });
  test.store->hide_rows(std::make_shared<const RowFilters>(RowFilters{filter}));
  expect_samples(read_series(test.store->scan_series(make_sample_scan())), want);
  ASSERT_OK(test.store->flush());
  for (RowRemoval removal = RowRemoval::kMore; removal != RowRemoval::kDone;) {
    auto outcome = test.store->remove_rows_once(filter);
    ASSERT_OK(outcome);
    removal = *outcome;
  }
  test.store->hide_rows(std::make_shared<const RowFilters>());
  expect_samples(read_series(test.store->scan_series(make_sample_scan())), want);
  EXPECT_EQ(test.store->statistics().rows_stored, want.size());
}

TEST(SeriesScan, DeletingIsDoneWhenItReturnsAndLeavesWhatComesLater) {
  TestStore test;
  ASSERT_OK(test.open());
  const std::vector<TestSample> samples = steady(4, 100);
  ASSERT_OK(append_samples(test, {samples.begin(), samples.begin() + 200}));
  ASSERT_OK(test.store->flush());
  ASSERT_OK(append_samples(test, {samples.begin() + 200, samples.begin() + 300}));
  SampleMap want;
  remember(want, {samples.begin(), samples.begin() + 300});
  std::erase_if(want, [](const auto& entry) { return entry.first.first.ends_with("3"); });
  EXPECT_EQ(test.store->delete_samples("t", {{"i", MatchOp::kRegex, "("}}, kAlways).error().code, Code::kInvalid);
  ASSERT_OK(test.store->delete_samples("other", {{"i", MatchOp::kEqual, "0001"}}, kAlways));
  ASSERT_OK(test.store->delete_samples("t", {{"i", MatchOp::kEqual, "0003"}}, kAlways));
  expect_samples(read_series(test.store->scan_series(make_sample_scan())), want);
  EXPECT_EQ(test.store->statistics().rows_stored, want.size());
  ASSERT_OK(append_samples(test, {samples.begin() + 300, samples.end()}));
  remember(want, {samples.begin() + 300, samples.end()});
  ASSERT_OK(test.open());
  expect_samples(read_series(test.store->scan_series(make_sample_scan())), want);
}

TEST(SeriesScan, ASnapshotIsADirectoryOfItsOwn) {
  TestStore test;
  ASSERT_OK(test.open());
  const std::vector<TestSample> samples = steady(4, 100);
  ASSERT_OK(append_samples(test, {samples.begin(), samples.begin() + 200}));
  ASSERT_OK(test.store->flush());
  ASSERT_OK(append_samples(test, {samples.begin() + 200, samples.end()}));
  ASSERT_OK(test.store->snapshot("snapshots/half", EmbeddedStore::SnapshotHead::kSkip));
  ASSERT_OK(test.store->snapshot("snapshots/all", EmbeddedStore::SnapshotHead::kFlush));
  EXPECT_EQ(test.store->snapshot("snapshots/all", EmbeddedStore::SnapshotHead::kFlush).error().code, Code::kExists);
  ASSERT_OK(test.store->delete_samples("t", {{"i", MatchOp::kRegex, ".+"}}, kAlways));
  SampleMap want;
  remember(want, {samples.begin(), samples.begin() + 200});
  for (const char* directory : {"snapshots/half", "snapshots/all"}) {
    TestStore other;
    StorageOptions options = test.options;
    options.directory = directory;
    auto opened = EmbeddedStore::open({test.files, test.clock}, options);
    ASSERT_OK(opened);
    EXPECT_TRUE((*opened)->recovery_messages().empty());
    expect_samples(read_series((*opened)->scan_series(make_sample_scan())), want);
    remember(want, samples);
  }
}

// Compacting leaves one part of a window, whatever there was, and the same samples.
TEST(SeriesScan, CompactLeavesOnePart) {
  TestStore test;
  ASSERT_OK(test.open());
  SampleMap want;
  const std::vector<TestSample> samples = steady(7, 60);
  for (std::size_t at = 0; at < samples.size(); at += 35) {
    const auto from = samples.begin() + static_cast<std::ptrdiff_t>(at);
    const std::vector<TestSample> some(from, from + 35);
    ASSERT_OK(append_samples(test, some));
    remember(want, some);
    if (at % 70 == 0) {
      ASSERT_OK(test.store->flush());
    }
  }
  ASSERT_GT(test.store->statistics().parts, 2u);
  ASSERT_OK(test.store->compact());
  EXPECT_EQ(test.store->statistics().parts, 1u);
  EXPECT_EQ(test.store->statistics().bytes_head, 0u);
  expect_samples(read_series(test.store->scan_series(make_sample_scan())), want);
}

TEST(SeriesScan, CardinalityCountsEachSeriesOnce) {
  TestStore test;
  ASSERT_OK(test.open());
  ASSERT_OK(append_samples(test, steady(20, 2)));
  ASSERT_OK(test.store->flush());
  ASSERT_OK(append_samples(test, steady(25, 3)));
  auto counts = count_labels(*test.store, {"t", Signal::kMetrics, kAlways, {}}, 3);
  ASSERT_OK(counts);
  EXPECT_EQ(counts->series, 25u);
  EXPECT_EQ(counts->label_pairs, 26u);
  EXPECT_EQ(test.store->times("t", Signal::kMetrics).start, kTestTime);
  EXPECT_EQ(test.store->times("t", Signal::kMetrics).end, kTestTime + 30 * kNsPerSecond + 1);
  EXPECT_EQ(test.store->times("t", Signal::kLogs).end, 0);
  ASSERT_EQ(counts->series_by_metric.size(), 1u);
  EXPECT_EQ(counts->series_by_metric[0].name, "up");
  EXPECT_EQ(counts->series_by_metric[0].value, 25u);
  ASSERT_EQ(counts->values_by_label.size(), 2u);
  EXPECT_EQ(counts->values_by_label[0].name, "i");
  EXPECT_EQ(counts->values_by_label[0].value, 25u);
  ASSERT_EQ(counts->bytes_by_label.size(), 2u);
  EXPECT_EQ(counts->bytes_by_label[0].value, 25u * (8 + 2 + 2));  // "__name__", "up", two lengths
  EXPECT_EQ(counts->bytes_by_label[1].value, 25u * (1 + 4 + 2));  // "i", four digits
  ASSERT_EQ(counts->series_by_pair.size(), 3u);
  EXPECT_EQ(counts->series_by_pair[0].name, "__name__=up");
  EXPECT_EQ(counts->series_by_pair[1].name, "i=0000");
}

// Times that are not whole milliseconds, or far from their window's begin, take more room and are as exact.
TEST(SeriesScan, OddTimesAndTheEndsOfTime) {
  TestStore test;
  ASSERT_OK(test.open());
  std::vector<TestSample> samples;
  for (const TimeNs time : {kAlways.start, kAlways.start + 1, TimeNs{-1}, TimeNs{0}, TimeNs{1}, kTestTime,
                            kTestTime + 1'000'000, kTestTime + 1'000'001, kAlways.end - 1}) {
    for (int s = 0; s < 2; ++s) samples.push_back({fmt::format("i={}", s), time, static_cast<double>(time % 1000)});
  }
  ASSERT_OK(append_samples(test, samples));
  SampleMap want;
  remember(want, samples);
  for (int i = 0; i < 3; ++i) {
    expect_samples(read_series(test.store->scan_series(make_sample_scan())), want);
    ASSERT_OK(i == 0 ? test.open() : test.store->flush());
  }
}

TEST(SeriesScan, JoinedTenantsAndClosedDirectoriesHaveItToo) {
  TestStore test;
  ASSERT_OK(test.open());
  const std::vector<TestSample> samples = steady(3, 5);
  for (const char* tenant : {"a", "b"})
    ASSERT_OK(test.store->append(tenant, Signal::kMetrics, make_sample_batch(samples), {}));
  JoinedTenants joined(*test.store);
  ScanRequest request = make_sample_scan();
  request.tenant = "a|b";
  const SampleMap both = read_series(joined.scan_series(request));
  EXPECT_EQ(both.size(), 30u);
  EXPECT_THAT(both.begin()->first.first, HasSubstr("__tenant_id__=a"));
  request.matchers = {{std::string(kTenantLabel), MatchOp::kEqual, "b"}};
  EXPECT_EQ(read_series(joined.scan_series(request)).size(), 15u);
  ASSERT_OK(test.store->close());
  test.store.reset();
  auto read_only = ReadOnlyStore::open(test.files, "data");
  ASSERT_OK(read_only);
  request = make_sample_scan();
  request.tenant = "a";
  EXPECT_EQ(read_series((*read_only)->scan_series(request)).size(), 15u);
}

TEST(SeriesScan, SaysWhatItCosts) {
  TestStore test;
  ASSERT_OK(test.open());
  ASSERT_OK(append_samples(test, steady(2, 1000)));
  ASSERT_OK(test.store->flush());
  auto scan = test.store->scan_series(make_sample_scan({}, {kTestTime, kTestTime + 1500 * kNsPerSecond}));
  ASSERT_OK(scan);
  EXPECT_GE((*scan)->samples_max(), 200u);
  EXPECT_LE((*scan)->samples_max(), 400u);
  EXPECT_EQ(read_series(std::move(scan)).size(), 200u);
  auto none = test.store->scan_series(make_sample_scan({{"i", MatchOp::kEqual, "no"}}));
  ASSERT_OK(none);
  EXPECT_EQ((*none)->series(), 0u);
  EXPECT_EQ(test.store->scan_series(make_sample_scan({{"i", MatchOp::kRegex, "("}})).error().code, Code::kInvalid);
}

}  // namespace
}  // namespace trilobite::storage
