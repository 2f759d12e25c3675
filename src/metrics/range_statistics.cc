// Functions that boil a window down to one number: counts, extremes, sums, means, quantiles.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "metrics/compensated_sum.h"
#include "metrics/range_kernels.h"
#include "query/quantile.h"

namespace trilobite::metrics {
namespace {

using Times = std::vector<TimeNs>;
using Values = std::vector<double>;

// Keeps the extreme of a moving window: candidates in order, the best in front. `beats(a, b)`: b, which is older, can
// never be the answer again once a has come. NaN is only the answer where there is nothing else.
template <class Beats, class Emit>
void sliding_extreme(const RangeWindows& windows, const Times& times, const Values& values, Beats beats, Emit emit) {
  std::vector<std::uint32_t> candidates(values.size());
  std::size_t front = 0, back = 0, entered = 0;
  for_windows(windows, times, [&](std::size_t step, std::size_t first, std::size_t last) {
    for (; entered < last; ++entered) {
      if (std::isnan(values[entered])) continue;
      while (back > front && beats(values[entered], values[candidates[back - 1]])) --back;
      candidates[back++] = static_cast<std::uint32_t>(entered);
    }
    while (front < back && candidates[front] < first) ++front;
    emit(step, front < back ? candidates[front] : last - 1);
  });
}

// A window is summed anew while it is short. Long ones that overlap are put together from sums of their pieces: the
// two-stack queue, in which nothing is ever subtracted.
constexpr std::size_t kDirectSamples = 64;

template <class State, class Emit>
void fold_samples(const RangeWindows& windows, const Times& times, const Values& values, Emit emit) {
  std::vector<State> front;  // front[i]: samples front_first + i .. front_last
  std::size_t front_first = 0, front_last = 0, back_last = 0;
  State back;
  for_windows(windows, times, [&](std::size_t step, std::size_t first, std::size_t last) {
    if (last - first <= kDirectSamples) {
      State state;
      for (std::size_t i = first; i < last; ++i) state.add(values[i]);
      emit(step, state);
      return;
    }
    if (first >= front_last) {
      // All that is new becomes the front.
      front.assign(last - first, State());
      State state;
      for (std::size_t i = last; i-- > first;) {
        state.add(values[i]);
        front[i - first] = state;
      }
      front_first = first;
      front_last = back_last = last;
      back = State();
    }
    for (; back_last < last; ++back_last) back.add(values[back_last]);
    State state = front[first - front_first];
    state.merge(back);
    emit(step, state);
  });
}

struct SumState {
  CompensatedSum sum;
  void add(double value) { sum.add(value); }
  void merge(const SumState& other) {
    sum.add(other.sum.sum);
    sum.rest += other.sum.rest;
  }
};

template <class Result>
void variance(const RangeCall& call, const Times& times, const Values& values, Values& out, Result result) {
  for_windows(call.windows, times, [&](std::size_t step, std::size_t first, std::size_t last) {
    CompensatedVariance state;
    for (std::size_t i = first; i < last; ++i) state.add(values[i]);
    out[step] = result(state.variance());
  });
}

bool overlaps_much(const RangeCall& call, const Times& times) {
  std::size_t samples = 0;
  for_windows(call.windows, times, [&](std::size_t, std::size_t first, std::size_t last) { samples += last - first; });
  return samples > times.size() * 16;
}

}  // namespace

void count_of_floats(const RangeCall& call, const Times& times, const Values&, Values& out) {
  for_windows(call.windows, times, [&](std::size_t step, std::size_t first, std::size_t last) {
    out[step] = static_cast<double>(last - first);
  });
}
void present_of_floats(const RangeCall& call, const Times& times, const Values&, Values& out) {
  for_windows(call.windows, times, [&](std::size_t step, std::size_t, std::size_t) { out[step] = 1; });
}
void first_of_floats(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  for_windows(call.windows, times,
              [&](std::size_t step, std::size_t first, std::size_t) { out[step] = values[first]; });
}
void last_of_floats(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  for_windows(call.windows, times,
              [&](std::size_t step, std::size_t, std::size_t last) { out[step] = values[last - 1]; });
}
void time_of_first(const RangeCall& call, const Times& times, const Values&, Values& out) {
  for_windows(call.windows, times,
              [&](std::size_t step, std::size_t first, std::size_t) { out[step] = seconds_of(times[first]); });
}
void time_of_last(const RangeCall& call, const Times& times, const Values&, Values& out) {
  for_windows(call.windows, times,
              [&](std::size_t step, std::size_t, std::size_t last) { out[step] = seconds_of(times[last - 1]); });
}

void min_of_floats(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  sliding_extreme(
      call.windows, times, values, [](double now, double old) { return now < old; },
      [&](std::size_t step, std::size_t at) { out[step] = values[at]; });
}
void max_of_floats(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  sliding_extreme(
      call.windows, times, values, [](double now, double old) { return now > old; },
      [&](std::size_t step, std::size_t at) { out[step] = values[at]; });
}
// The latest of several equal ones.
void time_of_min(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  sliding_extreme(
      call.windows, times, values, [](double now, double old) { return now <= old; },
      [&](std::size_t step, std::size_t at) { out[step] = seconds_of(times[at]); });
}
void time_of_max(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  sliding_extreme(
      call.windows, times, values, [](double now, double old) { return now >= old; },
      [&](std::size_t step, std::size_t at) { out[step] = seconds_of(times[at]); });
}

void sum_of_floats(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  fold_samples<SumState>(call.windows, times, values,
                         [&](std::size_t step, const SumState& state) { out[step] = state.sum.total(); });
}
void avg_of_floats(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  fold_samples<CompensatedMean>(call.windows, times, values,
                                [&](std::size_t step, const CompensatedMean& state) { out[step] = state.mean(); });
}
void stdvar_of_floats(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  variance(call, times, values, out, [](double value) { return value; });
}
void stddev_of_floats(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  variance(call, times, values, out, [](double value) { return std::sqrt(value); });
}

void quantile_of_floats(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  if (overlaps_much(call, times)) {
    query::SlidingQuantile window(values);
    std::size_t removed = 0, inserted = 0;
    for_windows(call.windows, times, [&](std::size_t step, std::size_t first, std::size_t last) {
      for (; inserted < last; ++inserted) window.insert(inserted);
      for (; removed < first; ++removed) window.remove(removed);
      out[step] = window.quantile(call.scalars[0].at(step));
    });
    return;
  }
  Values window;
  for_windows(call.windows, times, [&](std::size_t step, std::size_t first, std::size_t last) {
    window.assign(values.begin() + static_cast<std::ptrdiff_t>(first),
                  values.begin() + static_cast<std::ptrdiff_t>(last));
    out[step] = query::quantile(call.scalars[0].at(step), window);
  });
}

void deviation_of_floats(const RangeCall& call, const Times& times, const Values& values, Values& out) {
  Values window;
  for_windows(call.windows, times, [&](std::size_t step, std::size_t first, std::size_t last) {
    window.assign(values.begin() + static_cast<std::ptrdiff_t>(first),
                  values.begin() + static_cast<std::ptrdiff_t>(last));
    if (std::any_of(window.begin(), window.end(), [](double value) { return std::isnan(value); })) {
      out[step] = std::numeric_limits<double>::quiet_NaN();
      return;
    }
    const double median = query::quantile(0.5, window);
    for (double& value : window) value = std::fabs(value - median);
    out[step] = query::quantile(0.5, window);
  });
}

}  // namespace trilobite::metrics
