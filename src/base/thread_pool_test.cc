#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>

namespace trilobite {
namespace {

TEST(ThreadPool, RunsEverythingThatWasQueuedBeforeItEnds) {
  std::atomic<int> done{0};
  {
    ThreadPool pool("test", 3);
    for (int i = 0; i < 1000; ++i) pool.submit([&] { ++done; });
  }
  EXPECT_EQ(done, 1000);
}

TEST(ThreadPool, ParallelDoesEachPieceOnce) {
  ThreadPool pool("test", 4);
  std::vector<std::atomic<int>> times(500);
  pool.parallel(times.size(), [&](std::size_t i) { ++times[i]; });
  for (const auto& count : times) EXPECT_EQ(count, 1);
  pool.parallel(0, [](std::size_t) { FAIL(); });
}

TEST(ThreadPool, ParallelInsideATaskOfTheSamePoolDoesNotBlock) {
  ThreadPool pool("test", 1);
  std::atomic<int> done{0};
  pool.parallel(4, [&](std::size_t) { pool.parallel(4, [&](std::size_t) { ++done; }); });
  EXPECT_EQ(done, 16);
}

}  // namespace
}  // namespace trilobite
