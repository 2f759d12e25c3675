// Blocks of a scan: which rows they name, and that nothing is named or decoded that was not asked for.
#include <fmt/format.h>

#include "storage/test_rows.h"

namespace trilobite::storage {
namespace {

std::vector<TestRow> make_rows(int streams, int each) {
  std::vector<TestRow> out;
  for (int i = 0; i < each; ++i) {
    for (int stream = 0; stream < streams; ++stream) {
      out.push_back({fmt::format("app=a{:03}", stream), kTestTime + i * kNsPerSecond,
                     fmt::format("request {} took {} ms{}", i, stream, i == 7 && stream == 3 ? " needle" : ""), ""});
    }
  }
  return out;
}

struct Flushed : TestStore {
  Flushed() {
    EXPECT_TRUE(succeeded(open()));
    EXPECT_TRUE(succeeded(append(make_rows(40, 30))));
    EXPECT_TRUE(succeeded(store->flush()));
  }
  std::unique_ptr<ScanBlock> only_block(ScanRequest request) {
    auto scan = store->scan(std::move(request));
    EXPECT_TRUE(succeeded(scan));
    auto block = (*scan)->next_block();
    EXPECT_TRUE(succeeded(block));
    auto end = (*scan)->next_block();
    EXPECT_TRUE(end.ok() && *end == nullptr);
    return std::move(*block);
  }
};

TEST(ScanBlocks, WithoutConditionsNoRowIsNamed) {
  Flushed test;
  const auto block = test.only_block(make_scan());
  ASSERT_NE(block, nullptr);
  EXPECT_FALSE(block->rows.has_value());
  EXPECT_EQ(block->runs.size(), 40u);
  EXPECT_EQ(block->count(), 1200u);
  for (const ScanBlock::Run& run : block->runs) {
    EXPECT_EQ(run.end - run.begin, 30u);
    EXPECT_TRUE(std::is_sorted(block->times.begin() + run.begin, block->times.begin() + run.end));
  }
}

TEST(ScanBlocks, RunsAreThoseOfTheSeriesAndTheRange) {
  Flushed test;
  const auto block = test.only_block(make_scan({{"app", MatchOp::kRegex, "a00[0-9]|a020|a039"}},
                                               {kTestTime + 5 * kNsPerSecond, kTestTime + 9 * kNsPerSecond}));
  ASSERT_NE(block, nullptr);
  EXPECT_FALSE(block->rows.has_value());
  ASSERT_EQ(block->runs.size(), 12u);
  for (std::size_t i = 0; i < 12; ++i) {
    const ScanBlock::Run& run = block->runs[i];
    const std::size_t stream = i < 10 ? i : i == 10 ? 20 : 39;
    EXPECT_EQ(print_labels(*block->label_sets[run.label_set]), fmt::format("app=a{:03}", stream));
    EXPECT_EQ(block->times[run.begin], kTestTime + 5 * kNsPerSecond);
    EXPECT_EQ(run.end - run.begin, 4u);
  }
}

TEST(ScanBlocks, AConditionNamesRowsAndLeavesTheirRunsOnly) {
  Flushed test;
  ScanRequest request = make_scan();
  request.predicates = {{std::string(kLineColumn), Predicate::Op::kContainsAny, {"needle"}}};
  const auto block = test.only_block(request);
  ASSERT_NE(block, nullptr);
  ASSERT_EQ(block->runs.size(), 1u);
  ASSERT_TRUE(block->rows.has_value());
  ASSERT_EQ(block->rows->size(), 1u);
  const std::uint32_t row = block->rows->front();
  EXPECT_TRUE(row >= block->runs[0].begin && row < block->runs[0].end);
  EXPECT_EQ(block->times[row], kTestTime + 7 * kNsPerSecond);
  auto batch = to_batch(*block, {std::string(kLineColumn)});
  ASSERT_OK(batch);
  EXPECT_EQ(batch->find(kLineColumn)->text(0), "request 7 took 3 ms needle");

  request.predicates[0].needles = {"request"};  // in every line: as if there was no condition
  const auto all = test.only_block(request);
  ASSERT_NE(all, nullptr);
  EXPECT_FALSE(all->rows.has_value());
  request.predicates[0].needles = {"absent"};
  EXPECT_EQ(test.only_block(request), nullptr);
}

TEST(ScanBlocks, OutliveTheirScanAndCountWhatTheyDecode) {
  Flushed test;
  auto scan = test.store->scan(make_scan());
  ASSERT_OK(scan);
  auto block = (*scan)->next_block();
  ASSERT_OK(block);
  const std::uint64_t before = (*scan)->stats().bytes;
  ASSERT_OK((*block)->column(kLineColumn));
  EXPECT_GT((*scan)->stats().bytes, before + 1200u * 10);
  const std::uint64_t after = (*scan)->stats().bytes;
  ASSERT_OK((*block)->column(kLineColumn));
  EXPECT_EQ((*scan)->stats().bytes, after) << "what is there is not decoded again";
  scan->reset();
  auto batch = to_batch(**block, {std::string(kLineColumn)});
  ASSERT_OK(batch);
  EXPECT_EQ(batch->rows(), 1200u);
}

}  // namespace
}  // namespace trilobite::storage
