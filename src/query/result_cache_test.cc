// The result cache: what is found, what makes it stale, and that it stays within its bounds and fair between tenants.
#include "query/result_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace trilobite::query {
namespace {

std::shared_ptr<const ResultSlice> slice(double value, std::size_t steps = 10) {
  auto out = std::make_shared<ResultSlice>();
  out->series.push_back({LabelSet(), std::vector<double>(steps, value)});
  return out;
}

TEST(ResultCache, FindsWhatIsOfTheSameVersion) {
  ResultCache cache(1 << 20);
  EXPECT_EQ(cache.find("a", "k", 1), nullptr);
  EXPECT_TRUE(cache.insert("a", "k", 1, slice(7)));
  ASSERT_NE(cache.find("a", "k", 1), nullptr);
  EXPECT_EQ(cache.find("a", "k", 1)->series[0].values[0], 7);
  EXPECT_EQ(cache.find("b", "k", 1), nullptr);
  EXPECT_TRUE(cache.insert("a", "k", 2, slice(8)));
  EXPECT_EQ(cache.find("a", "k", 2)->series[0].values[0], 8);
  EXPECT_EQ(cache.find("a", "k", 3), nullptr);  // and it is gone
  EXPECT_EQ(cache.find("a", "k", 2), nullptr);
  EXPECT_EQ(cache.bytes(), 0u);
}

TEST(ResultCache, TheLeastRecentlyUsedGoFirst) {
  ResultCache cache(100 << 10);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(cache.insert("a", std::to_string(i), 1, slice(i, 1000)));
  EXPECT_LE(cache.bytes(), 100u << 10);
  EXPECT_EQ(cache.find("a", "0", 1), nullptr);
  EXPECT_NE(cache.find("a", "19", 1), nullptr);
  ASSERT_NE(cache.find("a", "12", 1), nullptr);  // used now, so it stays
  for (int i = 20; i < 28; ++i) cache.insert("a", std::to_string(i), 1, slice(i, 1000));
  EXPECT_NE(cache.find("a", "12", 1), nullptr);
  EXPECT_EQ(cache.find("a", "13", 1), nullptr);
}

TEST(ResultCache, ALargeTenantDoesNotPushOutASmallOne) {
  ResultCache cache(100 << 10);
  EXPECT_TRUE(cache.insert("small", "k", 1, slice(1, 1000)));
  for (int i = 0; i < 200; ++i) cache.insert("large", std::to_string(i), 1, slice(i, 1000));
  EXPECT_NE(cache.find("small", "k", 1), nullptr);
  EXPECT_LE(cache.bytes(), 100u << 10);
}

TEST(ResultCache, WhatIsTooLargeIsNotKept) {
  ResultCache cache(1 << 10);
  EXPECT_FALSE(cache.insert("a", "k", 1, slice(1, 1000)));
  EXPECT_EQ(cache.bytes(), 0u);
}

}  // namespace
}  // namespace trilobite::query
