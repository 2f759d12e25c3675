// Prometheus' configuration file. Unknown names are errors with their line; what this room has no use for (rules,
// alerting, remote write ...) is kept as it stands for those who have.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/relabel.h"
#include "scrape/discovery_config.h"
#include "scrape/http_config.h"

namespace trilobite::scrape {

enum class ScrapeProtocol : std::uint8_t {
  kPrometheusProto,
  kOpenMetricsText1_0_0,
  kOpenMetricsText0_0_1,
  kPrometheusText1_0_0,
  kPrometheusText0_0_4,
};
std::string_view name_of(ScrapeProtocol protocol);

// 0: no limit, but those of limits.h.
struct ScrapeLimits {
  std::uint64_t body_bytes = 0;  // unpacked
  std::uint64_t samples = 0;     // after metric relabelling
  std::uint64_t labels = 0, label_name_bytes = 0, label_value_bytes = 0;
  std::uint64_t targets = 0;
  std::uint64_t dropped_targets_kept = 0;
  std::uint64_t histogram_buckets = 0;
  double histogram_bucket_factor_min = 0;
  friend bool operator==(const ScrapeLimits&, const ScrapeLimits&) = default;
};

struct ScrapeConfig {
  std::string job_name;
  Nanoseconds interval = std::chrono::minutes(1);
  Nanoseconds timeout = std::chrono::seconds(10);
  std::vector<ScrapeProtocol> protocols;  // as they are asked for
  std::optional<ScrapeProtocol> fallback_protocol;
  std::string metrics_path = "/metrics";
  std::string scheme = "http";
  std::vector<std::pair<std::string, std::vector<std::string>>> params;
  bool honor_labels = false;
  bool honor_timestamps = true;
  bool track_timestamps_staleness = false;
  bool enable_compression = true;
  bool native_histograms = false;
  bool classic_histograms_to_custom = false;  // convert_classic_histograms_to_nhcb
  bool always_classic_histograms = false;
  bool extra_metrics = false;
  bool utf8_names = true;  // metric_name_validation_scheme
  std::string escaping;    // of names, as the Accept header asks for it: allow-utf-8, underscores, ...
  std::string failure_log_file;  // scrape_failure_log_file; "": none
  ScrapeLimits limits;
  std::vector<agent::RelabelRule> relabel, metric_relabel;
  HttpConfig http;
  TargetSources sources;
  std::string yaml;  // with defaults filled in, without secrets; equal text is an equal configuration but for secrets
  std::string identity;  // the same with secrets: never shown
  std::string written;   // as its author wrote it, with comments, without secrets; where that cannot be told: `yaml`
};

struct GlobalConfig {
  Nanoseconds scrape_interval = std::chrono::minutes(1);
  Nanoseconds scrape_timeout = std::chrono::seconds(10);
  Nanoseconds evaluation_interval = std::chrono::minutes(1);
  Nanoseconds rule_query_offset{0};
  Labels external_labels;  // variables of the environment are expanded
  std::string query_log_file, scrape_failure_log_file;
};

struct Config {
  GlobalConfig global;
  std::vector<std::string> rule_files;                      // patterns
  std::vector<std::shared_ptr<const ScrapeConfig>> scrape;  // those of scrape_config_files come last
  agent::yaml::Node global_tree;                            // for parse_scrape_config
  // Kept for other rooms. Null nodes when not given.
  agent::yaml::Node alerting, remote_write, remote_read, otlp, storage, tracing;
  std::string yaml;  // the whole, defaults filled in, secrets as <secret>

  const ScrapeConfig* find(std::string_view job) const;
};

struct ConfigOptions {
  std::string folder;                              // relative paths of the file start here
  std::map<std::string, std::string> environment;  // for external_labels
};

// Errors name line and field: "line 12: scrape_configs[0].scrape_intervall: unknown name; known are ...".
Result<Config> parse_config(std::string_view text, const ConfigOptions& options);

// One entry of scrape_configs, as YAML or JSON, under the defaults of `config`.
Result<std::shared_ptr<const ScrapeConfig>> parse_scrape_config(std::string_view text, const Config& config,
                                                                const ConfigOptions& options);

// $NAME and ${NAME}; $$ is a dollar; what is not set is empty.
std::string expand_variables(std::string_view text, const std::map<std::string, std::string>& environment);

}  // namespace trilobite::scrape
