// Scans by several workers: every row once, errors and limits end them.
#include "query/parallel_scan.h"

#include <gtest/gtest.h>

#include <atomic>

#include "query/memory_store.h"

namespace trilobite::query {
namespace {

class ParallelScan : public testing::Test {
 protected:
  ParallelScan() : pool_("query", 3), engine_{store_, pool_, clock_} {
    for (int i = 0; i < 1000; ++i) store_.add({{"n", std::to_string(i % 5)}}, i, "line");
  }
  std::unique_ptr<Scan> open() {
    ScanRequest request;
    request.range = {0, 1000};
    auto scan = store_.scan(std::move(request));
    return std::move(scan).value();
  }
  using Consume = std::function<Result<bool>(std::size_t, const Batch&)>;
  Result<void> run(QueryContext& context, const Consume& consume) {
    const auto scan = open();
    return scan_parallel(context, *scan, scan_workers(context), consume);
  }

  MemoryStore store_;
  ThreadPool pool_;
  ManualClock clock_;
  QueryEngine engine_;
};

TEST_F(ParallelScan, EveryRowComesOnce) {
  QueryContext context(engine_, "t", {}, nullptr);
  std::vector<std::size_t> rows(scan_workers(context), 0);
  ASSERT_TRUE(run(context, [&](std::size_t worker, const Batch& batch) -> Result<bool> {
                rows[worker] += batch.rows();
                return true;
              }).ok());
  EXPECT_EQ(rows[0] + rows[1] + rows[2], 1000u);
  EXPECT_EQ(context.statistics().scan.rows, 1000u);
  EXPECT_EQ(context.statistics().scans, 1u);
}

TEST_F(ParallelScan, TheFirstErrorStopsAll) {
  QueryContext context(engine_, "t", {}, nullptr);
  std::atomic<int> blocks{0};
  const auto result = run(context, [&](std::size_t, const Batch&) -> Result<bool> {
    if (blocks.fetch_add(1) == 10) return error(Code::kInvalid, "bad row");
    return true;
  });
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message, "bad row");
  EXPECT_LT(blocks.load(), 20) << "of 250";
}

TEST_F(ParallelScan, TheClientOrTheClockEndsIt) {
  auto cancel = std::make_shared<CancelToken>();
  QueryContext context(engine_, "t", {}, cancel);
  const auto gone = run(context, [&](std::size_t, const Batch&) -> Result<bool> {
    cancel->cancel();
    return true;
  });
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.error().code, Code::kCancelled);

  QueryLimits limits;
  limits.timeout = std::chrono::seconds(1);
  QueryContext slow(engine_, "t", limits, nullptr);
  const auto late = run(slow, [&](std::size_t, const Batch&) -> Result<bool> {
    clock_.advance(std::chrono::seconds(2));
    return true;
  });
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, Code::kTimeout);
  EXPECT_GE(slow.statistics().seconds, 2);
}

TEST_F(ParallelScan, BytesAreBounded) {
  QueryLimits limits;
  limits.bytes_read_max = 1000;
  QueryContext context(engine_, "t", limits, nullptr);
  const auto result = run(context, [](std::size_t, const Batch&) -> Result<bool> { return true; });
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, Code::kLimit);
  EXPECT_TRUE(result.error().message.starts_with("the query would read too many bytes (query: "));
}

}  // namespace
}  // namespace trilobite::query
