// Where targets come from: the *_sd_configs and static_configs of Prometheus' configuration. docs/scrape.md lists them.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "agent/labels.h"
#include "scrape/http_config.h"

namespace trilobite::scrape {

using agent::Labels;

// Targets that share labels; each target is a set of labels with at least __address__.
struct TargetGroup {
  std::string source;  // which group it is, among those of one discovery
  Labels labels;
  std::vector<Labels> targets;
  friend bool operator==(const TargetGroup&, const TargetGroup&) = default;
};

struct FileDiscoveryConfig {
  std::vector<std::string> files;  // patterns, absolute
  Nanoseconds refresh_interval = std::chrono::minutes(5);
  friend bool operator==(const FileDiscoveryConfig&, const FileDiscoveryConfig&) = default;
};

struct HttpDiscoveryConfig {
  std::string url;
  Nanoseconds refresh_interval = std::chrono::seconds(60);
  HttpConfig http;
  friend bool operator==(const HttpDiscoveryConfig&, const HttpDiscoveryConfig&) = default;
};

enum class DnsType : std::uint8_t { kSrv, kA, kAaaa, kMx, kNs };

struct DnsDiscoveryConfig {
  std::vector<std::string> names;
  DnsType type = DnsType::kSrv;
  int port = 0;  // of A, AAAA, MX and NS
  Nanoseconds refresh_interval = std::chrono::seconds(30);
  friend bool operator==(const DnsDiscoveryConfig&, const DnsDiscoveryConfig&) = default;
};

enum class KubernetesRole : std::uint8_t { kNode, kService, kPod, kEndpoints, kEndpointSlice, kIngress };

struct KubernetesSelector {
  KubernetesRole role = KubernetesRole::kPod;
  std::string label, field;
  friend bool operator==(const KubernetesSelector&, const KubernetesSelector&) = default;
};

struct KubernetesDiscoveryConfig {
  std::string api_server;  // "": from the kubeconfig, else from inside the cluster
  KubernetesRole role = KubernetesRole::kPod;
  std::string kubeconfig_file;
  bool own_namespace = false;
  std::vector<std::string> namespaces;  // none: all
  std::vector<KubernetesSelector> selectors;
  bool attach_node = false, attach_namespace = false;
  HttpConfig http;
  friend bool operator==(const KubernetesDiscoveryConfig&, const KubernetesDiscoveryConfig&) = default;
};

struct DockerDiscoveryConfig {
  std::string host;  // unix:///var/run/docker.sock, tcp://..., http(s)://...
  int port = 80;     // of containers that publish none
  std::string host_networking_host = "localhost";
  bool match_first_network = true;
  std::vector<std::pair<std::string, std::vector<std::string>>> filters;
  Nanoseconds refresh_interval = std::chrono::seconds(60);
  HttpConfig http;
  friend bool operator==(const DockerDiscoveryConfig&, const DockerDiscoveryConfig&) = default;
};

struct ConsulDiscoveryConfig {
  std::string server = "localhost:8500", path_prefix, scheme = "http";
  std::string token, datacenter, ns, partition, tag_separator = ",";
  bool allow_stale = true;
  std::vector<std::string> services, tags;
  std::vector<std::pair<std::string, std::string>> node_meta;
  std::string filter, health_filter;
  Nanoseconds refresh_interval = std::chrono::seconds(30);
  HttpConfig http;
  friend bool operator==(const ConsulDiscoveryConfig&, const ConsulDiscoveryConfig&) = default;
};

using DiscoveryConfig = std::variant<FileDiscoveryConfig, HttpDiscoveryConfig, DnsDiscoveryConfig,
                                     KubernetesDiscoveryConfig, DockerDiscoveryConfig, ConsulDiscoveryConfig>;

struct TargetSources {
  std::vector<TargetGroup> fixed;  // static_configs
  std::vector<DiscoveryConfig> discovered;
};

// Takes static_configs and every *_sd_configs from `fields`. Files are relative to `folder`.
void read_target_sources(agent::Fields& fields, const std::string& folder, TargetSources& out);

// What file and HTTP discovery give: a list of {targets, labels}, as JSON or YAML. Sources are `source`:0, :1, ...
Result<std::vector<TargetGroup>> parse_target_groups(std::string_view text, const std::string& source);

}  // namespace trilobite::scrape
