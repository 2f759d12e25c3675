// Execution of a range aggregation of LogQL: lines to samples, samples to one value per group and step.
#pragma once

#include "logs/ast.h"
#include "query/context.h"
#include "query/matrix.h"

namespace trilobite::logql {

// `outer` is the vector aggregation around it, if any: a sum is computed here at once where that gives the same.
Result<query::Matrix> run_range_query(query::QueryContext& context, const RangeAggregation& range,
                                      const VectorAggregation* outer, const query::TimeGrid& grid);

}  // namespace trilobite::logql
