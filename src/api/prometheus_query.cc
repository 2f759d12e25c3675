// query, query_range, format_query and parse_query.
#include <algorithm>
#include <cmath>

#include "api/prometheus_answer.h"
#include "api/prometheus_parameters.h"
#include "api/query_spans.h"
#include "logs/text.h"
#include "metrics/ast_children.h"
#include "metrics/ast_json.h"
#include "metrics/cached_promql.h"
#include "metrics/durations.h"
#include "metrics/printer.h"
#include "metrics/query_estimate.h"
#include "query/context.h"

namespace trilobite::api {
namespace {

using metrics::ExprPtr;
using metrics::ValueType;

constexpr TimeNs kMillisecond = 1'000'000;
constexpr TimeNs kLookbackMax = 366 * 86'400 * kNsPerSecond;  // a year: what is older is no value of now
constexpr std::size_t kEstimatedSteps = 1'000;  // queries of fewer steps are not estimated first: it costs a lookup

query::QueryEngine engine_of(const PrometheusApi& api) {
  return {api.store, api.query_pool, api.clock, api.running};
}

std::string_view query_text(const http::Request& request) { return request.parameter("query").value_or(""); }

// What a request asks besides the expression and the points in time.
struct Settings {
  metrics::PromqlOptions promql;
  query::QueryLimits limits;
  std::size_t series_max = 0;  // of the answer; 0: all
  bool statistics = false;
  std::vector<std::string> warnings;
};

Result<TimeNs> timeout_of(const PrometheusApi& api, const http::Request& request) {
  const std::string_view text = request.parameter("timeout").value_or("");
  if (text.empty()) return api.options.timeout;
  const Result<TimeNs> asked = parse_prometheus_span(text);
  if (!asked.ok()) return invalid_parameter("timeout", asked.error().message);
  return std::min(*asked, api.options.timeout);
}

Result<bool> flag_of(const http::Request& request, std::string_view name, bool otherwise) {
  const std::string_view text = request.parameter(name).value_or("");
  if (text.empty()) return otherwise;
  if (const std::optional<bool> value = parse_go_bool(text)) return *value;
  return invalid_parameter(name, fmt::format("{} is neither true nor false", logql::quote(text)));
}

// In the order in which Prometheus looks at them.
Result<Settings> settings_of(const PrometheusApi& api, const http::Request& request, const std::string& tenant) {
  Settings out;
  TRY(timeout, timeout_of(api, request));
  if (api.limits_of) out.limits = api.limits_of(tenant);
  out.limits.timeout = std::chrono::nanoseconds(std::max<TimeNs>(timeout, 1));
  out.promql.lookback = api.options.lookback;
  out.promql.subquery_step = api.options.subquery_step;
  out.promql.samples_max = api.options.samples_max;
  out.promql.memory_max = out.limits.memory_max;
  if (const std::string_view text = request.parameter("lookback_delta").value_or(""); !text.empty()) {
    const Result<TimeNs> lookback = parse_prometheus_span(text);
    if (!lookback.ok()) {
      return error(Code::kInvalid, "error parsing lookback delta duration: {}", lookback.error().message);
    }
    if (*lookback > 0) out.promql.lookback = std::min(*lookback, kLookbackMax);
  }
  TRY(extrapolate, flag_of(request, "extrapolate", true));
  out.promql.whole_number_increase = !extrapolate;
  if (const std::string_view stats = request.parameter("stats").value_or(""); !stats.empty()) {
    out.statistics = true;
    if (stats != "true" && stats != "all") {
      out.warnings.push_back(fmt::format("stats=\"{}\" is deprecated, use \"true\" or \"all\"", stats));
    }
  }
  return out;
}

// Parsed, with every duration resolved on the grid.
Result<ExprPtr> prepare(const PrometheusApi& api, const http::Request& request, const query::TimeGrid& grid) {
  const trace::Span span = start_parsing("promql", query_text(request));
  Result<ExprPtr> expr = metrics::parse_promql(query_text(request), api.options.language);
  if (!expr.ok()) return invalid_parameter("query", expr.error().message);
  if (grid.step > 0 && (*expr)->type != ValueType::kVector && (*expr)->type != ValueType::kScalar) {
    return invalid_parameter(
        "query", fmt::format("invalid expression type \"{}\" for range query, must be Scalar or instant Vector",
                             metrics::type_name((*expr)->type)));
  }
  if (const Result<void> resolved = metrics::resolve_durations(**expr, grid); !resolved.ok()) {
    return invalid_parameter("query", resolved.error().message);
  }
  return expr;
}

// What clients of Prometheus see when a query is ended from outside.
Error execution_error(Error error) {
  if (error.code == Code::kTimeout) error.message = "query timed out in expression evaluation";
  if (error.code == Code::kCancelled) error.message = "query was canceled in expression evaluation";
  if (error.code == Code::kInvalid) error.code = Code::kInternal;
  return error;
}

bool wants_no_cache(const http::Request& request) {
  return request.header("cache-control").find("no-cache") != std::string_view::npos;
}

// Refuses what would need several times the memory that a query has, before anything is read. What comes near the limit
// is not refused on an estimate: the evaluation itself counts exactly.
Result<void> check_budget(query::QueryContext& context, const metrics::Expr& expr, const query::TimeGrid& grid,
                          const Settings& settings) {
  if (settings.promql.memory_max == 0 || grid.steps() < kEstimatedSteps) return {};
  Result<metrics::QueryEstimate> estimate = metrics::estimate_promql(context, expr, grid, settings.promql);
  if (!estimate.ok()) return execution_error(std::move(estimate).error());
  if (estimate->bytes / 2 <= settings.promql.memory_max) return {};
  return error(Code::kLimit,
               "query would read {}, more than the {} MiB that a query may take; select fewer series, a "
               "shorter time or a larger step",
               metrics::estimate_text(*estimate), settings.promql.memory_max >> 20);
}

void truncate(metrics::QueryResult& result, std::size_t series_max, std::vector<std::string>& warnings) {
  if (series_max == 0 || result.series.size() <= series_max) return;
  result.series.resize(series_max);
  warnings.emplace_back("results truncated due to limit");
}

void append_all(std::vector<std::string>& to, std::vector<std::string> from) {
  std::ranges::move(from, std::back_inserter(to));
}

Result<PrometheusAnswer> run(const PrometheusApi& api, const http::Request& request, const std::string& tenant,
                             const Settings& settings, const query::TimeGrid& grid) {
  const auto started = api.clock.steady();
  TRY(expr, prepare(api, request, grid));
  query::QueryContext context(engine_of(api), tenant, settings.limits, request.cancel);
  const auto prepared = api.clock.steady();
  metrics::Annotations annotations;
  trace::Span span = kExecuteSpan.start();
  TRY_VOID(check_budget(context, *expr, grid, settings));
  const bool cached = grid.step > 0 && api.results != nullptr && !wants_no_cache(request);
  Result<metrics::QueryResult> result =
      cached ? metrics::run_cached_promql(context, *expr, grid, settings.promql, annotations, *api.results)
             : metrics::run_promql(context, *expr, grid, settings.promql, annotations);
  end_span(span, result);
  if (!result.ok()) return execution_error(std::move(result).error());
  const auto evaluated = api.clock.steady();
  if (result->type == ValueType::kString && result->scalar.empty()) result->scalar.push_back({grid.start, 0, nullptr});
  std::vector<std::string> warnings = settings.warnings;
  truncate(*result, settings.series_max, warnings);
  QueryTimings timings;
  timings.preparation = prepared - started;
  timings.evaluation = evaluated - prepared;
  timings.total = evaluated - started;
  PrometheusAnswer answer = query_answer(std::move(*result), settings.statistics, timings);
  append_all(warnings, annotations.warnings(query_text(request)));
  append_all(warnings, context.statistics().scan.warnings);
  answer.warnings = std::move(warnings);
  answer.infos = annotations.infos(query_text(request));
  return answer;
}

Result<PrometheusAnswer> query_instant(const PrometheusApi& api, const http::Request& request,
                                       const std::string& tenant) {
  TRY(limit, prometheus_limit(request));
  const TimeNs now = api.clock.now() / kMillisecond * kMillisecond;
  TRY(asked, prometheus_time(request, "time", now));
  const TimeNs at = metrics::within_reach(asked);
  TRY(settings, settings_of(api, request, tenant));
  settings.series_max = limit;
  return run(api, request, tenant, settings, query::TimeGrid::instant(at));
}

// start and end of a range have no default.
Result<TimeNs> range_time(const http::Request& request, std::string_view name) {
  const Result<TimeNs> time = parse_prometheus_time(request.parameter(name).value_or(""));
  if (!time.ok()) return invalid_parameter(name, time.error().message);
  return metrics::within_reach(*time);
}

// 11,000
std::string with_commas(std::size_t number) {
  std::string out = std::to_string(number);
  for (std::size_t at = out.size(); at > 3;) out.insert(at -= 3, ",");
  return out;
}

Result<query::TimeGrid> grid_of(const PrometheusApi& api, const http::Request& request) {
  TRY(start, range_time(request, "start"));
  TRY(end, range_time(request, "end"));
  if (end < start) return invalid_parameter("end", "end timestamp must not be before start time");
  const Result<TimeNs> step = parse_prometheus_span(request.parameter("step").value_or(""));
  if (!step.ok()) return invalid_parameter("step", step.error().message);
  if (*step <= 0) {
    return invalid_parameter("step",
                             "zero or negative query resolution step widths are not accepted. Try a positive integer");
  }
  if (metrics::time_minus(end, start) / *step > static_cast<TimeNs>(api.options.points_max)) {
    return error(Code::kInvalid,
                 "exceeded maximum resolution of {} points per timeseries. Try decreasing the query resolution "
                 "(?step=XX)",
                 with_commas(api.options.points_max));
  }
  return query::TimeGrid{start, end, std::max(*step / kMillisecond, TimeNs{1}) * kMillisecond};
}

Result<PrometheusAnswer> query_range(const PrometheusApi& api, const http::Request& request,
                                     const std::string& tenant) {
  TRY(limit, prometheus_limit(request));
  TRY(grid, grid_of(api, request));
  TRY(settings, settings_of(api, request, tenant));
  settings.series_max = limit;
  return run(api, request, tenant, settings, grid);
}

Result<query::TimeGrid> asked_grid(const PrometheusApi& api, const http::Request& request) {
  if (!request.parameter("step").value_or("").empty()) return grid_of(api, request);
  TRY(at, prometheus_time(request, "time", api.clock.now() / kMillisecond * kMillisecond));
  return query::TimeGrid::instant(metrics::within_reach(at));
}

// What query or query_range with the same parameters would cost; ours, not Prometheus'.
Result<PrometheusAnswer> query_estimate(const PrometheusApi& api, const http::Request& request,
                                        const std::string& tenant) {
  TRY(grid, asked_grid(api, request));
  TRY(settings, settings_of(api, request, tenant));
  TRY(expr, prepare(api, request, grid));
  query::QueryContext context(engine_of(api), tenant, settings.limits, request.cancel);
  Result<metrics::QueryEstimate> estimate = metrics::estimate_promql(context, *expr, grid, settings.promql);
  if (!estimate.ok()) return execution_error(std::move(estimate).error());
  PrometheusAnswer answer;
  JsonWriter json(answer.data);
  json.begin_object().key("selectors").number(estimate->selectors).key("series").number(estimate->series);
  json.key("samplesMax").number(estimate->samples).key("memoryBytes").number(estimate->bytes);
  json.key("memoryBytesMax").number(std::uint64_t{settings.promql.memory_max}).end_object();
  return answer;
}

// The nodes of a query with their places in it, and what each of them gives when it is evaluated by itself. What a
// range query cannot have at its root has no figures there.
Result<void> explain_node(query::QueryContext& context, const metrics::Expr& expr, const query::TimeGrid& grid,
                          const Settings& settings, JsonWriter& json) {
  json.begin_object().key("text").string(metrics::node_text(expr));
  json.key("type").string(metrics::type_name(expr.type));
  json.key("start").number(std::uint64_t{expr.position.start}).key("end").number(std::uint64_t{expr.position.end});
  const bool runs = grid.step == 0 || expr.type == ValueType::kVector || expr.type == ValueType::kScalar;
  const auto* selector = std::get_if<metrics::VectorSelector>(&expr.node);
  if (runs && (selector == nullptr || !selector->bypass_empty_check)) {
    metrics::Annotations annotations;
    const auto started = context.clock().steady();
    Result<metrics::QueryResult> result = metrics::run_promql(context, expr, grid, settings.promql, annotations);
    if (!result.ok()) return execution_error(std::move(result).error());
    const std::chrono::duration<double> seconds = context.clock().steady() - started;
    std::uint64_t points = result->scalar.size();
    for (const metrics::ResultSeries& series : result->series) points += series.points.size();
    json.key("series").number(std::uint64_t{result->series.size()}).key("points").number(points);
    json.key("samplesRead").number(result->samples_read).key("seconds").number(seconds.count());
  }
  json.key("children").begin_array();
  for (const metrics::Expr* child : metrics::children_of(expr)) {
    TRY_VOID(explain_node(context, *child, grid, settings, json));
  }
  json.end_array().end_object();
  return {};
}

Result<PrometheusAnswer> query_explain(const PrometheusApi& api, const http::Request& request,
                                       const std::string& tenant) {
  TRY(grid, asked_grid(api, request));
  TRY(settings, settings_of(api, request, tenant));
  TRY(expr, prepare(api, request, grid));
  query::QueryContext context(engine_of(api), tenant, settings.limits, request.cancel);
  PrometheusAnswer answer;
  JsonWriter json(answer.data);
  TRY_VOID(explain_node(context, *expr, grid, settings, json));
  return answer;
}

Result<ExprPtr> parsed(const PrometheusApi& api, const http::Request& request) {
  Result<ExprPtr> expr = metrics::parse_promql(query_text(request), api.options.language);
  if (!expr.ok()) return invalid_parameter("query", expr.error().message);
  return expr;
}

Result<PrometheusAnswer> format_query(const PrometheusApi& api, const http::Request& request, const std::string&) {
  TRY(expr, parsed(api, request));
  PrometheusAnswer answer;
  append_json_string(answer.data, metrics::to_pretty_string(*expr));
  return answer;
}

Result<PrometheusAnswer> parse_query(const PrometheusApi& api, const http::Request& request, const std::string&) {
  TRY(expr, parsed(api, request));
  PrometheusAnswer answer;
  metrics::append_ast_json(answer.data, *expr);
  return answer;
}

}  // namespace

void add_prometheus_query_routes(http::Router& router, const PrometheusApi& api) {
  add_prometheus_route(router, api, {"GET", "POST"}, "/query", query_instant);
  add_prometheus_route(router, api, {"GET", "POST"}, "/query_range", query_range);
  add_prometheus_route(router, api, {"GET", "POST"}, "/query_estimate", query_estimate);
  add_prometheus_route(router, api, {"GET", "POST"}, "/query_explain", query_explain);
  add_prometheus_route(router, api, {"GET", "POST"}, "/format_query", format_query);
  add_prometheus_route(router, api, {"GET", "POST"}, "/parse_query", parse_query);
}

}  // namespace trilobite::api
