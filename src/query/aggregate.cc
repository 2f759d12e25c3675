#include "query/aggregate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "query/group_table.h"
#include "query/range_states.h"

namespace trilobite::query {
namespace {

// The group of every series, hashed once, and the labels of every group.
struct Groups {
  std::vector<std::uint32_t> of_series;
  std::vector<LabelSet> labels;
};

Groups group_series(const Matrix& input, const LabelGrouping& grouping) {
  Groups groups;
  GroupTable table;
  for (const Series& series : input.series) {
    LabelSet kept = kept_labels(series.labels, grouping);
    const std::uint32_t group = table.find_or_add(kept.bytes());
    if (group == groups.labels.size()) groups.labels.push_back(std::move(kept));
    groups.of_series.push_back(group);
  }
  return groups;
}

// A running mean, which stays finite where a sum would overflow.
struct MeanState {
  double mean = 0;
  double count = 0;

  void add(TimeNs, double value) {
    count += 1;
    if (std::isinf(mean) && (std::isinf(value) ? (value > 0) == (mean > 0) : !std::isnan(value))) return;
    mean += value / count - mean / count;
  }
  double value() const { return count == 0 ? kAbsent : mean; }
};

template <class State>
Matrix reduce(const Matrix& input, const LabelGrouping& grouping) {
  Groups groups = group_series(input, grouping);
  const std::size_t steps = input.grid.steps();
  std::vector<State> states(groups.labels.size() * steps);
  for (std::size_t i = 0; i < input.series.size(); ++i) {
    State* row = &states[groups.of_series[i] * steps];
    const std::vector<double>& values = input.series[i].values;
    for (std::size_t step = 0; step < steps; ++step) {
      if (is_present(values[step])) row[step].add(0, values[step]);
    }
  }
  Matrix output{input.grid, {}, false};
  for (std::size_t group = 0; group < groups.labels.size(); ++group) {
    Series series{std::move(groups.labels[group]), std::vector<double>(steps)};
    for (std::size_t step = 0; step < steps; ++step) series.values[step] = states[group * steps + step].value();
    output.series.push_back(std::move(series));
  }
  return output;
}

// True if every label of every series is one to group by: each series is a group of its own.
bool groups_are_series(const Matrix& input, const LabelGrouping& grouping) {
  if (grouping.without) return false;
  return std::all_of(input.series.begin(), input.series.end(), [&](const Series& series) {
    for (const auto& [name, value] : series.labels) {
      if (std::find(grouping.labels.begin(), grouping.labels.end(), name) == grouping.labels.end()) return false;
    }
    return true;
  });
}

template <class State>
Matrix reduce_to_value(Matrix input, const LabelGrouping& grouping) {
  if (groups_are_series(input, grouping)) return input;
  return reduce<State>(input, grouping);
}

// True if a comes before b; NaN is last in either direction.
bool better(double a, double b, bool greatest) {
  if (std::isnan(a)) return false;
  if (std::isnan(b)) return true;
  return greatest ? a > b : a < b;
}

void order_by_value(Matrix& matrix, bool greatest) {
  std::stable_sort(matrix.series.begin(), matrix.series.end(), [&](const Series& a, const Series& b) {
    return better(a.values.back(), b.values.back(), greatest);
  });
  matrix.ordered = true;
}

// Of a single step and a single group, all series that are worse than the k-th: nothing that comes after can save them.
// What is left is few, so that order and ties cost nothing.
void drop_hopeless(Matrix& input, const LabelGrouping& grouping, std::size_t k, bool greatest) {
  const bool one_group = !grouping.without && grouping.labels.empty();
  if (input.grid.steps() != 1 || !one_group || k == 0) return;
  std::vector<double> values;
  for (const Series& series : input.series) {
    if (is_present(series.values[0])) values.push_back(series.values[0]);
  }
  if (values.size() <= k) return;
  const auto kth = values.begin() + static_cast<std::ptrdiff_t>(k - 1);
  std::nth_element(values.begin(), kth, values.end(), [&](double a, double b) { return better(a, b, greatest); });
  std::erase_if(input.series, [&](const Series& series) {
    return !is_present(series.values[0]) || better(*kth, series.values[0], greatest);
  });
}

Matrix choose(Matrix input, const LabelGrouping& grouping, std::size_t k, bool greatest) {
  drop_hopeless(input, grouping, k, greatest);
  sort_by_labels(input);
  const Groups groups = group_series(input, grouping);
  std::vector<std::vector<std::uint32_t>> members(groups.labels.size());
  for (std::uint32_t i = 0; i < input.series.size(); ++i) members[groups.of_series[i]].push_back(i);

  std::vector<std::uint32_t> present;
  for (const auto& group : members) {
    for (std::size_t step = 0; step < input.grid.steps(); ++step) {
      present.clear();
      for (const std::uint32_t i : group) {
        if (is_present(input.series[i].values[step])) present.push_back(i);
      }
      if (present.size() <= k) continue;
      // Equal values: the first by labels stays.
      std::stable_sort(present.begin(), present.end(), [&](std::uint32_t a, std::uint32_t b) {
        return better(input.series[a].values[step], input.series[b].values[step], greatest);
      });
      for (std::size_t i = k; i < present.size(); ++i) input.series[present[i]].values[step] = kAbsent;
    }
  }
  drop_empty(input);
  if (input.grid.steps() == 1) order_by_value(input, greatest);
  return input;
}

}  // namespace

Matrix aggregate(Matrix input, AggregateOp op, const LabelGrouping& grouping, std::size_t k) {
  switch (op) {
    case AggregateOp::kSum:
      return reduce_to_value<SumState>(std::move(input), grouping);
    case AggregateOp::kAverage:
      return reduce_to_value<MeanState>(std::move(input), grouping);
    case AggregateOp::kMin:
      return reduce_to_value<MinState>(std::move(input), grouping);
    case AggregateOp::kMax:
      return reduce_to_value<MaxState>(std::move(input), grouping);
    case AggregateOp::kCount:
      return reduce<CountState>(input, grouping);
    case AggregateOp::kStddev:
      return reduce<DeviationState>(input, grouping);
    case AggregateOp::kStdvar:
      return reduce<VarianceState>(input, grouping);
    case AggregateOp::kTopk:
      return choose(std::move(input), grouping, k, true);
    case AggregateOp::kBottomk:
      return choose(std::move(input), grouping, k, false);
    case AggregateOp::kSort:
    case AggregateOp::kSortDescending:
      sort_by_labels(input);
      if (input.grid.steps() == 1) order_by_value(input, op == AggregateOp::kSortDescending);
      return input;
  }
  CHECK(false);
  return input;
}

}  // namespace trilobite::query
