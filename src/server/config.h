// The configuration of `trilobite server`: defaults here, then the YAML file, then the environment, then flags.
// One table (config_keys.h) knows every key; the reader, /config and docs/configuration.md come from it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/limits.h"
#include "ingest/metric_limits.h"
#include "ingest/otlp_metrics.h"
#include "query/limits.h"
#include "server/graphite_listener.h"
#include "server/http_server.h"
#include "storage/embedded_store.h"

namespace trilobite::server {

struct AgentSettings {
  bool enabled = true;
  std::string config_file;  // Promtail's YAML; empty: this machine's own logs
};

// What one tenant may write and ask.
struct TenantLimits {
  ingest::LogLimits write;
  ingest::MetricLimits metrics;
  query::QueryLimits read;
};

struct DeleteSettings {
  std::string mode = "filter-and-delete";  // or filter-only, disabled
  std::chrono::nanoseconds cancel_period = std::chrono::hours(24);
  std::chrono::nanoseconds interval_max = std::chrono::hours(24);
};

struct ScrapeSettings {
  std::string config_file;     // Prometheus' YAML
  bool self = false;           // scrape our own /metrics when there is no file
  std::size_t threads = 2;     // that read bodies and write samples
  bool reload_over_http = true;  // POST /-/reload
  bool jobs_over_http = true;    // PUT and DELETE /api/v1/scrape_configs/{job}
  std::string tenant = "fake";   // whose samples they are; "fake" is the one of a server without tenants
};

struct WarningSettings {
  double warning_share = 0.8, critical_share = 0.95;  // of a limit
};

struct RuleSettings {
  bool over_http = true;  // POST, PUT and DELETE /api/v1/rules/{namespace}
};

struct MetricSettings {
  std::size_t write_bytes_max = 32u << 20;  // of one request, packed and unpacked
  std::uint64_t remote_read_samples_max = 50'000'000;  // of one request
  std::size_t federate_series_max = 1'000'000;           // of one answer
  ingest::OtlpMetricOptions otlp;
};

// How samples are queried.
struct MetricQuerySettings {
  std::chrono::nanoseconds lookback = std::chrono::minutes(5);
  std::chrono::nanoseconds timeout = std::chrono::minutes(2);
  std::chrono::nanoseconds evaluation_interval = std::chrono::minutes(1);  // the step of subqueries that have none
  std::size_t samples_max = 50'000'000;
  std::size_t points_max = 11'000;  // per series
  bool experimental_functions = true;
  bool duration_expressions = true;
  bool extended_range_selectors = true;  // anchored, smoothed
  bool fill_modifiers = true;
  bool admin_api = false;
  bool search_api = true;
};

// Our own spans.
struct TracingSettings {
  std::string otlp_endpoint;  // a receiver's URL; "": they stay here, unless OpenTelemetry's variables say otherwise
  double sample_ratio = 1;    // of traces that begin here
};

struct LogSettings {
  std::string level = "info";  // directives as in DYN_LOG, which wins
};

struct Config {
  // Limits of memory begin at 0, which memory_budget.h fills in.
  Config() {
    storage.head_bytes_max = storage.bytes_in_flight_max = storage.cache_bytes_max = 0;
    http.bodies_bytes_max = 0;
  }

  std::string data = "./data";
  std::uint64_t memory_budget = 0;    // 0: by the machine
  bool multi_tenant = false;          // then X-Scope-OrgID is needed
  bool multi_tenant_queries = false;  // of several tenants at once: a|b
  HttpServerOptions http;
  std::string otlp_http_listen;  // "": OTLP is taken where everything else is
  std::size_t push_bytes_decoded_max = 512u << 20;
  StorageOptions storage;
  std::size_t query_threads = 0;  // 0: one per core
  bool answer_despite_damage = false;  // a query that meets a damaged part begins again without it
  DeleteSettings deletes;
  std::size_t result_cache_bytes = 64u << 20;  // 0: none
  bool logs_extensions = false;   // docs/logql-extensions.md, also for requests that do not ask
  MetricSettings metrics;
  MetricQuerySettings metric_queries;
  GraphiteOptions graphite;
  ScrapeSettings scrape;
  RuleSettings rules;
  WarningSettings warnings;
  std::string cors_origin = ".*";  // as Prometheus
  AgentSettings agent;
  LogSettings log;
  TracingSettings tracing;
  TenantLimits limits;
  std::map<std::string, TenantLimits, std::less<>> overrides;  // by tenant

  const TenantLimits& limits_of(std::string_view tenant) const;
  // `tenants` may be several, as in a|b: the strictest of theirs.
  query::QueryLimits read_limits(std::string_view tenants) const;
  ingest::LimitsByTenant write_limits() const;
  ingest::MetricLimitsByTenant metric_limits() const;
};

using Environment = std::map<std::string, std::string>;
Environment process_environment();

// `file_name` is for messages. Errors name the line and the key.
Result<void> apply_yaml(Config& config, std::string_view yaml, std::string_view file_name);
// TRILOBITE_SERVER_LISTEN and so on, and TRILOBITE_DATA.
Result<void> apply_environment(Config& config, const Environment& environment);
// Of keys among themselves.
Result<void> check_config(const Config& config);

// The effective configuration; secrets are not shown.
std::string to_yaml(const Config& config);
// Only the keys whose value is not the default.
std::string to_yaml_of_changes(const Config& config);
// The limits of one tenant, a line per limit without the section.
std::string limits_to_yaml(const TenantLimits& limits);
// docs/configuration.md.
std::string configuration_page();

}  // namespace trilobite::server
