// Functions that compare samples of a window with each other: rate and its relatives, regression, smoothing.
#include <cmath>
#include <limits>

#include "metrics/compensated_sum.h"
#include "metrics/range_kernels.h"

namespace trilobite::metrics {
namespace {

using Times = std::vector<TimeNs>;
using Values = std::vector<double>;

double seconds_between(TimeNs from, TimeNs to) { return static_cast<double>(to - from) / 1e9; }

// Where a counter fell: the index of the smaller sample.
std::vector<std::uint32_t> falls(const Values& values) {
  std::vector<std::uint32_t> found;
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (values[i] < values[i - 1]) found.push_back(static_cast<std::uint32_t>(i));
  }
  return found;
}

enum class Kind : std::uint8_t { kRate, kIncrease, kDelta };

template <Kind kind>
void extrapolated(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  constexpr bool kCounter = kind != Kind::kDelta;
  const std::vector<std::uint32_t> resets = kCounter ? falls(values) : std::vector<std::uint32_t>();
  const double range_seconds = static_cast<double>(call.windows.range) / 1e9;
  std::size_t reset = 0;  // first one that the window, or a later one, may have
  for_windows(call.windows, times, [&](std::size_t step, std::size_t first, std::size_t last) {
    if (last - first < 2) return;
    double change = values[last - 1] - values[first];
    while (reset < resets.size() && resets[reset] <= first) ++reset;
    for (std::size_t i = reset; i < resets.size() && resets[i] < last; ++i) change += values[resets[i] - 1];
    const TimeNs end = call.windows.end_of(step);
    const Extrapolation line{end - call.windows.range, end, times[first], times[last - 1], last - first};
    double factor = line.factor(kCounter, change, values[first]);
    if (kind == Kind::kRate) factor /= range_seconds;
    out[step] = change * factor;
  });
}

template <bool is_rate>
void newest_change(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  for_windows(call.windows, times, [&](std::size_t step, std::size_t first, std::size_t last) {
    if (last - first < 2) return;
    const double now = values[last - 1], before = values[last - 2];
    const double change = is_rate && now < before ? now : now - before;
    out[step] = is_rate ? change / seconds_between(times[last - 2], times[last - 1]) : change;
  });
}

// Counts neighbours for which `differs` holds: prefix sums of whole numbers.
template <class Differs>
void count_neighbours(const RangeCall& call, const Times& times, const Values& values, Values& out, Differs differs) {
  std::vector<std::uint32_t> until(values.size());
  for (std::size_t i = 1; i < values.size(); ++i) until[i] = until[i - 1] + (differs(values[i - 1], values[i]) ? 1 : 0);
  for_windows(call.windows, times, [&](std::size_t step, std::size_t first, std::size_t last) {
    out[step] = until[last - 1] - until[first];
  });
}

struct Line {
  double slope = 0, intercept = 0;
};

// Least squares; x are seconds from `origin`.
Line regression(const Times& times, const Values& values, std::size_t first, std::size_t last, TimeNs origin) {
  CompensatedSum x_sum, y_sum, xy_sum, xx_sum;
  bool constant = true;
  for (std::size_t i = first; i < last; ++i) {
    constant = constant && values[i] == values[first];
    const double x = seconds_between(origin, times[i]);
    x_sum.add(x);
    y_sum.add(values[i]);
    xy_sum.add(x * values[i]);
    xx_sum.add(x * x);
  }
  if (constant) {
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    return std::isinf(values[first]) ? Line{kNan, kNan} : Line{0, values[first]};
  }
  const auto count = static_cast<double>(last - first);
  const double x = x_sum.sum + x_sum.rest, y = y_sum.sum + y_sum.rest;
  const double covariance = xy_sum.sum + xy_sum.rest - x * y / count;
  const double variance = xx_sum.sum + xx_sum.rest - x * x / count;
  const double slope = covariance / variance;
  return {slope, y / count - slope * x / count};
}

}  // namespace

double Extrapolation::factor(bool is_counter, double change, double first_value) const {
  const double sampled = seconds_between(first_time, last_time);
  const double gap = sampled / static_cast<double>(samples - 1);
  const double reach = gap * 1.1;  // an edge this near is taken to belong to the series
  double to_start = seconds_between(start, first_time);
  if (to_start >= reach) to_start = gap / 2;
  if (is_counter && change > 0 && first_value >= 0) {
    const double to_zero = sampled * (first_value / change);
    if (to_zero < to_start) to_start = to_zero;
  }
  double to_end = seconds_between(last_time, end);
  if (to_end >= reach) to_end = gap / 2;
  return (sampled + to_start + to_end) / sampled;
}

double Extrapolation::factor_since(TimeNs began) const {
  const double counted = seconds_between(began, last_time);
  const double gap = samples < 2 ? 0 : seconds_between(first_time, last_time) / static_cast<double>(samples - 1);
  double to_end = seconds_between(last_time, end);
  if (to_end >= gap * 1.1) to_end = gap / 2;
  return counted == 0 ? 1 : (counted + to_end) / counted;
}

void rate_of_floats(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  extrapolated<Kind::kRate>(call, times, values, out);
}
void increase_of_floats(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  extrapolated<Kind::kIncrease>(call, times, values, out);
}
void delta_of_floats(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  extrapolated<Kind::kDelta>(call, times, values, out);
}
void irate_of_floats(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  newest_change<true>(call, times, values, out);
}
void idelta_of_floats(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  newest_change<false>(call, times, values, out);
}
void resets_of_floats(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  count_neighbours(call, times, values, out, [](double before, double now) { return now < before; });
}
void changes_of_floats(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  count_neighbours(call, times, values, out,
                   [](double before, double now) { return now != before && !(std::isnan(now) && std::isnan(before)); });
}

void deriv_of_floats(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  for_windows(call.windows, times, [&](std::size_t step, std::size_t first, std::size_t last) {
    if (last - first >= 2) out[step] = regression(times, values, first, last, times[first]).slope;
  });
}
void predict_of_floats(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  for_windows(call.windows, times, [&](std::size_t step, std::size_t first, std::size_t last) {
    if (last - first < 2) return;
    const Line line = regression(times, values, first, last, call.grid.at(step));
    out[step] = line.slope * call.scalars[0].at(step) + line.intercept;
  });
}

void smoothing_of_floats(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  for_windows(call.windows, times, [&](std::size_t step, std::size_t first, std::size_t last) {
    if (last - first < 2) return;
    const double level_share = call.scalars[0].at(step), trend_share = call.scalars[1].at(step);
    double before = 0, level = values[first], trend = values[first + 1] - values[first];
    for (std::size_t i = first + 1; i < last; ++i) {
      if (i > first + 1) trend = trend_share * (level - before) + (1 - trend_share) * trend;
      const double next = level_share * values[i] + (1 - level_share) * (level + trend);
      before = level;
      level = next;
    }
    out[step] = level;
  });
}

}  // namespace trilobite::metrics
