// query, query_range and format_query.
#include <algorithm>

#include "api/loki_answer.h"
#include "api/loki_api.h"
#include "api/loki_extensions.h"
#include "api/loki_parameters.h"
#include "api/loki_query_limits.h"
#include "api/query_spans.h"
#include "logs/cached_query.h"
#include "logs/log_query.h"
#include "logs/metric_query.h"
#include "logs/parser.h"
#include "logs/printer.h"
#include "logs/text.h"
#include "query/context.h"

namespace trilobite::api {
namespace {

using logql::Expr;

constexpr std::size_t kEntriesDefault = 100;

query::QueryContext make_context(const LokiApi& api, const http::Request& request, const std::string& tenant) {
  return query::QueryContext({api.store, api.query_pool, api.clock, api.running}, tenant, api.limits, request.cancel);
}

Result<Expr> parse_query(const LokiApi& api, const http::Request& request) {
  const trace::Span span = start_parsing("logql", loki_query(request));
  return logql::parse(loki_query(request), {extensions_on(api, request)});
}

Result<void> check_points(const Bounds& bounds, TimeNs step, const query::QueryLimits& limits) {
  if (static_cast<std::size_t>((bounds.end - bounds.start) / step) <= limits.points_max) return {};
  return error(Code::kLimit,
               "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step "
               "parameter");
}

Result<void> check_entries(std::size_t limit, const query::QueryLimits& limits) {
  if (limit <= limits.entries_max) return {};
  return error(Code::kLimit, "max entries limit per query exceeded, limit > max_entries_limit_per_query ({} > {})",
               limit, limits.entries_max);
}

// Start down and end up to a multiple of the step since the epoch, as Loki does when it splits queries: answers of
// neighbouring time ranges then have points in common.
query::TimeGrid aligned_grid(const Bounds& bounds, TimeNs step) {
  const auto down = [step](TimeNs time) { return time - ((time % step) + step) % step; };
  const TimeNs end = down(bounds.end);
  return {down(bounds.start), end == bounds.end ? end : end + step, step};
}

Result<http::Response> answer_log_query(const LokiApi& api, const http::Request& request, const std::string& tenant,
                                        const logql::LogExpr& log, logql::LogQuery query) {
  TRY_VOID(check_entries(query.limit, api.limits));
  query::QueryContext context = make_context(api, request, tenant);
  const trace::Span span = kExecuteSpan.start();
  if (extensions_on(api, request)) return answer_page(context, request, log, query);
  TRY(rows, logql::run_log_query(context, log, query));
  return streams_answer(std::move(rows), label_encoding(request), context.statistics());
}

bool wants_no_cache(const http::Request& request) {
  return request.header("cache-control").find("no-cache") != std::string_view::npos;
}

Result<http::Response> answer_metric_query(const LokiApi& api, const http::Request& request, const std::string& tenant,
                                           const Expr& expr, const query::TimeGrid& grid, bool instant) {
  query::QueryContext context = make_context(api, request, tenant);
  query::ResultCache* results = instant || wants_no_cache(request) ? nullptr : api.results;
  const trace::Span span = kExecuteSpan.start();
  TRY(value, results == nullptr ? logql::run_metric_query(context, expr, grid)
                                : logql::run_cached_query(context, expr, grid, *results));
  return metric_answer(value, grid, instant, context.statistics());
}

Result<http::Response> query_range(const LokiApi& api, const http::Request& request, const std::string& tenant) {
  TRY(bounds, loki_ordered_bounds(request, api.clock.now()));
  TRY(limit, loki_limit(request, "limit", kEntriesDefault));
  TRY(direction, loki_direction(request));
  TRY(step, loki_step(request, bounds));
  TRY(interval, loki_interval(request));
  TRY_VOID(check_points(bounds, step, api.limits));
  TRY(expr, parse_query(api, request));
  TRY_VOID(check_query(expr, loki_query(request), api.limits));
  TRY_VOID(check_length(bounds, api.limits));
  bounds = within_lookback(bounds, api.clock.now(), api.limits);
  TRY_VOID(check_request_budget(api, request, tenant, expr, {bounds.start, bounds.end, step}));
  if (const auto* log = std::get_if<logql::LogExpr>(&expr.node)) {
    return answer_log_query(api, request, tenant, *log, {{bounds.start, bounds.end}, direction, limit, interval});
  }
  return answer_metric_query(api, request, tenant, expr, aligned_grid(bounds, step), false);
}

Result<http::Response> query_instant(const LokiApi& api, const http::Request& request, const std::string& tenant) {
  TimeNs at = api.clock.now();
  if (const auto text = request.parameter("time"); text && !text->empty()) {
    TRY(time, parse_loki_time(*text));
    at = time;
  }
  TRY_VOID(loki_limit(request, "limit", kEntriesDefault));
  TRY_VOID(loki_direction(request));
  TRY(expr, parse_query(api, request));
  if (expr.is_log()) {
    return error(
        Code::kInvalid,
        "log queries are not supported as an instant query type, please change your query to a range query type");
  }
  TRY_VOID(check_query(expr, loki_query(request), api.limits));
  TRY_VOID(check_request_budget(api, request, tenant, expr, query::TimeGrid::instant(at)));
  return answer_metric_query(api, request, tenant, expr, query::TimeGrid::instant(at), true);
}

// Needs no tenant; its errors are JSON, unlike those of every other endpoint.
Result<http::Response> format_query(const LokiApi& api, const http::Request& request, const std::string&) {
  const Result<Expr> expr = logql::parse(loki_query(request), {extensions_on(api, request)});
  http::Response response = http::Response::json(expr.ok() ? 200 : 400, "");
  JsonWriter json(response.body);
  json.begin_object().key("status").string(expr.ok() ? "success" : "invalid-query");
  if (expr.ok()) {
    json.key("data").string(logql::to_pretty_string(*expr));
  } else {
    json.key("error").string(expr.error().message);
  }
  json.end_object();
  return response;
}

}  // namespace

void add_loki_query_routes(http::Router& router, const LokiApi& api) {
  add_loki_route(router, api, "/loki/api/v1/query", query_instant);
  add_loki_route(router, api, "/loki/api/v1/query_range", query_range);
  add_loki_route(router, api, "/loki/api/v1/format_query", format_query);
}

}  // namespace trilobite::api
