// Evaluation of a metric expression of LogQL over a time grid.
#pragma once

#include <variant>

#include "logs/ast.h"
#include "query/context.h"
#include "query/matrix.h"

namespace trilobite::logql {

// A number for a literal, else series sorted by labels (or ordered, see Matrix::ordered).
using MetricValue = std::variant<double, query::Matrix>;

// Fails with kLimit when the answer has more series than allowed, and for grids with too many points.
Result<MetricValue> run_metric_query(query::QueryContext& context, const Expr& expr, const query::TimeGrid& grid);

}  // namespace trilobite::logql
