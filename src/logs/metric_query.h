// Evaluation of a metric expression of LogQL over a time grid.
#pragma once

#include <variant>

#include "logs/ast.h"
#include "query/context.h"
#include "query/matrix.h"

namespace trilobite::logql {

// A number for a literal, else series sorted by labels (or ordered, see Matrix::ordered).
using MetricValue = std::variant<double, query::Matrix>;

// Fails with kLimit when the answer has more series than allowed. How many points a grid may have is for the caller to
// check: APIs differ in how they count.
Result<MetricValue> run_metric_query(query::QueryContext& context, const Expr& expr, const query::TimeGrid& grid);

// kLimit when it has more series than an answer may have.
Result<void> check_series(const query::QueryContext& context, const query::Matrix& matrix);

}  // namespace trilobite::logql
