// Aggregations that need all values of a group at one step.
#pragma once

#include "metrics/evaluator.h"

namespace trilobite::metrics {

// topk, bottomk, limitk, limit_ratio: some of the series, with their labels. At one instant ordered by value.
Result<StepVector> select_series(Evaluator& evaluator, const Expr& expr, const Aggregation& aggregation);
Result<StepVector> quantile_of_groups(Evaluator& evaluator, const Aggregation& aggregation);
Result<StepVector> count_values(Evaluator& evaluator, const Aggregation& aggregation);

}  // namespace trilobite::metrics
