// What a query would read and hold, from the index and statistics of blocks alone: nothing is read for it.
#pragma once

#include "metrics/promql.h"

namespace trilobite::metrics {

struct QueryEstimate {
  std::uint64_t selectors = 0;
  std::uint64_t series = 0;   // that the selectors have, about
  std::uint64_t samples = 0;  // to be read, at most
  std::uint64_t bytes = 0;    // of memory, about: what is not reduced while it is read
};

// Durations must have been resolved. Each selector is opened, so this costs what looking up its series costs.
Result<QueryEstimate> estimate_promql(query::QueryContext& context, const Expr& expr, const query::TimeGrid& grid,
                                      const PromqlOptions& options);

// "about 1200 series with up to 345600 samples, 12 MiB of memory"
std::string estimate_text(const QueryEstimate& estimate);

}  // namespace trilobite::metrics
