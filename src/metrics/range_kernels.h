// Functions of ranges on the floats of one series: all windows in one go. Windows only move forward, so each kernel
// keeps what it can from one to the next.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "metrics/evaluator.h"

namespace trilobite::metrics {

struct RangeCall {
  RangeWindows windows;
  query::TimeGrid grid;               // whose steps the windows are of
  std::vector<ScalarColumn> scalars;  // the other arguments, in order
};

// Writes the value of each window that has one to `out`, which is all absent.
using FloatKernel = void (*)(const RangeCall& call, const std::vector<TimeNs>& times, const std::vector<double>& values,
                             std::vector<double>& out);

void rate_of_floats(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void increase_of_floats(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void delta_of_floats(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void irate_of_floats(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void idelta_of_floats(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void resets_of_floats(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void changes_of_floats(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void deriv_of_floats(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void predict_of_floats(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void smoothing_of_floats(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&,
                         std::vector<double>&);

void count_of_floats(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void present_of_floats(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void first_of_floats(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void last_of_floats(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void time_of_first(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void time_of_last(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void min_of_floats(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void max_of_floats(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void time_of_min(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void time_of_max(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void sum_of_floats(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void avg_of_floats(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void stddev_of_floats(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void stdvar_of_floats(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void quantile_of_floats(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&, std::vector<double>&);
void deviation_of_floats(const RangeCall&, const std::vector<TimeNs>&, const std::vector<double>&,
                         std::vector<double>&);

// rate, increase: how far the line through a window is drawn beyond its samples. `change` is what the samples give,
// `first_value` the first one (for counters, which do not start below zero).
struct Extrapolation {
  TimeNs start = 0, end = 0;  // of the window
  TimeNs first_time = 0, last_time = 0;
  std::size_t samples = 0;
  double factor(bool is_counter, double change, double first_value) const;
  // Of a counter that began at `began`, inside the window: no guess is needed there. One sample is enough.
  double factor_since(TimeNs began) const;
};

// Calls each(step, first, last) for every step whose window has samples: those in [first, last).
template <class Each>
void for_windows(const RangeWindows& windows, const std::vector<TimeNs>& times, const Each& each) {
  std::size_t first = 0, last = 0;
  for (std::size_t step = 0; step < windows.count; ++step) {
    const TimeNs end = windows.end_of(step), start = end - windows.range;
    while (last < times.size() && times[last] <= end) ++last;
    while (first < last && times[first] <= start) ++first;
    if (first < last) each(step, first, last);
  }
}

}  // namespace trilobite::metrics
