#include "metrics/step_values.h"

#include <algorithm>
#include <unordered_map>

#include "metrics/histogram_math.h"

namespace trilobite::metrics {

using query::is_present;
using query::kAbsent;

std::size_t StepSeries::samples() const {
  std::size_t count = 0;
  for (const double value : values) count += is_present(value) ? 1 : 0;
  for (const HistogramRef& histogram : histograms) count += histogram ? 1 : 0;
  return count;
}

std::size_t StepSeries::bytes() const {
  return sizeof(StepSeries) + labels.bytes().size() + values.size() * sizeof(double) +
         histograms.size() * (sizeof(HistogramRef) + sizeof(Histogram));
}

StepSeries empty_series(LabelSet labels, std::size_t steps) {
  return {std::move(labels), false, std::vector<double>(steps, kAbsent), {}};
}

Result<void> hold(Held& held, Budget& budget, const StepSeries& series) {
  return held.add(budget, series.samples(), series.bytes());
}

void drop_empty(StepVector& vector) {
  std::erase_if(vector.series, [](const StepSeries& series) {
    return std::none_of(series.values.begin(), series.values.end(), is_present) &&
           std::none_of(series.histograms.begin(), series.histograms.end(),
                        [](const auto& one) { return one != nullptr; });
  });
}

namespace {

// False when both have a value at one step.
bool join(StepSeries& into, StepSeries& from) {
  for (std::size_t step = 0; step < into.values.size(); ++step) {
    if (!from.has(step)) continue;
    if (into.has(step)) return false;
    into.values[step] = from.values[step];
    if (from.histogram(step)) into.set(step, std::move(from.histograms[step]));
  }
  return true;
}

}  // namespace

Result<void> join_equal_labels(StepVector& vector, Joining joining) {
  drop_empty(vector);
  if (vector.series.size() < 2 || joining == Joining::kNoneEqual) return {};
  std::unordered_map<std::string_view, std::size_t> first;
  first.reserve(vector.series.size());
  std::vector<bool> joined;
  for (std::size_t i = 0; i < vector.series.size(); ++i) {
    const auto [found, added] = first.emplace(vector.series[i].labels.bytes(), i);
    if (added) continue;
    if (joining == Joining::kNever || !join(vector.series[found->second], vector.series[i])) {
      return error(Code::kInternal, "vector cannot contain metrics with the same labelset");
    }
    joined.resize(vector.series.size());
    joined[i] = true;
  }
  if (joined.empty()) return {};
  std::vector<StepSeries> kept;
  for (std::size_t i = 0; i < vector.series.size(); ++i) {
    if (i >= joined.size() || !joined[i]) kept.push_back(std::move(vector.series[i]));
  }
  vector.series = std::move(kept);
  return {};
}

void negate(StepSeries& series) {
  for (double& value : series.values) {
    if (is_present(value)) value = -value;
  }
  for (HistogramRef& histogram : series.histograms) {
    if (!histogram) continue;
    Histogram negative = *histogram;
    multiply(negative, -1);
    histogram = std::make_shared<const Histogram>(std::move(negative));
  }
}

void repeat_steps(StepSeries& series, std::size_t steps) {
  series.values.assign(steps, series.values.front());
  if (!series.histograms.empty()) series.histograms.assign(steps, HistogramRef(series.histograms.front()));
}

}  // namespace trilobite::metrics
