// Parameters of Prometheus' API, with its rules and error texts.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "api/http.h"
#include "base/clock.h"
#include "base/result.h"
#include "storage/store.h"

namespace trilobite::api {

// Seconds, fractions rounded to milliseconds, or RFC 3339; whole milliseconds. What lies outside what nanoseconds can
// hold is its end.
Result<TimeNs> parse_prometheus_time(std::string_view text);
// Seconds, or a duration such as 1h30m.
Result<TimeNs> parse_prometheus_span(std::string_view text);

// "invalid parameter "NAME": CAUSE"
Error invalid_parameter(std::string_view name, std::string_view cause);

// Absent or empty: `otherwise`.
Result<TimeNs> prometheus_time(const http::Request& request, std::string_view name, TimeNs otherwise);
// 0: none.
Result<std::size_t> prometheus_limit(const http::Request& request);
// A whole number as Go reads it, with Go's error.
Result<std::int64_t> parse_go_integer(std::string_view text);
// 1, t, T, true, TRUE, True and their opposites.
std::optional<bool> parse_go_bool(std::string_view text);

// start and end, which may be missing: all there is. `end` of the range is exclusive.
Result<TimeRange> prometheus_range(const http::Request& request);

// match[] of the request, each with a matcher that cannot match an empty value. The error is without
// "invalid parameter".
Result<std::vector<std::vector<Matcher>>> prometheus_matchers(const http::Request& request);

// Whether labels that are in no store pass all of them; `value_of` gives "" for a label that is not there.
bool matches_labels(const std::vector<Matcher>& matchers,
                    const std::function<std::string_view(std::string_view name)>& value_of);

}  // namespace trilobite::api
