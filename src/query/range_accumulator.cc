#include "query/range_accumulator.h"

#include <algorithm>

#include "base/check.h"
#include "query/quantile.h"
#include "query/range_states.h"
#include "query/sliding.h"

namespace trilobite::query {
namespace {

// How many of the times (ascending, the first is not after `high`) are not after it: doubling steps, then halving ones,
// so that short stretches are found as fast as long ones.
std::size_t count_until(std::span<const TimeNs> times, TimeNs high) {
  std::size_t bound = 1;
  while (bound < times.size() && times[bound] <= high) bound *= 2;
  const auto from = times.begin() + static_cast<std::ptrdiff_t>(bound / 2);
  const auto to = times.begin() + static_cast<std::ptrdiff_t>(std::min(bound, times.size()));
  return static_cast<std::size_t>(std::upper_bound(from, to, high) - times.begin());
}

// One state per (group, pane), groups one after the other.
template <class State>
class PaneAccumulator final : public RangeAccumulator {
 public:
  explicit PaneAccumulator(const Windows& windows) : windows_(windows), panes_(windows.panes()) {}

  void add(const SampleBlock& block) override {
    if (block.groups.empty()) return;
    grow(*std::max_element(block.groups.begin(), block.groups.end()) + 1);
    Windows::Pane pane;
    for (std::size_t i = 0; i < block.times.size(); ++i) {
      const TimeNs time = block.times[i];
      if (!pane.contains(time)) pane = windows_.locate(time);
      if (pane.index == Windows::kNoPane) continue;
      states_[block.groups[i] * panes_ + pane.index].add(time, block.values.empty() ? 1.0 : block.values[i]);
    }
  }

  void add_ones(std::uint32_t group, std::span<const TimeNs> times) override {
    if (times.empty()) return;
    grow(group + 1);
    State* states = &states_[group * panes_];
    while (!times.empty()) {
      const Windows::Pane pane = windows_.locate(times.front());
      const std::size_t rows = pane.contains(times.front()) ? count_until(times, pane.high) : 1;
      if (pane.index != Windows::kNoPane) add_ones(states[pane.index], times.first(rows));
      times = times.subspan(rows);
    }
  }

  void merge(RangeAccumulator& other, std::span<const std::uint32_t> group_map) override {
    auto& from = static_cast<PaneAccumulator&>(other);
    for (std::size_t group = 0; group * panes_ < from.states_.size(); ++group) {
      grow(group_map[group] + 1);
      State* to = &states_[group_map[group] * panes_];
      for (std::size_t pane = 0; pane < panes_; ++pane) to[pane].merge(from.states_[group * panes_ + pane]);
    }
    from.states_.clear();
  }

  std::vector<double> finish(std::uint32_t group) override {
    std::vector<double> values(windows_.grid().steps(), kAbsent);
    if (group * panes_ >= states_.size()) return values;
    const std::span<const State> panes(&states_[group * panes_], panes_);
    fold_windows(panes, windows_, [&](std::size_t step, const State& state) { values[step] = state.value(); });
    return values;
  }

  std::size_t bytes(std::size_t groups) const override { return groups * panes_ * sizeof(State); }

 private:
  static void add_ones(State& state, std::span<const TimeNs> times) {
    if constexpr (requires { state.add_rows(times.size()); }) {
      state.add_rows(times.size());
    } else {
      for (const TimeNs time : times) state.add(time, 1.0);
    }
  }

  void grow(std::size_t groups) {
    if (groups * panes_ > states_.size()) states_.resize(groups * panes_);
  }

  const Windows& windows_;
  std::size_t panes_;
  std::vector<State> states_;
};

// Keeps the samples, for functions that need all of a window at once.
class SampleAccumulator final : public RangeAccumulator {
 public:
  SampleAccumulator(const RangeFunction& function, const Windows& windows) : function_(function), windows_(windows) {}

  void add(const SampleBlock& block) override {
    CHECK(block.values.size() == block.times.size());
    const TimeRange wanted = windows_.scan_range();
    for (std::size_t i = 0; i < block.times.size(); ++i) {
      const TimeNs time = block.times[i];
      if (time < wanted.start || time >= wanted.end) continue;
      const std::uint32_t group = block.groups[i];
      if (group >= groups_.size()) groups_.resize(group + 1);
      groups_[group].push_back({time, block.values[i]});
      ++samples_;
    }
  }

  void add_ones(std::uint32_t group, std::span<const TimeNs> times) override {
    const std::vector<std::uint32_t> groups(times.size(), group);
    const std::vector<double> values(times.size(), 1.0);
    add({groups, times, values});
  }

  void merge(RangeAccumulator& other, std::span<const std::uint32_t> group_map) override {
    auto& from = static_cast<SampleAccumulator&>(other);
    for (std::size_t group = 0; group < from.groups_.size(); ++group) {
      if (group_map[group] >= groups_.size()) groups_.resize(group_map[group] + 1);
      std::vector<Sample>& to = groups_[group_map[group]];
      if (to.empty()) {
        to = std::move(from.groups_[group]);
      } else {
        to.insert(to.end(), from.groups_[group].begin(), from.groups_[group].end());
      }
    }
    samples_ += from.samples_;
    from.groups_.clear();
    from.samples_ = 0;
  }

  std::vector<double> finish(std::uint32_t group) override {
    std::vector<double> values(windows_.grid().steps(), kAbsent);
    if (group >= groups_.size() || groups_[group].empty()) return values;
    std::vector<Sample> samples = std::move(groups_[group]);
    groups_[group].clear();
    if (function_.op == RangeFunction::Op::kQuantile && windows_.tumbling()) {
      run_tumbling_quantile(samples, values);
      return values;
    }
    // The value breaks ties, so that the answer does not depend on who read first.
    std::sort(samples.begin(), samples.end(),
              [](const Sample& a, const Sample& b) { return a.time != b.time ? a.time < b.time : a.value < b.value; });
    function_.op == RangeFunction::Op::kKernel ? run_kernel(samples, values) : run_sliding_quantile(samples, values);
    return values;
  }

  std::size_t bytes(std::size_t groups) const override {
    return samples_ * sizeof(Sample) * 3 / 2 + groups * sizeof(std::vector<Sample>);
  }

 private:
  // Calls emit(step, first, last) with the samples [first, last) of each window; both only move forward.
  template <class Emit>
  void for_each_window(const std::vector<Sample>& samples, Emit&& emit) const {
    std::size_t first = 0, last = 0;
    for (std::size_t step = 0; step < windows_.grid().steps(); ++step) {
      const auto [start, end] = windows_.bounds_of(step);
      while (last < samples.size() && samples[last].time <= end) ++last;
      while (first < last && samples[first].time <= start) ++first;
      emit(step, first, last);
    }
  }

  void run_kernel(const std::vector<Sample>& samples, std::vector<double>& values) const {
    const std::span<const Sample> all(samples);
    for_each_window(samples, [&](std::size_t step, std::size_t first, std::size_t last) {
      if (first < last) values[step] = function_.kernel(all.subspan(first, last - first), windows_.range());
    });
  }

  // Windows have a pane each: a counting sort by pane brings the values of a window together, in no order of time.
  void run_tumbling_quantile(const std::vector<Sample>& samples, std::vector<double>& values) const {
    std::vector<std::uint32_t> pane_of(samples.size());
    std::vector<std::uint32_t> ends(windows_.panes(), 0);
    Windows::Pane pane;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (!pane.contains(samples[i].time)) pane = windows_.locate(samples[i].time);
      pane_of[i] = pane.index;
      if (pane.index != Windows::kNoPane) ++ends[pane.index];
    }
    for (std::size_t i = 1; i < ends.size(); ++i) ends[i] += ends[i - 1];
    std::vector<double> sorted(samples.size());
    std::vector<std::uint32_t> next(ends.size(), 0);
    for (std::size_t i = 1; i < ends.size(); ++i) next[i] = ends[i - 1];
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (pane_of[i] != Windows::kNoPane) sorted[next[pane_of[i]]++] = samples[i].value;
    }
    for (std::size_t step = 0; step < values.size(); ++step) {
      const auto [first, last] = windows_.panes_of(step);
      if (first == last) continue;
      const std::uint32_t begin = first == 0 ? 0 : ends[first - 1];
      const std::span<double> window(sorted.data() + begin, ends[last - 1] - begin);
      if (!window.empty()) values[step] = quantile(function_.quantile, window);
    }
  }

  void run_sliding_quantile(const std::vector<Sample>& samples, std::vector<double>& values) const {
    std::vector<double> all;
    for (const Sample& sample : samples) all.push_back(sample.value);
    SlidingQuantile window(all);
    std::size_t inserted = 0, removed = 0;
    for_each_window(samples, [&](std::size_t step, std::size_t first, std::size_t last) {
      for (; inserted < last; ++inserted) window.insert(inserted);
      for (; removed < first; ++removed) window.remove(removed);
      if (first < last) values[step] = window.quantile(function_.quantile);
    });
  }

  RangeFunction function_;
  const Windows& windows_;
  std::vector<std::vector<Sample>> groups_;
  std::size_t samples_ = 0;
};

}  // namespace

std::unique_ptr<RangeAccumulator> make_range_accumulator(const RangeFunction& function, const Windows& windows) {
  using Op = RangeFunction::Op;
  switch (function.op) {
    case Op::kCount:
      return std::make_unique<PaneAccumulator<CountState>>(windows);
    case Op::kSum:
      return std::make_unique<PaneAccumulator<SumState>>(windows);
    case Op::kAverage:
      return std::make_unique<PaneAccumulator<AverageState>>(windows);
    case Op::kMin:
      return std::make_unique<PaneAccumulator<MinState>>(windows);
    case Op::kMax:
      return std::make_unique<PaneAccumulator<MaxState>>(windows);
    case Op::kStdvar:
      return std::make_unique<PaneAccumulator<VarianceState>>(windows);
    case Op::kStddev:
      return std::make_unique<PaneAccumulator<DeviationState>>(windows);
    case Op::kFirst:
      return std::make_unique<PaneAccumulator<FirstState>>(windows);
    case Op::kLast:
      return std::make_unique<PaneAccumulator<LastState>>(windows);
    case Op::kQuantile:
    case Op::kKernel:
      return std::make_unique<SampleAccumulator>(function, windows);
  }
  CHECK(false);
  return nullptr;
}

}  // namespace trilobite::query
