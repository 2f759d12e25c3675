// The agent's configuration: Promtail's YAML. docs/agent.md lists every key.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/labels.h"
#include "agent/relabel.h"
#include "agent/yaml_tree.h"

namespace trilobite::agent {

using Nanoseconds = std::chrono::nanoseconds;

struct BackoffConfig {
  Nanoseconds min_period = std::chrono::milliseconds(500);
  Nanoseconds max_period = std::chrono::minutes(5);
  std::int64_t max_retries = 0;  // 0: for ever; the queue bounds what waits
};

struct TlsConfig {
  std::string ca_file, cert_file, key_file;
  bool insecure_skip_verify = false;
};

struct ClientConfig {
  std::string name;  // unique; from the URL when not given
  std::string url;
  std::string tenant_id;
  Nanoseconds timeout = std::chrono::seconds(10);
  BackoffConfig backoff;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string basic_user, basic_password, basic_password_file;
  std::string bearer_token, bearer_token_file;
  std::string proxy_url;
  TlsConfig tls;
  bool drop_rate_limited_batches = false;
};

// How lines become batches; one for all clients, because each gets the same batches (Promtail has it per client; the
// smallest values win).
struct BatchConfig {
  Nanoseconds wait = std::chrono::seconds(1);
  std::uint64_t bytes = 1024 * 1024;
  Labels external_labels;
};

struct PositionsConfig {
  std::string filename;  // empty: no Promtail file is read or written
  Nanoseconds sync_period = std::chrono::seconds(10);
  bool ignore_invalid_yaml = false;
};

struct QueueConfig {  // not in Promtail
  std::string directory;  // empty: the caller's default
  std::uint64_t bytes_max = 256u << 20;
};

struct StaticTarget {
  std::string path;          // __path__
  std::string path_exclude;  // __path_exclude__
  Labels labels;             // without names that start with "__", unless relabelling wants them
};

struct JournalConfig {
  std::string path;
  bool json = false;
  Nanoseconds max_age = std::chrono::hours(7);
  Labels labels;
  std::string matches;
};

struct ScrapeConfig {
  std::string job_name;
  std::vector<StaticTarget> targets;
  std::optional<JournalConfig> journal;
  std::vector<RelabelRule> relabel;
  yaml::Node stages;  // checked when the pipeline is built
  Nanoseconds decompression_delay{0};
};

struct LimitsConfig {
  bool readline_rate_enabled = false;
  double readline_rate = 10'000;
  std::int64_t readline_burst = 10'000;
  bool readline_rate_drop = true;
  std::uint64_t max_line_size = 0;  // 0: only the agent's own cap
  bool max_line_size_truncate = false;
};

struct Config {
  std::vector<ClientConfig> clients;
  BatchConfig batch;
  PositionsConfig positions;
  QueueConfig queue;
  std::vector<ScrapeConfig> scrape;
  LimitsConfig limits;
  Nanoseconds sync_period = std::chrono::seconds(10);  // target_config: how often folders are walked anyway
  std::int64_t http_port = 9080;
  std::string http_address;
  bool http_disabled = false;
};

struct ConfigOptions {
  std::string host;  // for __host__
};

// Errors name the place: "line 12: clients[0].urll: unknown name; known are ...".
Result<Config> parse_config(std::string_view yaml, const ConfigOptions& options);

// ${NAME} and ${NAME:-default}; two backslashes before `$` become one. As -config.expand-env does.
Result<std::string> expand_environment(std::string_view text, const std::map<std::string, std::string>& environment);

}  // namespace trilobite::agent
