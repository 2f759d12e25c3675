#include "api/loki_delete.h"

#include "api/cors.h"
#include "api/loki_answer.h"
#include "api/loki_api.h"
#include "api/tenant.h"
#include "ingest/timestamp.h"
#include "logs/text.h"

namespace trilobite::api {
namespace {

constexpr TimeNs kNsPerMillisecond = 1'000'000;
constexpr std::size_t kSecondsDigits = 10;

// Whole milliseconds, as Loki keeps the times of delete requests. Ten characters of seconds, or RFC 3339.
std::optional<TimeNs> parse_time(std::string_view text) {
  if (const auto time = ingest::parse_rfc3339(text)) return *time / kNsPerMillisecond * kNsPerMillisecond;
  if (text.size() != kSecondsDigits) return std::nullopt;
  const std::optional<double> seconds = logql::parse_number(text);
  // Ten characters hold larger numbers ("1e99999999") than a time may be.
  if (!seconds || !(*seconds > -9.2e9 && *seconds < 9.2e9)) return std::nullopt;
  return static_cast<TimeNs>(*seconds * 1000) * kNsPerMillisecond;
}

struct Range {
  TimeNs start = 0, end = 0;
};

Result<Range> parse_range(const http::Request& request, TimeNs now) {
  Range out;
  const std::string_view start = request.parameter("start").value_or("");
  if (start.empty()) return error(Code::kInvalid, "start time not set");
  const auto start_time = parse_time(start);
  if (!start_time)
    return error(Code::kInvalid, "invalid start time: require unix seconds or RFC3339 format");
  out.start = *start_time;
  const TimeNs now_whole = now / kNsPerMillisecond * kNsPerMillisecond;
  out.end = now_whole;
  if (const std::string_view end = request.parameter("end").value_or(""); !end.empty()) {
    const auto end_time = parse_time(end);
    if (!end_time) return error(Code::kInvalid, "invalid end time: require unix seconds or RFC3339 format");
    out.end = *end_time;
  }
  if (out.end > now_whole) return error(Code::kInvalid, "deletes in the future are not allowed");
  if (out.start > out.end) return error(Code::kInvalid, "start time can't be greater than end time");
  return out;
}

// Loki splits a request that filters lines into pieces of this length. One piece is enough here, but a value that Loki
// refuses is refused.
Result<void> check_interval(const http::Request& request, const Range& range, std::chrono::nanoseconds interval_max) {
  const TimeNs length = range.end - range.start;
  const std::string_view text = request.parameter("max_interval").value_or("");
  if (text.empty()) {
    if (length < kNsPerSecond)
      return error(Code::kInvalid, "difference between start time and end time must be at least one second");
    return {};
  }
  const auto interval = logql::parse_go_duration(text);
  if (!interval || *interval < kNsPerSecond)
    return error(Code::kInvalid, "invalid max_interval: valid time units are 's', 'm', 'h'");
  if (*interval > interval_max.count() && interval_max.count() != 0) {
    return error(Code::kInvalid, "max_interval can't be greater than {}",
                 logql::format_go_duration(interval_max.count()));
  }
  if (*interval > length) {
    return error(Code::kInvalid, "max_interval can't be greater than the interval to be deleted ({})",
                 logql::format_go_duration(length));
  }
  return {};
}

bool filters_lines(const logql::LogExpr& log) {
  for (const logql::Stage& stage : log.stages) {
    if (std::holds_alternative<logql::LineFilter>(stage) || std::holds_alternative<logql::LabelFilter>(stage))
      return true;
  }
  return false;
}

Result<http::Response> create(const LokiDelete& api, const http::Request& request, const std::string& tenant) {
  const std::string query(request.parameter("query").value_or(""));
  TRY(log, logql::parse_delete_query(query));
  TRY(range, parse_range(request, api.clock.now()));
  if (filters_lines(log)) TRY_VOID(check_interval(request, range, api.interval_max));
  TRY(created, api.requests->add(tenant, query, range.start, range.end));
  http::Response response;
  response.status = 204;
  response.headers.emplace_back("X-Delete-Request-Id", created.id);
  return response;
}

Result<http::Response> list(const LokiDelete& api, const http::Request&, const std::string& tenant) {
  http::Response response = http::Response::json(200, "");
  JsonWriter json(response.body);
  std::string time;
  const auto seconds = [&](TimeNs at) -> std::string_view {
    time.clear();
    write_time_seconds(time, at);
    return time;
  };
  json.begin_array();
  for (const logql::DeleteRequest& each : api.requests->list(tenant)) {
    const bool processed = each.state == logql::DeleteRequest::State::kProcessed;
    json.begin_object().key("request_id").string(each.id);
    json.key("start_time").raw(seconds(each.start)).key("end_time").raw(seconds(each.end));
    json.key("query").string(each.query).key("status").string(processed ? "processed" : "received");
    json.key("created_at").raw(seconds(each.created)).key("user_id").string("").end_object();
  }
  json.end_array();
  response.body += '\n';
  return response;
}

Result<http::Response> cancel(const LokiDelete& api, const http::Request& request, const std::string& tenant) {
  TRY_VOID(api.requests->cancel(tenant, request.parameter("request_id").value_or("")));
  http::Response response;
  response.status = 204;
  return response;
}

// These answers end in a line break, unlike those of the read API.
http::Response refusal(const Error& error) {
  http::Response response = loki_error(error);
  response.body += '\n';
  return response;
}

using DeleteHandler = Result<http::Response> (*)(const LokiDelete&, const http::Request&, const std::string&);

void add(http::Router& router, const LokiDelete& api, std::vector<std::string> methods, DeleteHandler handler) {
  router.add(std::move(methods), "/loki/api/v1/delete", [api, handler](const http::Request& request) {
    const TenantResult who = tenant_of(request, api.multi_tenant);
    if (who.refusal) return *who.refusal;
    if (api.requests == nullptr) {
      http::Response response = refusal(error(Code::kInvalid, "deletion is not available for this tenant"));
      response.status = 403;
      return response;
    }
    // A POST goes out from any page without being asked for.
    if (request.method != "GET" && comes_from_another_origin(request)) {
      return http::plain_failure(403, "a page of another origin asks for this");
    }
    Result<http::Response> response = handler(api, request, who.tenant);
    return response.ok() ? std::move(response).value() : refusal(response.error());
  });
}

}  // namespace

void add_loki_delete_routes(http::Router& router, const LokiDelete& api) {
  add(router, api, {"POST", "PUT"}, create);
  add(router, api, {"GET"}, list);
  add(router, api, {"DELETE"}, cancel);
}

}  // namespace trilobite::api
