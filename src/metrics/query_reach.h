// How far the samples that an expression looks at lie from the time at which it is evaluated.
#pragma once

#include <optional>

#include "metrics/promql.h"

namespace trilobite::metrics {

// Evaluated at t, the expression sees samples in (t - oldest, t - newest].
struct QueryReach {
  TimeNs oldest = 0, newest = 0;
  bool any = false;  // it sees samples at all
};

// Nothing when the expression is tied to fixed times or to the range of the query: @, start(), end(), range().
// Durations must have been resolved.
std::optional<QueryReach> reach_of(const Expr& expr, const PromqlOptions& options);

}  // namespace trilobite::metrics
