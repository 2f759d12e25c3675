// A change of a row changes the version of every range that holds it, and leaves ranges far away alone.
#include "storage/change_log.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace trilobite::storage {
namespace {

constexpr TimeNs kHour = 3600 * kNsPerSecond;

TEST(ChangeLog, OnlyWhatIsNearChanges) {
  ChangeLog log;
  EXPECT_EQ(log.version("a", Signal::kLogs, {0, kHour}), 0u);
  log.add("a", Signal::kLogs, std::vector<TimeNs>{5, kHour * 3});
  const std::uint64_t first = log.version("a", Signal::kLogs, {0, kHour});
  EXPECT_NE(first, 0u);
  EXPECT_EQ(log.version("a", Signal::kLogs, {kHour, kHour * 2}), 0u);
  EXPECT_EQ(log.version("b", Signal::kLogs, {0, kHour}), 0u);
  EXPECT_EQ(log.version("a", Signal::kTraces, {0, kHour}), 0u);
  log.add("a", Signal::kLogs, std::vector<TimeNs>{kHour * 3});
  EXPECT_EQ(log.version("a", Signal::kLogs, {0, kHour}), first);
  EXPECT_NE(log.version("a", Signal::kLogs, {kHour * 2, kHour * 4}), first);
  log.add("a", Signal::kLogs, TimeRange{kHour - 1, kHour * 2});
  EXPECT_NE(log.version("a", Signal::kLogs, {0, kHour}), first);
  EXPECT_EQ(log.version("a", Signal::kLogs, {5, 5}), 0u);
}

TEST(ChangeLog, EveryRowIsSeen) {
  ChangeLog log;
  std::mt19937_64 random(1);
  const auto any_time = [&] { return static_cast<TimeNs>(random() % (400 * kHour)) - 200 * kHour; };
  for (int i = 0; i < 300; ++i) {
    std::vector<TimeNs> times;
    for (std::size_t rows = 1 + random() % 3000; rows > 0; --rows) times.push_back(any_time());
    std::vector<TimeRange> ranges;
    std::vector<std::uint64_t> before;
    for (int r = 0; r < 20; ++r) {
      const TimeNs at = times[random() % times.size()];
      ranges.push_back({at - static_cast<TimeNs>(random() % kHour), at + 1 + static_cast<TimeNs>(random() % kHour)});
      before.push_back(log.version("t", Signal::kLogs, ranges.back()));
    }
    log.add("t", Signal::kLogs, times);
    for (std::size_t r = 0; r < ranges.size(); ++r) {
      EXPECT_GT(log.version("t", Signal::kLogs, ranges[r]), before[r]);
    }
  }
}

TEST(ChangeLog, ForgetsIntoTheSafeDirection) {
  ChangeLog log;
  log.add("t", Signal::kLogs, std::vector<TimeNs>{0});
  const std::uint64_t before = log.version("t", Signal::kLogs, {0, 1});
  log.add("t", Signal::kLogs, TimeRange{kHour, kHour * 24 * 3650});
  EXPECT_GT(log.version("t", Signal::kLogs, {0, 1}), before);
  std::vector<TimeNs> many;
  for (TimeNs i = 0; i < 70'000; ++i) many.push_back(i * 300 * kNsPerSecond);
  const std::uint64_t then = log.version("t", Signal::kLogs, {kHour * 24 * 9000, kHour * 24 * 9001});
  log.add("t", Signal::kLogs, many);
  EXPECT_GE(log.version("t", Signal::kLogs, {kHour * 24 * 9000, kHour * 24 * 9001}), then);
  EXPECT_GT(log.version("t", Signal::kLogs, {0, 1}), before);
}

}  // namespace
}  // namespace trilobite::storage
