#include "api/prometheus_parameters.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "ingest/timestamp.h"
#include "logs/regex.h"
#include "logs/text.h"
#include "metrics/parser.h"

namespace trilobite::api {
namespace {

constexpr TimeNs kMillisecond = 1'000'000;
constexpr TimeNs kTimeMax = std::numeric_limits<TimeNs>::max() / kMillisecond * kMillisecond;
// What Go's times can say at most; clients take them from Prometheus' own answers.
constexpr std::string_view kEarliest = "-292273086-05-16T16:47:06Z", kLatest = "292277025-08-18T07:12:54.999999999Z";

bool matches_empty(const Matcher& matcher) {
  return matches_labels({matcher}, [](std::string_view) { return std::string_view(); });
}

}  // namespace

Result<TimeNs> parse_prometheus_time(std::string_view text) {
  if (const std::optional<double> seconds = logql::parse_number(text); seconds && std::isfinite(*seconds)) {
    if (std::abs(*seconds) > 9.2e9) return *seconds < 0 ? -kTimeMax : kTimeMax;
    double whole = 0;
    const double part = std::modf(*seconds, &whole);
    return static_cast<TimeNs>(whole) * kNsPerSecond + static_cast<TimeNs>(std::round(part * 1000)) * kMillisecond;
  }
  if (const auto time = ingest::parse_rfc3339(text)) {
    return *time - ((*time % kMillisecond) + kMillisecond) % kMillisecond;
  }
  if (text == kEarliest) return -kTimeMax;
  if (text == kLatest) return kTimeMax;
  return error(Code::kInvalid, "cannot parse {} to a valid timestamp", logql::quote(text));
}

Result<TimeNs> parse_prometheus_span(std::string_view text) {
  if (const std::optional<double> seconds = logql::parse_number(text); seconds && !std::isnan(*seconds)) {
    if (std::abs(*seconds) < 9.2e9) return static_cast<TimeNs>(*seconds * kNsPerSecond);
    return error(Code::kInvalid, "cannot parse {} to a valid duration. It overflows int64", logql::quote(text));
  }
  if (const Result<std::int64_t> duration = logql::parse_prometheus_duration(text); duration.ok()) return *duration;
  return error(Code::kInvalid, "cannot parse {} to a valid duration", logql::quote(text));
}

Error invalid_parameter(std::string_view name, std::string_view cause) {
  return error(Code::kInvalid, "invalid parameter \"{}\": {}", name, cause);
}

Result<TimeNs> prometheus_time(const http::Request& request, std::string_view name, TimeNs otherwise) {
  const std::string_view text = request.parameter(name).value_or("");
  if (text.empty()) return otherwise;
  const Result<TimeNs> time = parse_prometheus_time(text);
  if (time.ok()) return time;
  return invalid_parameter(name, fmt::format("invalid time value for '{}': {}", name, time.error().message));
}

Result<std::int64_t> parse_go_integer(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (code == std::errc() && end == digits.data() + digits.size() && !digits.starts_with('+')) return value;
  const bool far = code == std::errc::result_out_of_range && end == digits.data() + digits.size();
  return error(Code::kInvalid, "strconv.Atoi: parsing {}: {}", logql::quote(text),
               far ? "value out of range" : "invalid syntax");
}

std::optional<bool> parse_go_bool(std::string_view text) {
  static constexpr std::string_view kTrue[] = {"1", "t", "T", "TRUE", "true", "True"};
  static constexpr std::string_view kFalse[] = {"0", "f", "F", "FALSE", "false", "False"};
  if (std::ranges::find(kTrue, text) != std::end(kTrue)) return true;
  if (std::ranges::find(kFalse, text) != std::end(kFalse)) return false;
  return std::nullopt;
}

Result<std::size_t> prometheus_limit(const http::Request& request) {
  const std::string_view text = request.parameter("limit").value_or("");
  if (text.empty()) return std::size_t{0};
  const Result<std::int64_t> limit = parse_go_integer(text);
  if (!limit.ok()) return invalid_parameter("limit", limit.error().message);
  if (*limit < 0) return invalid_parameter("limit", "limit must be non-negative");
  return static_cast<std::size_t>(*limit);
}

Result<TimeRange> prometheus_range(const http::Request& request) {
  TRY(start, prometheus_time(request, "start", std::numeric_limits<TimeNs>::min()));
  TRY(end, prometheus_time(request, "end", kTimeMax));
  return TimeRange{start, end + 1};
}

Result<std::vector<std::vector<Matcher>>> prometheus_matchers(const http::Request& request) {
  std::vector<std::vector<Matcher>> sets;
  for (const std::string_view text : request.parameters("match[]")) {
    TRY(matchers, metrics::parse_selector(text));
    sets.push_back(std::move(matchers));
  }
  for (const auto& matchers : sets) {
    if (std::ranges::all_of(matchers, matches_empty)) {
      return error(Code::kInvalid, "match[] must contain at least one non-empty matcher");
    }
  }
  return sets;
}

bool matches_labels(const std::vector<Matcher>& matchers,
                    const std::function<std::string_view(std::string_view name)>& value_of) {
  return std::ranges::all_of(matchers, [&](const Matcher& matcher) {
    const std::string_view value = value_of(matcher.name);
    if (matcher.op == MatchOp::kEqual) return value == matcher.value;
    if (matcher.op == MatchOp::kNotEqual) return value != matcher.value;
    const auto regex = logql::Regex::compile(matcher.value, {.anchored = true});
    return regex.ok() && regex->matches(value) == (matcher.op == MatchOp::kRegex);
  });
}

}  // namespace trilobite::api
