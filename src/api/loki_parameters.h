// Parameters of Loki's read API, with its rules and error texts.
#pragma once

#include <optional>
#include <string_view>

#include "api/http.h"
#include "base/clock.h"
#include "base/result.h"
#include "storage/store.h"

namespace trilobite::api {

// Up to ten digits are seconds, more are nanoseconds; with a point: seconds, rounded to milliseconds; or RFC 3339.
Result<TimeNs> parse_loki_time(std::string_view text);
// Seconds, or a duration such as 1h30m.
Result<TimeNs> parse_loki_duration(std::string_view text);

// start, end and since. End is now by default, start is `since` (1h by default) before the end or now.
struct Bounds {
  TimeNs start = 0;
  TimeNs end = 0;
};
Result<Bounds> loki_bounds(const http::Request& request, TimeNs now);
// The same, and the end must not be before the start.
Result<Bounds> loki_ordered_bounds(const http::Request& request, TimeNs now);

// A positive number; `otherwise` when it is absent.
Result<std::size_t> loki_limit(const http::Request& request, std::string_view name, std::size_t otherwise);
Result<Direction> loki_direction(const http::Request& request);
// By default a 250th of the time range in whole seconds, at least one. Never zero or negative.
Result<TimeNs> loki_step(const http::Request& request, const Bounds& bounds);
Result<TimeNs> loki_interval(const http::Request& request);
std::string_view loki_query(const http::Request& request);  // "" when absent

}  // namespace trilobite::api
