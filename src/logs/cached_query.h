// Range queries of metrics with the results of earlier ones: the grid is cut into slices of whole steps at fixed times,
// known slices are taken, the rest is read in as few pieces as there are gaps.
#pragma once

#include "logs/metric_query.h"
#include "query/result_cache.h"

namespace trilobite::logql {

// As run_metric_query, with the same answer but for the last bits of sums, which depend on the order of addition.
Result<MetricValue> run_cached_query(query::QueryContext& context, const Expr& expr, const query::TimeGrid& grid,
                                     query::ResultCache& cache);

}  // namespace trilobite::logql
