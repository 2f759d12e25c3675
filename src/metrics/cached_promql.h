// Range queries with the results of earlier ones: the grid is cut into slices of whole steps at fixed times, known
// slices are taken, the rest is read in as few pieces as there are gaps.
#pragma once

#include "metrics/promql.h"
#include "query/result_cache.h"

namespace trilobite::metrics {

// As run_promql over a range, with the same answer but for the last bits of sums, which depend on the order of
// addition. Queries that look at fixed times (@) or at their own range are not cut; slices with histograms or
// annotations are not kept. Late samples and deletes change the version of what they touch, so what is kept of it is
// not used again.
Result<QueryResult> run_cached_promql(query::QueryContext& context, const Expr& expr, const query::TimeGrid& grid,
                                      const PromqlOptions& options, Annotations& annotations,
                                      query::ResultCache& cache);

}  // namespace trilobite::metrics
