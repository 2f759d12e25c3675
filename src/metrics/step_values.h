// What PromQL expressions compute with: series of one value per step of a grid, floats and histograms side by side.
// Series-major, so that operators are loops over columns and labels are looked at once per series.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "columnar/label_set.h"
#include "metrics/histogram.h"
#include "metrics/query_budget.h"
#include "query/matrix.h"

namespace trilobite::metrics {

struct StepSeries {
  LabelSet labels;
  // __name__ is to go at the end of the query (delayed name removal; otherwise it goes at once and this stays false).
  bool drop_name = false;
  std::vector<double> values;  // one per step; query::kAbsent where there is no float
  // Empty when no step has one; otherwise one per step. A step has a float or a histogram or neither, never both.
  std::vector<HistogramRef> histograms;

  const HistogramRef* histogram(std::size_t step) const {
    return histograms.empty() || !histograms[step] ? nullptr : &histograms[step];
  }
  bool has(std::size_t step) const { return query::is_present(values[step]) || histogram(step) != nullptr; }
  void set(std::size_t step, HistogramRef histogram) {
    if (histograms.empty()) histograms.resize(values.size());
    histograms[step] = std::move(histogram);
  }
  void clear(std::size_t step) {
    values[step] = query::kAbsent;
    if (!histograms.empty()) histograms[step].reset();
  }
  std::size_t samples() const;  // steps that have one
  std::size_t bytes() const;
};

StepSeries empty_series(LabelSet labels, std::size_t steps);  // no step has a value

struct StepVector {
  std::vector<StepSeries> series;
  Held held;  // what the series cost
};

// A scalar: one number for all steps, or one per step.
struct ScalarColumn {
  std::vector<double> values{0};
  double at(std::size_t step) const { return values.size() == 1 ? values[0] : values[step]; }
  bool constant() const { return values.size() == 1; }
};

// Takes what one series costs off the budget of the query. Errors: kInternal with Prometheus' text, kLimit.
Result<void> hold(Held& held, Budget& budget, const StepSeries& series);

// Series of equal labels become one. Where two of them have a value at one step (or, with `kNever`, in any case):
// "vector cannot contain metrics with the same labelset". Series without any value are dropped.
// With `kNoneEqual` the caller knows that there are none.
enum class Joining : std::uint8_t { kWhereApart, kNever, kNoneEqual };
Result<void> join_equal_labels(StepVector& vector, Joining joining = Joining::kWhereApart);

void drop_empty(StepVector& vector);

// -x, of floats and histograms.
void negate(StepSeries& series);

// One step for all: the column of a part of the query that does not depend on the step.
void repeat_steps(StepSeries& series, std::size_t steps);

}  // namespace trilobite::metrics
