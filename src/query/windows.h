// The range windows (t - range, t] of all points t of a grid, cut into panes: the pieces between neighbouring window
// edges. A row falls into exactly one pane (or none), a window is a run of neighbouring panes. Rows are therefore
// folded once, into their pane, however much the windows overlap; see sliding.h for putting the panes together.
//
// Invariant: there are at most 4 panes per step, whatever range and step are: edges that no window has are not cut.
// Rows that no window contains are in no pane.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "query/time_grid.h"
#include "storage/store.h"

namespace trilobite::query {

class Windows {
 public:
  static constexpr std::uint32_t kNoPane = UINT32_MAX;

  // Rows in (low, high] are in pane `index`, or in none.
  struct Pane {
    std::uint32_t index = kNoPane;
    TimeNs low = 0;
    TimeNs high = 0;
    bool contains(TimeNs time) const { return time > low && time <= high; }
  };

  // `offset` moves every window back in time. REQUIRES: range >= 0.
  Windows(const TimeGrid& grid, TimeNs range, TimeNs offset);

  const TimeGrid& grid() const { return grid_; }
  TimeNs range() const { return range_; }
  std::size_t panes() const { return panes_; }
  // True if no pane is part of two windows.
  bool tumbling() const { return grid_.steps() == 1 || range_ <= step_; }
  // Of time of a row. Divides, so loops keep the answer while it contains the next row. Before the first window and
  // behind the last one the answer contains no time.
  Pane locate(TimeNs time) const;
  // First and one past the last pane of the window at this step.
  std::pair<std::size_t, std::size_t> panes_of(std::size_t step) const;
  // The window at this step on the clock of the rows: (start, end].
  std::pair<TimeNs, TimeNs> bounds_of(std::size_t step) const;
  // What has to be read for all windows.
  TimeRange scan_range() const;

 private:
  Pane locate_regular(TimeNs from_start) const;
  Pane locate_folded(TimeNs from_start) const;
  std::int64_t interval_index(std::int64_t step) const { return step - first_step_; }

  TimeGrid grid_;
  TimeNs range_;
  TimeNs offset_;
  TimeNs step_;              // of the grid; with one point: the range
  TimeNs rest_;              // range % step: each step is cut at `rest_` before its end
  std::int64_t whole_;       // range / step
  std::int64_t first_step_;  // of the first step interval that a window reaches, <= 0
  bool cut_;                 // step intervals have two panes, because left and right edges of windows alternate
  bool folded_;              // all windows have a part in common, which is one pane
  std::size_t panes_;
};

}  // namespace trilobite::query
