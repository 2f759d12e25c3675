// Parts whose lines are stored split: what goes in comes out byte for byte, through flushes and merges, and damage is
// told with the name of the file and never answered as if it were data.
#include <gmock/gmock.h>

#include <random>

#include "storage/test_rows.h"

namespace trilobite::storage {
namespace {

using ::testing::HasSubstr;

std::vector<TestRow> make_rows(std::uint64_t seed, std::size_t count) {
  std::mt19937_64 random(seed);
  std::vector<TestRow> out;
  for (std::size_t i = 0; i < count; ++i) {
    const TimeNs time = kTestTime + static_cast<TimeNs>(i * 1'000'000 + seed);
    out.push_back({fmt::format("app=a{}", random() % 9), time, make_log_line(random() % 5000, time),
                   random() % 5 == 0 ? fmt::format("m{}", random() % 9) : ""});
  }
  return out;
}

std::string only_part(TestStore& test) {
  auto report = check_directory(test.files, "data");
  EXPECT_TRUE(report.ok());
  for (const CheckReport::Entry& entry : report->files) {
    if (entry.file.ends_with(".part")) return entry.file;
  }
  ADD_FAILURE() << "no part";
  return {};
}

std::vector<TestRow> filtered(std::vector<TestRow> rows, const std::string& needle) {
  std::erase_if(rows, [&](const TestRow& row) { return row.line.find(needle) == std::string::npos; });
  return rows;
}

void expect_answers(TestStore& test, std::vector<TestRow> all) {
  std::sort(all.begin(), all.end());
  EXPECT_TRUE(read_rows(*test.store, make_scan()) == all);
  for (const char* needle : {"ERROR", "\"worker 7 of", "user=u42", "10.0.99.", "took 5", "00.123Z", "absent", "\n"}) {
    ScanRequest request = make_scan();
    request.predicates = {{std::string(kLineColumn), Predicate::Op::kContainsAny, {needle}}};
    EXPECT_TRUE(read_rows(*test.store, request) == filtered(all, needle)) << needle;
  }
}

bool has_split_block(TestStore& test) {
  auto scan = test.store->scan(make_scan());
  EXPECT_TRUE(succeeded(scan));
  for (;;) {
    auto block = (*scan)->next_block();
    EXPECT_TRUE(succeeded(block));
    if (!block.ok() || !*block) return false;
    if ((*block)->lines() != nullptr) return true;
  }
}

TEST(SplitParts, GiveLinesBackThroughFlushesAndMerges) {
  TestStore test;
  ASSERT_OK(test.open());
  std::vector<TestRow> all;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    std::vector<TestRow> rows = make_rows(seed, 3000);
    if (seed == 3) rows.push_back({"app=a1", kTestTime, std::string(100'000, 'x'), ""});
    if (seed == 4) rows.push_back({"app=a1", kTestTime, std::string("\0\xff{\"", 4), ""});
    ASSERT_OK(test.append(rows));
    ASSERT_OK(test.store->flush());
    all.insert(all.end(), rows.begin(), rows.end());
  }
  EXPECT_TRUE(has_split_block(test));
  expect_answers(test, all);
  while (*test.store->merge_once()) {
  }
  EXPECT_EQ(test.store->statistics().parts, 1u);
  EXPECT_TRUE(has_split_block(test));
  expect_answers(test, all);
  ASSERT_OK(test.open());
  expect_answers(test, all);
}

TEST(SplitParts, ARepeatedRowInAnotherPartComesOnce) {
  TestStore test;
  ASSERT_OK(test.open());
  const std::vector<TestRow> rows = make_rows(1, 2000);
  ASSERT_OK(test.append(rows));
  ASSERT_OK(test.store->flush());
  ASSERT_OK(test.append({rows[5], rows[900], {"app=a1", kTestTime + 7, "new", ""}}));
  ASSERT_OK(test.store->flush());
  std::vector<TestRow> all = rows;
  all.push_back({"app=a1", kTestTime + 7, "new", ""});
  expect_answers(test, all);
}

TEST(SplitParts, DamageOfAnyPageNamesTheFileAndIsNoAnswer) {
  TestStore test;
  ASSERT_OK(test.open());
  std::vector<TestRow> all = make_rows(2, 3000);
  ASSERT_OK(test.append(all));
  ASSERT_OK(test.store->flush());
  std::sort(all.begin(), all.end());
  const std::string part = only_part(test);
  const std::size_t size = test.files.read_all(part)->size();
  std::size_t refused = 0;
  for (std::size_t at = 3; at < size - 400; at += 97) {
    test.files.corrupt(part, at, 0x04);
    auto report = check_directory(test.files, "data");
    ASSERT_OK(report);
    EXPECT_FALSE(report->ok) << "byte " << at << " is not looked at";
    TestStore& again = test;
    auto opened = again.open();  // an empty cache
    if (opened.ok()) {
      auto scan = again.store->scan(make_scan());
      std::vector<TestRow> got;
      Result<void> outcome = scan.ok() ? Result<void>() : Result<void>(std::move(scan).error());
      while (outcome.ok()) {
        auto batch = (*scan)->next();
        if (!batch.ok()) outcome = std::move(batch).error();
        if (!batch.ok() || !*batch) break;
        add_rows(**batch, got);
      }
      if (outcome.ok()) {  // the byte is none that the scan needs: a filter, a check value
        std::sort(got.begin(), got.end());
        EXPECT_TRUE(got == all) << "byte " << at;
      } else {
        ++refused;
        EXPECT_THAT(outcome.error().message, HasSubstr(part));
      }
    }
    test.files.corrupt(part, at, 0x04);
  }
  EXPECT_GT(refused, size / 97 / 2);
}

}  // namespace
}  // namespace trilobite::storage
