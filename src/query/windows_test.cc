// Panes against the definition: a row is in window k exactly if it is in (t_k - offset - range, t_k - offset].
#include "query/windows.h"

#include <gtest/gtest.h>

#include <random>

#include "query/sliding.h"

namespace trilobite::query {
namespace {

void check_row(const Windows& windows, TimeNs offset, TimeNs time) {
  const Windows::Pane pane = windows.locate(time);
  if (pane.index != Windows::kNoPane) {
    ASSERT_LT(pane.index, windows.panes());
    ASSERT_TRUE(pane.contains(time));
    ASSERT_EQ(windows.locate(pane.high).index, pane.index);
    ASSERT_NE(windows.locate(pane.low).index, pane.index);
  }
  for (std::size_t step = 0; step < windows.grid().steps(); ++step) {
    const TimeNs end = windows.grid().at(step) - offset;
    const bool inside = time > end - windows.range() && time <= end;
    const auto [first, last] = windows.panes_of(step);
    const bool found = pane.index != Windows::kNoPane && pane.index >= first && pane.index < last;
    ASSERT_EQ(found, inside) << "time " << time << " step " << step << " pane " << pane.index << " [" << first << ", "
                             << last << ")";
  }
}

TEST(Windows, PanesAgreeWithTheDefinition) {
  const unsigned seed = 20260115;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto pick = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  for (int round = 0; round < 500; ++round) {
    const TimeNs start = pick(-50, 50), step = pick(1, 20), range = pick(0, 60), offset = pick(-10, 10);
    const TimeGrid grid{start, start + pick(0, 100), pick(0, 9) == 0 ? 0 : step};
    const Windows windows(grid, range, offset);
    SCOPED_TRACE(testing::Message() << "start " << start << " end " << grid.end << " step " << grid.step << " range "
                                    << range << " offset " << offset);
    ASSERT_LE(windows.panes(), 4 * grid.steps() + 4);
    for (TimeNs time = start - 90; time < grid.end + 30; ++time) check_row(windows, offset, time);
    if (HasFatalFailure()) return;
    const TimeRange wanted = windows.scan_range();
    EXPECT_EQ(wanted.start, start - offset - range + 1);
    EXPECT_EQ(wanted.end, grid.last() - offset + 1);
  }
}

TEST(Windows, PanesStayFewForLongRangesAndShortSteps) {
  const Windows windows(TimeGrid{0, 10'999, 1}, 1'000'000'000, 0);
  EXPECT_LE(windows.panes(), 44'000u);
}

struct Sum {
  long total = 0;
  void merge(const Sum& later) { total += later.total; }
};

TEST(SlidingFold, EqualsFoldingEveryWindowAlone) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const TimeNs step = 1 + random() % 7, range = random() % 40;
    const Windows windows(TimeGrid{0, static_cast<TimeNs>(random() % 60), step}, range, 0);
    std::vector<Sum> panes(windows.panes());
    for (Sum& pane : panes) pane.total = static_cast<long>(random() % 1000);
    fold_windows(std::span<const Sum>(panes), windows, [&](std::size_t at, const Sum& folded) {
      const auto [first, last] = windows.panes_of(at);
      long naive = 0;
      for (std::size_t pane = first; pane < last; ++pane) naive += panes[pane].total;
      EXPECT_EQ(folded.total, naive) << "step " << at << " range " << range;
    });
  }
}

}  // namespace
}  // namespace trilobite::query
