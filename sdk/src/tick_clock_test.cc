#include "tick_clock.h"

#include <cstdlib>
#include <ctime>

#include <gtest/gtest.h>

#include <trilobite/log_record.h>

namespace trilobite::log {
namespace {

std::int64_t day_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

// A reading lies between two of the system's clock taken around it, but for the time a reading may be early.
TEST(TickClockTest, TellsTheSystemsTime) {
  if (!has_tick_counter()) GTEST_SKIP() << "no usable time stamp counter here";
  constexpr std::int64_t kToleranceNs = 50'000;
  TickClock clock;
  for (int i = 0; i < 1'000; ++i) {
    const std::int64_t before = day_ns();
    const std::int64_t ticks = detail::read_ticks();
    const std::int64_t after = day_ns();
    clock.refresh();
    EXPECT_GE(clock.to_ns(ticks), before - kToleranceNs);
    EXPECT_LE(clock.to_ns(ticks), after + kToleranceNs);
  }
}

TEST(TickClockTest, LaterTicksAreLaterTimes) {
  TickClock clock;
  clock.refresh();
  EXPECT_LT(clock.to_ns(1'000'000), clock.to_ns(2'000'000));
}

}  // namespace
}  // namespace trilobite::log
