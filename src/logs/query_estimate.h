// What a query would look at, from the index alone: nothing is read.
#pragma once

#include <cstdint>

#include "logs/ast.h"
#include "query/context.h"
#include "query/time_grid.h"

namespace trilobite::logql {

struct QueryEstimate {
  std::uint64_t streams = 0, rows = 0;
  std::uint64_t bytes = 0;  // raw text of the lines
};

// An upper bound: whole blocks count at the edges of the time range, and filters may skip most of it. Every selector of
// the expression counts, one used twice twice. For a log query the grid's start and end are the time range.
Result<QueryEstimate> estimate_query(query::QueryContext& context, const Expr& expr, const query::TimeGrid& grid);

// kLimit, with the estimate, when that is more than `bytes_max`; 0: no limit.
Result<void> check_budget(query::QueryContext& context, const Expr& expr, const query::TimeGrid& grid,
                          std::uint64_t bytes_max);

}  // namespace trilobite::logql
