// drilldown-limits and the limits of a tenant: what Grafana's Logs Drilldown asks before it builds queries.
#include "api/loki_answer.h"
#include "api/loki_api.h"
#include "api/status.h"
#include "logs/text.h"

namespace trilobite::api {
namespace {

Result<http::Response> drilldown_limits(const LokiApi& api, const http::Request&, const std::string&) {
  const query::QueryLimits& limits = api.limits;
  const auto duration = [](std::chrono::nanoseconds time) { return logql::format_prometheus_duration(time.count()); };
  http::Response response = http::Response::json(200, "");
  JsonWriter json(response.body);
  json.begin_object().key("limits").begin_object();
  json.key("discover_log_levels").boolean(true);
  json.key("max_entries_limit_per_query").number(std::uint64_t{limits.entries_max});
  json.key("max_query_bytes_read").string(std::to_string(limits.bytes_read_max) + "B");
  json.key("max_query_length").string(duration(limits.length_max));
  json.key("max_query_lookback").string(duration(limits.lookback_max));
  json.key("max_query_range").string(duration(limits.interval_max));
  json.key("max_query_series").number(std::uint64_t{limits.series_max});
  json.key("query_timeout").string(duration(limits.timeout));
  json.key("volume_enabled").boolean(true);
  json.key("volume_max_series").number(std::uint64_t{limits.volumes_max});
  json.end_object();
  json.key("pattern_ingester_enabled").boolean(true);
  json.key("version").string(build_info().version).end_object();
  return response;
}

}  // namespace

void add_loki_limits_routes(http::Router& router, const LokiApi& api) {
  for (const char* path : {"/loki/api/v1/drilldown-limits", "/config/tenant/v1/limits"}) {
    add_loki_route(router, api, path, drilldown_limits);
  }
}

}  // namespace trilobite::api
