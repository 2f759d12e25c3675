// The reading half of Prometheus' HTTP API. Each group of endpoints is a file of its own: prometheus_query.cc,
// prometheus_labels.cc, prometheus_search.cc, prometheus_exemplars.cc, prometheus_status.cc, prometheus_rules.cc,
// prometheus_tsdb.cc, prometheus_admin.cc, prometheus_openapi.cc. Every path stands also under /prometheus, for
// clients whose data sources share one address.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "alerting/rule_groups.h"
#include "api/http.h"
#include "api/cors.h"
#include "api/memory_status.h"
#include "base/clock.h"
#include "base/thread_pool.h"
#include "ingest/metric_metadata.h"
#include "metrics/parser.h"
#include "query/limits.h"
#include "query/result_cache.h"
#include "query/running_queries.h"
#include "storage/store.h"

namespace trilobite::api {

// How queries of metrics run; each has a configuration key.
struct MetricQueryOptions {
  TimeNs lookback = 300 * kNsPerSecond;      // how old the newest sample may be that counts as the value now
  TimeNs subquery_step = 60 * kNsPerSecond;  // where a subquery has none
  std::size_t samples_max = 50'000'000;      // held by one query
  TimeNs timeout = 120 * kNsPerSecond;       // at most; a request may ask for less
  std::size_t points_max = 11'000;           // per series of a range query
  metrics::ParseOptions language;
  bool admin = false;  // whether admin/tsdb may change anything
  bool search = true;  // whether search/... answers
};

// What the scraping half knows. Each gives the JSON of "data"; one that is not set stands for an empty list.
struct ScrapeSource {
  using Data = std::function<Result<std::string>(const http::Request&)>;
  Data targets, targets_metadata, relabel_steps, scrape_pools, scrape_pool_config;
};

struct RuntimeFacts {
  std::string directory, host;
  std::size_t threads = 0, cores = 0;
  std::string retention;  // in words
};
// What the process knows of itself.
struct RuntimeSource {
  std::function<std::string()> config;      // YAML
  std::function<http::Parameters()> flags;  // name and value
  std::function<RuntimeFacts()> facts;
  std::function<bool()> ready, stopping;
  std::function<Result<void>()> reload;  // not set: there is nothing to reload
  std::function<std::string()> metrics;  // of our own, in the text format
  TimeNs started = 0;
};

// What changes data. Not set: it cannot be done.
struct AdminSource {
  std::function<Result<std::string>(bool skip_head)> snapshot;  // the name of its folder
  std::function<Result<void>(std::string_view tenant, const std::vector<Matcher>&, TimeRange)> remove;
  std::function<Result<void>()> clean;  // removed samples leave the disk
};

// What the handlers need. The references outlive the router.
struct PrometheusApi {
  Store& store;
  ThreadPool& query_pool;
  const Clock& clock;
  MetricQueryOptions options;
  bool multi_tenant = false;
  bool multi_tenant_queries = false;   // a|b: `store` takes several tenants at once
  bool answer_despite_damage = false;  // a query that meets a damaged part begins again without it
  // Bytes and memory a query of the tenant may take; its timeout and points are those of `options`.
  std::function<query::QueryLimits(std::string_view tenant)> limits_of;
  query::ResultCache* results = nullptr;      // null: every query reads what it needs
  query::RunningQueries* running = nullptr;   // null: nobody counts
  ingest::MetadataTable* metadata = nullptr;  // null: none is known
  const alerting::RuleGroups* rules = nullptr;  // null: there are none
  std::function<TimeNs()> rule_interval;        // of groups that have none of their own; not set: a minute
  // From the oldest to behind the newest sample of a tenant; not set: nobody knows.
  std::function<TimeRange(const std::string& tenant)> sample_times;
  MemorySource memory;
  ScrapeSource scrape;
  RuntimeSource runtime;
  AdminSource admin;
  std::shared_ptr<const CorsPolicy> cors;  // null: pages of other origins may read nothing
};

void add_prometheus_routes(http::Router& router, const PrometheusApi& api);

// The groups, called by add_prometheus_routes.
void add_prometheus_query_routes(http::Router& router, const PrometheusApi& api);
void add_prometheus_label_routes(http::Router& router, const PrometheusApi& api);
void add_prometheus_export_routes(http::Router& router, const PrometheusApi& api);
void add_prometheus_exemplar_routes(http::Router& router, const PrometheusApi& api);
void add_prometheus_status_routes(http::Router& router, const PrometheusApi& api);
void add_prometheus_search_routes(http::Router& router, const PrometheusApi& api);
void add_prometheus_openapi_routes(http::Router& router, const PrometheusApi& api);
void add_prometheus_rule_routes(http::Router& router, const PrometheusApi& api);
void add_prometheus_tsdb_routes(http::Router& router, const PrometheusApi& api);
void add_prometheus_admin_routes(http::Router& router, const PrometheusApi& api);

// What stands in the envelope of an answer.
struct PrometheusAnswer {
  std::string data;  // JSON; empty, and no `stream`: 204 without a body
  std::vector<std::string> warnings, infos;
  std::function<void(const http::Write&)> stream = nullptr;  // writes the data, if it is large
  std::optional<http::Response> whole = std::nullopt;        // instead of all this: an answer without envelope
};

// Errors become {"status":"error","errorType":...}: kInvalid is bad_data, kInternal and kLimit are errors of execution.
using PrometheusHandler = Result<PrometheusAnswer> (*)(const PrometheusApi&, const http::Request&,
                                                       const std::string& tenant);
// `path` is that below /api/v1.
void add_prometheus_route(http::Router& router, const PrometheusApi& api, std::vector<std::string> methods,
                          std::string path, PrometheusHandler handler);
http::Response prometheus_error(const Error& error);
// 503 before the server is ready and when it stops; nothing otherwise.
std::optional<http::Response> not_ready(const PrometheusApi& api);
// The same of a request that changes settings: 409 where something stands in the way, 400 beyond a limit.
http::Response change_error(const Error& error);
http::Response forbidden(std::string_view reason);  // 403

}  // namespace trilobite::api
