// What the process says about itself in Prometheus' words, and the endpoints of targets.
#include <algorithm>
#include <array>

#include "api/build_revision.h"
#include "api/prometheus_answer.h"
#include "api/prometheus_parameters.h"
#include "api/self_metrics.h"
#include "api/status.h"
#include "ingest/timestamp.h"
#include "logs/text.h"
#include "metrics/functions.h"

namespace trilobite::api {
namespace {

// What clients look for behind this version is served.
constexpr std::string_view kPrometheusVersion = "3.14.0";

using Answer = Result<PrometheusAnswer>;

PrometheusAnswer data(std::string json) { return {std::move(json), {}, {}}; }

// ---- status ----

Answer status_config(const PrometheusApi& api, const http::Request&, const std::string&) {
  PrometheusAnswer answer;
  JsonWriter json(answer.data);
  json.begin_object().key("yaml").string(api.runtime.config ? api.runtime.config() : "").end_object();
  return answer;
}

Answer status_flags(const PrometheusApi& api, const http::Request&, const std::string&) {
  PrometheusAnswer answer;
  JsonWriter json(answer.data);
  json.begin_object();
  if (api.runtime.flags) {
    for (const auto& [name, value] : api.runtime.flags()) json.key(name).string(value);
  }
  json.end_object();
  return answer;
}

Answer status_runtime(const PrometheusApi& api, const http::Request&, const std::string&) {
  const RuntimeFacts facts = api.runtime.facts ? api.runtime.facts() : RuntimeFacts();
  const std::string started = ingest::format_rfc3339(api.runtime.started);
  PrometheusAnswer answer;
  JsonWriter json(answer.data);
  json.begin_object().key("startTime").string(started).key("CWD").string(facts.directory);
  json.key("hostname").string(facts.host).key("serverTime").string(ingest::format_rfc3339(api.clock.now()));
  json.key("reloadConfigSuccess").boolean(true).key("lastConfigTime").string(started);
  json.key("corruptionCount").number(std::uint64_t{api.store.statistics().parts_damaged});
  json.key("goroutineCount").number(std::uint64_t{facts.threads}).key("GOMAXPROCS").number(std::uint64_t{facts.cores});
  json.key("GOMEMLIMIT").number(std::int64_t{0}).key("GOGC").string("").key("GODEBUG").string("");
  json.key("storageRetention").string(facts.retention).end_object();
  return answer;
}

std::string build_json() {
  const BuildInfo info = build_info();
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("version").string(kPrometheusVersion).key("revision").string(info.revision);
  json.key("branch").string(info.branch).key("buildUser").string("trilobite");
  json.key("buildDate").string(info.build_date).key("goVersion").string(info.compiler).end_object();
  return out;
}

Answer status_build(const PrometheusApi&, const http::Request&, const std::string&) { return data(build_json()); }

Answer status_self_metrics(const PrometheusApi& api, const http::Request& request, const std::string&) {
  std::optional<logql::Regex> pattern;
  if (const std::string_view text = request.parameter("metric_name_pattern").value_or(""); !text.empty()) {
    auto compiled = logql::Regex::compile(text, {.anchored = true});
    if (!compiled.ok()) return invalid_parameter("metric_name_pattern", compiled.error().message);
    pattern = std::move(*compiled);
  }
  TRY(json, self_metrics_json(api.runtime.metrics ? api.runtime.metrics() : "", pattern));
  return data(std::move(json));
}

// The log is read before the server listens.
Answer status_replay(const PrometheusApi&, const http::Request&, const std::string&) {
  return data(R"({"min":0,"max":0,"current":0})");
}

// Names of features by kind, as clients ask for them before they offer them to users.
Answer features(const PrometheusApi& api, const http::Request&, const std::string&) {
  const metrics::ParseOptions& language = api.options.language;
  PrometheusAnswer answer;
  JsonWriter json(answer.data);
  json.begin_object().key("api").begin_object();
  json.key("admin").boolean(api.options.admin).key("exclude_alerts").boolean(true);
  json.key("search").boolean(api.options.search);
  json.key("label_values_match").boolean(true).key("query_stats").boolean(true).key("query_warnings").boolean(true);
  json.key("remote_write_receiver").boolean(true).key("otlp_write_receiver").boolean(true).end_object();
  json.key("promql").begin_object().key("at_modifier").boolean(true).key("negative_offset").boolean(true);
  json.key("subqueries").boolean(true).key("duration_expr").boolean(language.duration_expressions);
  json.key("anchored").boolean(language.extended_range_selectors);
  json.key("smoothed").boolean(language.extended_range_selectors);
  json.key("fill").boolean(language.fill_modifiers).key("utf8_names").boolean(true);
  json.key("delayed_name_removal").boolean(false).end_object();
  json.key("promql_functions").begin_object();
  for (const metrics::FunctionSignature& function : metrics::functions()) {
    json.key(function.name).boolean(!function.experimental || language.experimental_functions);
  }
  json.end_object().key("promql_operators").begin_object();
  for (int op = 0; op <= static_cast<int>(metrics::BinaryOp::kUnless); ++op) {
    json.key(metrics::operator_text(static_cast<metrics::BinaryOp>(op))).boolean(true);
  }
  for (int op = 0; op <= static_cast<int>(metrics::AggregateOp::kLimitRatio); ++op) {
    const auto aggregate = static_cast<metrics::AggregateOp>(op);
    json.key(metrics::aggregate_name(aggregate))
        .boolean(aggregate < metrics::AggregateOp::kLimitk || language.experimental_functions);
  }
  json.end_object().key("tsdb").begin_object().key("native_histograms").boolean(true);
  json.key("exemplars").boolean(true).key("out_of_order").boolean(true).end_object().end_object();
  return answer;
}

// What somebody should look at: limits that are near.
Answer notifications(const PrometheusApi& api, const http::Request&, const std::string& tenant) {
  PrometheusAnswer answer;
  JsonWriter json(answer.data);
  json.begin_array();
  for (const LimitStatus& limit : api.memory.limits ? api.memory.limits() : std::vector<LimitStatus>()) {
    if (limit.state == LimitState::kOk) continue;
    if (api.multi_tenant && limit.of_tenant && limit.subject != tenant) continue;
    json.begin_object().key("text").string(describe(limit));
    json.key("date").string(ingest::format_rfc3339(limit.since)).key("active").boolean(true).end_object();
  }
  json.end_array();
  return answer;
}

// A stream would hold a thread for as long as a page is open. This is what Prometheus says when it has as many as it
// takes: clients then ask for the list.
Answer notifications_live(const PrometheusApi&, const http::Request&, const std::string&) { return PrometheusAnswer{}; }

// ---- Targets ----

Answer ask(const ScrapeSource::Data& source, const http::Request& request, std::string_view otherwise) {
  if (!source) return data(std::string(otherwise));
  TRY(json, source(request));
  return data(std::move(json));
}

Answer targets(const PrometheusApi& api, const http::Request& request, const std::string&) {
  return ask(api.scrape.targets, request, R"({"activeTargets":[],"droppedTargets":[],"droppedTargetCounts":{}})");
}
Answer targets_metadata(const PrometheusApi& api, const http::Request& request, const std::string&) {
  return ask(api.scrape.targets_metadata, request, "[]");
}
Answer relabel_steps(const PrometheusApi& api, const http::Request& request, const std::string&) {
  return ask(api.scrape.relabel_steps, request, R"({"steps":[]})");
}
Answer scrape_pools(const PrometheusApi& api, const http::Request& request, const std::string&) {
  return ask(api.scrape.scrape_pools, request, R"({"scrapePools":[]})");
}
Answer scrape_pool_config(const PrometheusApi& api, const http::Request& request, const std::string&) {
  return ask(api.scrape.scrape_pool_config, request, R"({"yaml":""})");
}

// ---- Paths beside /api/v1 ----

http::Response reload(const PrometheusApi& api) {
  if (!api.runtime.reload) return http::Response::text(403, "Lifecycle API is not enabled.\n");
  if (const Result<void> done = api.runtime.reload(); !done.ok()) {
    return http::Response::text(500, fmt::format("failed to reload config: {}\n", done.error().message));
  }
  return http::Response::text(200, "");
}

void add_lifecycle_routes(http::Router& router, const PrometheusApi& api) {
  const auto shared = std::make_shared<const PrometheusApi>(api);
  for (const std::string prefix : {"", "/prometheus"}) {
    router.add({"GET"}, prefix + "/-/healthy",
               [](const http::Request&) { return http::Response::text(200, "Prometheus Server is Healthy.\n"); });
    router.add({"GET"}, prefix + "/-/ready", [shared](const http::Request&) {
      if (auto refusal = not_ready(*shared)) return std::move(*refusal);
      return http::Response::text(200, "Prometheus Server is Ready.\n");
    });
    router.add({"GET"}, prefix + "/version",
               [](const http::Request&) { return http::Response::json(200, build_json()); });
    router.add({"POST", "PUT"}, prefix + "/-/reload", [shared](const http::Request&) { return reload(*shared); });
    // Any page in a browser can send a POST to this address, so it must not end the process.
    router.add({"POST", "PUT"}, prefix + "/-/quit",
               [](const http::Request&) { return http::Response::text(403, "Lifecycle API is not enabled.\n"); });
  }
}

}  // namespace

void add_prometheus_status_routes(http::Router& router, const PrometheusApi& api) {
  const struct {
    const char* path;
    PrometheusHandler handler;
  } kRoutes[] = {{"/status/config", status_config},
                 {"/status/flags", status_flags},
                 {"/status/runtimeinfo", status_runtime},
                 {"/status/buildinfo", status_build},
                 {"/status/walreplay", status_replay},
                 {"/status/self_metrics", status_self_metrics},
                 {"/features", features},
                 {"/notifications", notifications},
                 {"/notifications/live", notifications_live},
                 {"/targets", targets},
                 {"/targets/metadata", targets_metadata},
                 {"/targets/relabel_steps", relabel_steps},
                 {"/scrape_pools", scrape_pools},
                 {"/scrape_pools/config", scrape_pool_config}};
  for (const auto& [path, handler] : kRoutes) add_prometheus_route(router, api, {"GET"}, path, handler);
  add_lifecycle_routes(router, api);
}

}  // namespace trilobite::api
