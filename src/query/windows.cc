#include "query/windows.h"

#include <algorithm>

#include "base/check.h"

namespace trilobite::query {
namespace {

std::int64_t divide_up(std::int64_t value, std::int64_t by) { return value / by + (value % by > 0 ? 1 : 0); }

}  // namespace

Windows::Windows(const TimeGrid& grid, TimeNs range, TimeNs offset) : grid_(grid), range_(range), offset_(offset) {
  CHECK(range >= 0);
  const auto steps = static_cast<std::int64_t>(grid.steps());
  step_ = steps > 1 ? grid.step : std::max<TimeNs>(range, 1);
  rest_ = range % step_;
  whole_ = range / step_;
  first_step_ = std::min<std::int64_t>(0, 1 - divide_up(range, step_));
  cut_ = rest_ > 0 && whole_ > 0;
  folded_ = steps > 1 && range > grid.last() - grid.start;
  panes_ = static_cast<std::size_t>(folded_ ? 2 * steps : (cut_ ? 2 : 1) * (steps - first_step_));
}

// Step interval k is (start + (k-1) * step, start + k * step]. With a rest, windows begin at `rest_` before its end:
// what is before that is the first of two panes, or, where windows are shorter than a step, between all windows.
Windows::Pane Windows::locate_regular(TimeNs from_start) const {
  const std::int64_t k = divide_up(from_start, step_);
  const TimeNs high = k * step_;
  const auto index = static_cast<std::uint32_t>(interval_index(k));
  if (rest_ == 0) return {index, high - step_, high};
  const TimeNs edge = high - rest_;
  if (!cut_) return from_start > edge ? Pane{index, edge, high} : Pane{kNoPane, high - step_, edge};
  return from_start > edge ? Pane{2 * index + 1, edge, high} : Pane{2 * index, high - step_, edge};
}

// Left edges start - range + k * step cut panes 1 .. steps - 1, then comes the part that all windows share (pane
// `steps`), then right edges start + k * step cut the others. Pane 0 is before the first window.
Windows::Pane Windows::locate_folded(TimeNs from_start) const {
  const auto steps = static_cast<std::int64_t>(grid_.steps());
  if (from_start > 0) {
    const std::int64_t k = divide_up(from_start, step_);
    return {static_cast<std::uint32_t>(steps + k), (k - 1) * step_, k * step_};
  }
  const std::int64_t k = divide_up(from_start + range_, step_);
  if (k >= steps) return {static_cast<std::uint32_t>(steps), (steps - 1) * step_ - range_, 0};
  return {static_cast<std::uint32_t>(k), (k - 1) * step_ - range_, k * step_ - range_};
}

Windows::Pane Windows::locate(TimeNs time) const {
  const TimeNs from_start = time + offset_ - grid_.start;
  if (from_start <= -range_ || from_start > grid_.last() - grid_.start) return {};
  Pane pane = folded_ ? locate_folded(from_start) : locate_regular(from_start);
  pane.low += grid_.start - offset_;
  pane.high += grid_.start - offset_;
  return pane;
}

std::pair<std::size_t, std::size_t> Windows::panes_of(std::size_t step) const {
  const auto k = static_cast<std::int64_t>(step);
  if (range_ == 0) return {0, 0};
  if (folded_) return {step + 1, step + grid_.steps() + 1};
  const std::int64_t index = interval_index(k);
  if (cut_) return {static_cast<std::size_t>(2 * (index - whole_) + 1), static_cast<std::size_t>(2 * index + 2)};
  const std::int64_t intervals = std::max<std::int64_t>(whole_, 1);
  return {static_cast<std::size_t>(index - intervals + 1), static_cast<std::size_t>(index + 1)};
}

std::pair<TimeNs, TimeNs> Windows::bounds_of(std::size_t step) const {
  const TimeNs end = grid_.at(step) - offset_;
  return {end - range_, end};
}

TimeRange Windows::scan_range() const { return {grid_.start - offset_ - range_ + 1, grid_.last() - offset_ + 1}; }

}  // namespace trilobite::query
