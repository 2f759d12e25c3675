// Runs PromQL queries: the whole tree over the whole grid at once, series by series, never step by step.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/annotations.h"
#include "metrics/ast.h"
#include "metrics/histogram.h"
#include "query/context.h"
#include "query/time_grid.h"

namespace trilobite::metrics {

struct PromqlOptions {
  TimeNs lookback = 300 * kNsPerSecond;
  TimeNs subquery_step = 60 * kNsPerSecond;  // where none is written: the global evaluation interval
  std::size_t samples_max = 50'000'000;      // held at once; beyond it the query is refused with Prometheus' text
  std::size_t memory_max = 0;                // bytes of working memory of the query; 0: none
  bool delayed_name_removal = false;         // __name__ goes at the end of the query, so that label_replace can keep it
  bool start_of_all = false;                 // start_timestamp() of samples that do not say theirs: 0, else nothing
  bool whole_number_increase = false;        // rate, increase, delta without extrapolation (not Prometheus')
};

struct Point {
  TimeNs time = 0;
  double value = 0;
  HistogramRef histogram;  // null: a float
};
struct ResultSeries {
  LabelSet labels;
  std::vector<Point> points;  // one for an instant vector
};
struct QueryResult {
  ValueType type = ValueType::kNone;
  std::vector<ResultSeries> series;  // kVector, kMatrix: a vector in the engine's order, a matrix sorted by labels
  std::vector<Point> scalar;         // kScalar: one per step
  std::string string;                // kString
  std::uint64_t samples_read = 0, samples_peak = 0;
};

// `expr` was parsed from `query`. At one instant (grid.step == 0) any type comes out; over a range only kMatrix, and
// the expression must be a scalar or an instant vector. Errors: kInvalid (bad durations), kInternal with Prometheus'
// text for errors of execution, kLimit, kTimeout, kCancelled.
Result<QueryResult> run_promql(query::QueryContext& context, const Expr& expr, const query::TimeGrid& grid,
                               const PromqlOptions& options, Annotations& annotations);

}  // namespace trilobite::metrics
