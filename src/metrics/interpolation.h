// The extended selectors: `anchored` takes the sample before a window as its left edge, `smoothed` interpolates both
// edges from the samples around them.
#pragma once

#include "metrics/evaluator.h"

namespace trilobite::metrics {

// `metric smoothed`: the value between the samples before and after each step, each no further away than the range of
// `at`; behind the last sample, that sample.
StepSeries smoothed_samples(const RangeSeries& series, const RangeWindows& at, Annotations& annotations,
                            Position position);

// How a function of ranges is to see its windows.
struct Extension {
  bool anchored = false, smoothed = false;
  TimeNs lookback = 0;
  explicit operator bool() const { return anchored || smoothed; }
};

// An error if the range has modifiers that the function cannot have.
Result<void> check_extension(const Expr& range, std::string_view function);

enum class ChangeKind : std::uint8_t { kRate, kIncrease, kDelta };
// rate, increase and delta of extended windows.
void extended_change(ChangeKind kind, const RangeSeries& series, const RangeWindows& windows,
                     const Extension& extension, Annotations& annotations, Position position, StepSeries& out);

// The range itself, as an instant query shows it: with its edges in place of the samples beyond them.
RangeSeries extended_range(const RangeSeries& series, const RangeWindows& window, const Extension& extension);

// The samples of `times` in (low, high]: first index and one past the last.
struct Slice {
  std::size_t first = 0, last = 0;
  std::size_t size() const { return last - first; }
};
Slice slice_of(const std::vector<TimeNs>& times, TimeNs low, TimeNs high);

}  // namespace trilobite::metrics
