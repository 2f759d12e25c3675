#include "api/loki_parameters.h"

#include <charconv>
#include <cmath>

#include "ingest/timestamp.h"
#include "logs/text.h"

namespace trilobite::api {
namespace {

constexpr TimeNs kSinceDefault = 3600 * kNsPerSecond;
constexpr double kNsMax = 9.2e18;  // what fits into TimeNs, with room to add

Error not_a_number(std::string_view text) {
  return error(Code::kInvalid, "strconv.ParseInt: parsing {}: invalid syntax", logql::quote(text));
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::string_view> given(const http::Request& request, std::string_view name) {
  const auto value = request.parameter(name);
  return value && !value->empty() ? value : std::nullopt;
}

Result<TimeNs> time_parameter(const http::Request& request, std::string_view name, TimeNs otherwise) {
  const auto text = given(request, name);
  if (!text) return otherwise;
  Result<TimeNs> time = parse_loki_time(*text);
  if (!time.ok()) return std::move(time).error().within("could not parse '{}' parameter", name);
  return time;
}

Result<TimeNs> since_parameter(const http::Request& request) {
  const auto text = given(request, "since");
  if (!text) return kSinceDefault;
  Result<std::int64_t> since = logql::parse_prometheus_duration(*text);
  if (!since.ok()) return std::move(since).error().within("could not parse 'since' parameter");
  return *since;
}

}  // namespace

Result<TimeNs> parse_loki_time(std::string_view text) {
  if (text.find('.') != std::string_view::npos) {
    const std::optional<double> seconds = logql::parse_number(text);
    if (seconds && std::fabs(*seconds) < kNsMax / 1e9) {
      double whole = 0;
      const double part = std::modf(*seconds, &whole);
      return static_cast<TimeNs>(whole) * kNsPerSecond + static_cast<TimeNs>(std::round(part * 1000)) * 1'000'000;
    }
  }
  if (const auto number = parse_integer(text)) {
    if (text.size() > 10) return *number;
    return *number * kNsPerSecond;
  }
  if (const auto time = ingest::parse_rfc3339(text)) return *time;
  return not_a_number(text);
}

Result<TimeNs> parse_loki_duration(std::string_view text) {
  if (const std::optional<double> seconds = logql::parse_number(text)) {
    if (std::isfinite(*seconds) && std::fabs(*seconds) < kNsMax / 1e9) return static_cast<TimeNs>(*seconds * 1e9);
    return error(Code::kInvalid, "cannot parse {} to a valid duration. It overflows int64", logql::quote(text));
  }
  if (const Result<std::int64_t> duration = logql::parse_prometheus_duration(text); duration.ok()) return *duration;
  return error(Code::kInvalid, "cannot parse {} to a valid duration", logql::quote(text));
}

Result<Bounds> loki_bounds(const http::Request& request, TimeNs now) {
  TRY(since, since_parameter(request));
  TRY(end, time_parameter(request, "end", now));
  TRY(start, time_parameter(request, "start", std::min(end, now) - since));
  return Bounds{start, end};
}

Result<Bounds> loki_ordered_bounds(const http::Request& request, TimeNs now) {
  TRY(bounds, loki_bounds(request, now));
  if (bounds.end >= bounds.start) return bounds;
  return error(Code::kInvalid, "end timestamp must not be before or equal to start time");
}

Result<std::size_t> loki_limit(const http::Request& request, std::string_view name, std::size_t otherwise) {
  const auto text = given(request, name);
  if (!text) return otherwise;
  const auto limit = parse_integer(*text);
  if (!limit) return error(Code::kInvalid, "strconv.Atoi: parsing {}: invalid syntax", logql::quote(*text));
  if (*limit <= 0) return error(Code::kInvalid, "limit must be a positive value");
  return static_cast<std::size_t>(*limit);
}

Result<Direction> loki_direction(const http::Request& request) {
  const auto text = given(request, "direction");
  if (!text) return Direction::kBackward;
  const std::string lower = logql::to_lower_ascii(*text);
  if (lower == "forward") return Direction::kForward;
  if (lower == "backward") return Direction::kBackward;
  return error(Code::kInvalid, "invalid direction '{}'", *text);
}

Result<TimeNs> loki_step(const http::Request& request, const Bounds& bounds) {
  const auto text = given(request, "step");
  if (!text) return std::max<TimeNs>(1, (bounds.end - bounds.start) / kNsPerSecond / 250) * kNsPerSecond;
  TRY(step, parse_loki_duration(*text));
  if (step > 0) return step;
  return error(Code::kInvalid,
               "zero or negative query resolution step widths are not accepted. Try a positive integer");
}

Result<TimeNs> loki_interval(const http::Request& request) {
  const auto text = given(request, "interval");
  if (!text) return TimeNs{0};
  TRY(interval, parse_loki_duration(*text));
  if (interval >= 0) return interval;
  return error(Code::kInvalid, "interval must be >= 0");
}

std::string_view loki_query(const http::Request& request) { return request.parameter("query").value_or(""); }

}  // namespace trilobite::api
