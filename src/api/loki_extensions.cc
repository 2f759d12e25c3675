// Pages, lines around a line, and estimates.
#include "api/loki_extensions.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "api/loki_answer.h"
#include "api/loki_parameters.h"
#include "api/loki_query_limits.h"
#include "logs/log_page.h"
#include "logs/parser.h"
#include "logs/query_estimate.h"
#include "logs/text.h"

namespace trilobite::api {
namespace {

using logql::LogRow;

constexpr std::chrono::milliseconds kCountTime{250};  // for counting what an answer leaves out
constexpr std::size_t kAroundDefault = 10;
constexpr TimeNs kAroundRange = 24 * 3600 * kNsPerSecond;  // where to look for lines around, on either side

query::QueryContext make_context(const LokiApi& api, const http::Request& request, const std::string& tenant) {
  return query::QueryContext({api.store, api.query_pool, api.clock, api.running}, tenant, api.limits, request.cancel);
}

// Nothing where counting takes too long, or costs more than one query may.
std::optional<std::uint64_t> count_more(const query::QueryContext& context, const logql::LogExpr& log,
                                        const logql::LogQuery& query, const logql::LogPage& page) {
  if (!page.next) return std::nullopt;
  query::QueryLimits limits = context.limits();
  const auto shorter = [](std::chrono::nanoseconds limit) {
    return limit.count() == 0 ? std::chrono::nanoseconds(kCountTime)
                              : std::min<std::chrono::nanoseconds>(limit, kCountTime);
  };
  limits.timeout = shorter(limits.timeout);
  query::QueryContext counting({context.store(), context.pool(), context.clock()}, context.tenant(), limits, nullptr);
  const auto rows = logql::count_behind(counting, log, query, page);
  return rows.ok() ? std::optional(*rows) : std::nullopt;
}

Result<std::uint64_t> bytes_parameter(const http::Request& request) {
  const auto text = request.parameter("max_bytes");
  if (!text || text->empty()) return std::uint64_t{0};
  const auto bytes = logql::parse_bytes(*text);
  if (!bytes) return error(Code::kInvalid, "max_bytes {} is no size such as 10GB", logql::quote(*text));
  return *bytes;
}

Result<http::Response> estimate(const LokiApi& api, const http::Request& request, const std::string& tenant) {
  TRY(bounds, loki_ordered_bounds(request, api.clock.now()));
  TRY(expr, logql::parse(loki_query(request), {.extensions = true}));
  TRY_VOID(check_query(expr, loki_query(request), api.limits));
  query::QueryContext context = make_context(api, request, tenant);
  TRY(found, logql::estimate_query(context, expr, {bounds.start, bounds.end, 0}));
  http::Response response = http::Response::json(200, "");
  JsonWriter json(response.body);
  json.begin_object().key("status").string("success").key("data").begin_object();
  json.key("streams").number(found.streams).key("rows").number(found.rows).key("bytes").number(found.bytes);
  json.end_object().end_object();
  return response;
}

// before and after: 0 is allowed, unlike for limit.
Result<std::size_t> count_parameter(const http::Request& request, std::string_view name, std::size_t most) {
  const auto text = request.parameter(name);
  if (!text || text->empty()) return kAroundDefault;
  std::size_t count = 0;
  const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), count);
  if (failed != std::errc() || end != text->data() + text->size()) {
    return error(Code::kInvalid, "{} {} is no number of lines", name, logql::quote(*text));
  }
  if (count > most) {
    return error(Code::kLimit, "{} {} is more than max_entries_limit_per_query ({})", name, count, most);
  }
  return count;
}

Result<logql::SurroundingsQuery> surroundings_query(const LokiApi& api, const http::Request& request) {
  logql::SurroundingsQuery query;
  if (const auto cursor = request.parameter("cursor"); cursor && !cursor->empty()) {
    TRY(position, logql::parse_cursor(*cursor));
    query.time = position.time;
    query.hash = position.hash;
  } else {
    TRY(time, parse_loki_time(request.parameter("time").value_or("")));
    query.time = time;
    if (const auto line = request.parameter("line")) query.line = std::string(*line);
  }
  constexpr TimeNs kEdge = std::numeric_limits<TimeNs>::max() - kAroundRange;
  if (query.time > kEdge || query.time < -kEdge) return error(Code::kInvalid, "time is out of range");
  query.range = {query.time - kAroundRange, query.time + kAroundRange};
  if (request.parameter("start") || request.parameter("end")) {
    TRY(bounds, loki_ordered_bounds(request, api.clock.now()));
    query.range = {bounds.start, bounds.end};
  }
  TRY(before, count_parameter(request, "before", api.limits.entries_max));
  TRY(after, count_parameter(request, "after", api.limits.entries_max));
  query.before = before;
  query.after = after;
  return query;
}

void write_rows(JsonWriter& json, std::string_view key, const std::vector<LogRow>& rows, LabelEncoding encoding) {
  json.key(key).begin_array();
  for (const LogRow& row : rows) write_row(json, row, encoding);
  json.end_array();
}

Result<http::Response> context_of_line(const LokiApi& api, const http::Request& request, const std::string& tenant) {
  TRY(query, surroundings_query(api, request));
  TRY(expr, logql::parse(loki_query(request), {.extensions = true}));
  const auto* log = std::get_if<logql::LogExpr>(&expr.node);
  if (log == nullptr) return error(Code::kInvalid, "lines around a line are had with a log query, not a metric query");
  TRY_VOID(check_query(expr, loki_query(request), api.limits));
  query::QueryContext context = make_context(api, request, tenant);
  TRY(found, logql::run_surroundings(context, *log, query));
  const LabelEncoding encoding = label_encoding(request);
  http::Response response = http::Response::json(200, "");
  JsonWriter json(response.body);
  json.begin_object().key("status").string("success").key("data").begin_object();
  write_rows(json, "before", found.before, encoding);
  write_rows(json, "at", found.at, encoding);
  write_rows(json, "after", found.after, encoding);
  json.key("stats");
  write_statistics(json, context.statistics());
  json.end_object().end_object();
  return response;
}

}  // namespace

bool extensions_on(const http::Request& request, bool otherwise) {
  std::string_view text = request.parameter("extensions").value_or("");
  if (text.empty()) text = request.header("x-trilobite-extensions");
  return text.empty() ? otherwise : text == "true" || text == "1";
}

Result<http::Response> answer_page(query::QueryContext& context, const http::Request& request,
                                   const logql::LogExpr& log, const logql::LogQuery& query) {
  std::optional<logql::LogPosition> after;
  if (const auto cursor = request.parameter("cursor"); cursor && !cursor->empty()) {
    TRY(position, logql::parse_cursor(*cursor));
    after = position;
  }
  TRY(page, logql::run_log_page(context, log, query, after));
  AnswerExtensions extensions;
  extensions.truncated = page.truncated;
  if (page.next) extensions.cursor = logql::to_cursor(*page.next);
  extensions.ordered = log.sort.has_value();
  // Whoever goes from page to page knows from the first one.
  if (!after && request.parameter("count").value_or("true") != "false") {
    extensions.rows_more = count_more(context, log, query, page);
  }
  return streams_answer(std::move(page.rows), label_encoding(request), context.statistics(), std::move(extensions));
}

Result<void> check_request_budget(const LokiApi& api, const http::Request& request, const std::string& tenant,
                                  const logql::Expr& expr, const query::TimeGrid& grid) {
  std::uint64_t bytes_max = api.limits.bytes_read_max;
  if (extensions_on(api, request)) {
    TRY(asked, bytes_parameter(request));
    if (asked > 0) bytes_max = bytes_max == 0 ? asked : std::min(bytes_max, asked);
  }
  query::QueryContext context = make_context(api, request, tenant);
  return logql::check_budget(context, expr, grid, bytes_max);
}

void add_extension_routes(http::Router& router, const LokiApi& api) {
  add_loki_route(router, api, "/loki/api/v1/estimate", estimate);
  add_loki_route(router, api, "/loki/api/v1/context", context_of_line);
}

}  // namespace trilobite::api
