// A state begins at its threshold, ends a twentieth below, and is not told twice.
#include "server/limit_watch.h"

#include <gtest/gtest.h>

namespace trilobite::server {
namespace {

using api::LimitState;

api::LimitStatus at(LimitWatch& watch, std::uint64_t used, bool rolls = false) {
  LimitReading reading;
  reading.status.name = "series";
  reading.status.subject = "t";
  reading.status.used = used;
  reading.status.limit = 100;
  reading.status.effect = "New series are refused.";
  reading.rolls = rolls;
  return watch.judge({reading}).at(0);
}

TEST(LimitWatch, StatesBeginAndEndWithHysteresis) {
  ManualClock clock(5 * kNsPerSecond);
  LimitWatch watch({0.8, 0.95}, clock);
  const struct {
    std::uint64_t used;
    LimitState want;
  } kSteps[] = {{0, LimitState::kOk},        {79, LimitState::kOk},      {80, LimitState::kWarning},
                {76, LimitState::kWarning},  {74, LimitState::kOk},      {79, LimitState::kOk},
                {95, LimitState::kCritical}, {91, LimitState::kCritical}, {89, LimitState::kWarning},
                {94, LimitState::kWarning},  {200, LimitState::kCritical}, {10, LimitState::kOk}};
  for (const auto& [used, want] : kSteps) EXPECT_EQ(at(watch, used).state, want) << used;
}

TEST(LimitWatch, KnowsSinceWhen) {
  ManualClock clock(5 * kNsPerSecond);
  LimitWatch watch({0.8, 0.95}, clock);
  EXPECT_EQ(at(watch, 85).since, 5 * kNsPerSecond);
  clock.advance(std::chrono::seconds(5));
  EXPECT_EQ(at(watch, 86).since, 5 * kNsPerSecond);
  EXPECT_EQ(at(watch, 96).since, 10 * kNsPerSecond);
  EXPECT_EQ(describe(at(watch, 96)), "series of t: 96 of 100 (96 %). New series are refused.");
}

TEST(LimitWatch, WhatRollsIsNeverCriticalAndWhatHasNoLimitIsLeftOut) {
  ManualClock clock(5 * kNsPerSecond);
  LimitWatch watch({0.8, 0.95}, clock);
  EXPECT_EQ(at(watch, 100, true).state, LimitState::kWarning);
  LimitReading none;
  none.status.name = "none";
  none.status.limit = 0;
  EXPECT_TRUE(watch.judge({none}).empty());
}

}  // namespace
}  // namespace trilobite::server
