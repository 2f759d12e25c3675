#include "kv_cache.h"

#include <gtest/gtest.h>

namespace llm {
namespace {

CacheCapacity small() { return {.blocks = {2, 2, 2}}; }

TEST(KvCache, APromptSeenBeforeIsMatchedOnTheDevice) {
  KvCache cache(small());
  EXPECT_EQ(cache.use({1, 2}).stored, (std::vector<std::uint64_t>{1, 2}));
  const CacheUse again = cache.use({1, 2});
  EXPECT_EQ(again.matched[0], 2u);
  EXPECT_TRUE(again.stored.empty());
}

TEST(KvCache, BlocksMoveDownWhenATierIsFullAndComeBack) {
  KvCache cache(small());
  cache.use({1, 2});
  EXPECT_EQ(cache.use({3, 4}).offload_d2h, 2u);
  EXPECT_EQ(cache.size(Tier::kHost), 2u);
  EXPECT_EQ(cache.use({1}).matched[1], 1u);
  EXPECT_EQ(cache.use({5, 6}).offload_h2d, 2u);
}

TEST(KvCache, WhatLeavesTheLastTierIsRemoved) {
  KvCache cache(small());
  cache.use({1, 2});
  cache.use({3, 4});
  cache.use({5, 6});
  const CacheUse use = cache.use({7});
  EXPECT_EQ(use.removed, std::vector<std::uint64_t>{1});
  EXPECT_EQ(use.dropped, 1u);
  EXPECT_EQ(cache.use({1}).stored, std::vector<std::uint64_t>{1});
}

TEST(KvCache, ABlockBehindAMissingOneDoesNotCount) {
  KvCache cache(small());
  cache.use({1, 2});
  const CacheUse use = cache.use({9, 2});
  EXPECT_EQ(use.matched_blocks(), 0u);
  EXPECT_EQ(use.stored, std::vector<std::uint64_t>{9});
}

}  // namespace
}  // namespace llm
