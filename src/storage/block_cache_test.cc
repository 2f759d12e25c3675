// The cache of decoded blocks keeps what was used last, within its bytes, and knows when a block has grown.
#include "storage/block_cache.h"

#include <gtest/gtest.h>

namespace trilobite::storage {
namespace {

class GrowingBlock final : public columnar::LineBlock {
 public:
  const columnar::Templates& lines() const override { std::abort(); }
  std::size_t bytes() const override { return size; }
  std::size_t stored_bytes() const override { return 0; }
  std::size_t size = 100;
};

BlockKeysRef keys_of(std::size_t rows) {
  auto out = std::make_shared<BlockKeys>();
  out->times.resize(rows);
  return out;
}

TEST(BlockCache, KeepsWhatWasUsedLast) {
  BlockCache cache(100'000);
  for (std::size_t block = 0; block < 20; ++block) {
    cache.put_keys(1, block, keys_of(1000));  // 8,000 bytes and a little each
    EXPECT_NE(cache.find(1, 0).keys, nullptr) << "used all the time";
    EXPECT_LE(cache.bytes(), 100'000u);
  }
  EXPECT_EQ(cache.find(1, 1).keys, nullptr);
  EXPECT_NE(cache.find(1, 19).keys, nullptr);
  EXPECT_NE(cache.find(1, 10).keys, nullptr);
  EXPECT_EQ(cache.find(1, 8).keys, nullptr) << "twelve have room";
}

TEST(BlockCache, ABlockThatHasGrownPushesOthersOut) {
  BlockCache cache(60'000);
  const auto lines = std::make_shared<GrowingBlock>();
  cache.put_keys(1, 0, keys_of(1000));
  cache.put_keys(1, 1, keys_of(1000));
  cache.put_lines(1, 1, lines);
  lines->size = 35'000;
  EXPECT_LT(cache.bytes(), 20'000u);
  cache.settle(1, 1);
  EXPECT_NE(cache.find(1, 0).keys, nullptr) << "still room for both";
  lines->size = 50'000;
  cache.find(1, 1);
  cache.settle(1, 1);
  EXPECT_EQ(cache.find(1, 0).keys, nullptr);
  EXPECT_EQ(cache.find(1, 1).lines, lines);
  lines->size = 70'000;  // more than all of it: not kept, and nothing breaks
  cache.settle(1, 1);
  EXPECT_EQ(cache.find(1, 1).lines, nullptr);
  EXPECT_EQ(cache.bytes(), 0u);
}

TEST(BlockCache, ForgetsAPart) {
  BlockCache cache(1 << 20);
  cache.put_keys(1, 0, keys_of(10));
  cache.put_keys(2, 0, keys_of(10));
  cache.put_keys(1, 7, keys_of(10));
  cache.forget(1);
  EXPECT_EQ(cache.find(1, 0).keys, nullptr);
  EXPECT_EQ(cache.find(1, 7).keys, nullptr);
  EXPECT_NE(cache.find(2, 0).keys, nullptr);
}

}  // namespace
}  // namespace trilobite::storage
