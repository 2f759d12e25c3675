#include "engine.h"

#include <gtest/gtest.h>

namespace llm {
namespace {

using std::chrono::microseconds;

DecodeSpeed fast() {
  return {.step = microseconds(100), .sequence = microseconds(1), .sequences_max = 2, .blocks = 64};
}

TEST(DecodeEngine, GivesEveryTokenInOrder) {
  const Fault fault;
  DecodeEngine engine(fast(), fault);
  std::vector<std::size_t> got;
  EXPECT_EQ(engine.run(10, 20, [&](std::size_t n) { return got.push_back(n), true; }), "");
  ASSERT_EQ(got.size(), 20u);
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], i);
  EXPECT_EQ(engine.blocks_used(), 0u);
}

TEST(DecodeEngine, MoreSequencesThanPlacesAreAllServed) {
  const Fault fault;
  DecodeEngine engine(fast(), fault);
  std::atomic<std::size_t> tokens{0};
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 8; ++i)
      callers.emplace_back([&] { EXPECT_EQ(engine.run(10, 5, [&](std::size_t) { return ++tokens, true; }), ""); });
  }
  EXPECT_EQ(tokens, 40u);
  EXPECT_EQ(engine.active(), 0u);
  EXPECT_EQ(engine.waiting(), 0u);
}

TEST(DecodeEngine, ACallerThatLeavesGivesItsBlocksBack) {
  const Fault fault;
  DecodeEngine engine(fast(), fault);
  EXPECT_EQ(engine.run(10, 20, [](std::size_t n) { return n < 3; }), "cancelled");
  EXPECT_EQ(engine.blocks_used(), 0u);
}

TEST(DecodeEngine, APromptThatCanNeverFitIsRefused) {
  const Fault fault;
  DecodeEngine engine(fast(), fault);
  EXPECT_EQ(engine.run(100'000, 1, [](std::size_t) { return true; }), "prompt does not fit into the KV cache");
}

TEST(DecodeEngine, AFaultEndsSequencesWithAnError) {
  Fault fault;
  fault.set(Fault::Kind::kFail);
  DecodeEngine engine(fast(), fault);
  EXPECT_NE(engine.run(10, 500, [](std::size_t) { return true; }), "");
}

TEST(PrefillEngine, FailsSomePromptsWhenToldTo) {
  Fault fault;
  PrefillEngine engine({.batch = microseconds(10), .token = microseconds(0)}, fault);
  EXPECT_EQ(engine.run({.new_tokens = 100}), "");
  fault.set(Fault::Kind::kFail);
  int failed = 0;
  for (int i = 0; i < 6; ++i) failed += !engine.run({.new_tokens = 100}).empty();
  EXPECT_EQ(failed, 2);
  EXPECT_EQ(engine.waiting_tokens(), 0u);
}

TEST(FaultTest, ReadsItsOwnNamesAndNothingElse) {
  Fault::Kind kind{};
  EXPECT_TRUE(Fault::parse("slow", kind));
  EXPECT_EQ(Fault::name(kind), "slow");
  EXPECT_FALSE(Fault::parse("slower", kind));
}

}  // namespace
}  // namespace llm
