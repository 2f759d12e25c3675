// Durations of a query: resolving expressions over step() and range(), writing them, and adding without overflow.
#pragma once

#include <string>

#include "base/result.h"
#include "metrics/ast.h"
#include "query/time_grid.h"

namespace trilobite::metrics {

// Times and durations of queries are held within this reach around 1970 (the years 1827 to 2112), so that a time plus
// or minus a range and some more does not overflow.
inline constexpr TimeNs kTimeReach = 4'500'000'000'000'000'000;
TimeNs within_reach(TimeNs time);

// What a duration is on this grid, in nanoseconds. step() is that of the grid and range() its length: both 0 at an
// instant. A range or a step must be above 0, an offset may be anything. Errors are kInvalid with Prometheus' texts,
// which begin "START:END: ".
Result<TimeNs> resolve_range(const Duration& duration, const query::TimeGrid& grid);
Result<TimeNs> resolve_offset(const Duration& duration, const query::TimeGrid& grid);

// Sets `value` of every duration of the tree that has an expression; the expressions stay for the printer. The first
// error is that which Prometheus reports.
Result<void> resolve_durations(Expr& expr, const query::TimeGrid& grid);

// "1h30m", "0s", "-5m": whole milliseconds, as Prometheus writes durations.
std::string duration_text(TimeNs duration);

// Sums and differences that stop at the ends of time instead of overflowing.
TimeNs time_plus(TimeNs a, TimeNs b);
TimeNs time_minus(TimeNs a, TimeNs b);

}  // namespace trilobite::metrics
