// What the limits of memory become on machines of different sizes, and that a limit set by hand stays.
#include <gtest/gtest.h>

#include "server/memory_budget.h"

namespace trilobite::server {
namespace {

constexpr std::uint64_t kMiB = 1u << 20, kGiB = 1u << 30;

TEST(MemoryBudget, AQuarterOfTheMachineWithinBounds) {
  EXPECT_EQ(default_memory_budget(8 * kGiB), 2 * kGiB);
  EXPECT_EQ(default_memory_budget(64 * kGiB), 4 * kGiB);
  EXPECT_EQ(default_memory_budget(512 * kMiB), 256 * kMiB);
  EXPECT_GT(memory_of_machine(), 64 * kMiB);
}

TEST(MemoryBudget, LimitsFollowAndStayWithinIt) {
  for (const std::uint64_t budget : {256 * kMiB, kGiB, 4 * kGiB}) {
    Config config;
    config.memory_budget = budget;
    apply_memory_budget(config, 1024 * kGiB);
    EXPECT_GT(config.storage.head_bytes_max, 8 * kMiB);
    EXPECT_GT(query_memory_max(config), 16 * kMiB);
    EXPECT_LE(3 * config.storage.head_bytes_max + config.storage.cache_bytes_max +
                  config.storage.bytes_in_flight_max + config.http.bodies_bytes_max +
                  config.http.read_threads * query_memory_max(config),
              budget);
  }
}

TEST(MemoryBudget, WhatIsSetByHandStays) {
  Config config;
  config.storage.head_bytes_max = 5 * kMiB;
  apply_memory_budget(config, 8 * kGiB);
  EXPECT_EQ(config.memory_budget, 2 * kGiB);
  EXPECT_EQ(config.storage.head_bytes_max, 5 * kMiB);
  EXPECT_EQ(query_memory_max(config), 256 * kMiB);
  EXPECT_EQ(config.http.bodies_bytes_max, 256 * kMiB);
}

}  // namespace
}  // namespace trilobite::server
