#include "scrape/discovery_config.h"

#include <algorithm>
#include <array>

namespace trilobite::scrape {
namespace {

using agent::Fields;

// Upstream's that we do not have. Naming them beats calling them unknown.
constexpr auto kUnsupported = std::to_array<std::string_view>(
    {"aws_sd_configs",       "azure_sd_configs",     "digitalocean_sd_configs", "dockerswarm_sd_configs",
     "ec2_sd_configs",       "eureka_sd_configs",    "gce_sd_configs",          "hetzner_sd_configs",
     "ionos_sd_configs",     "kuma_sd_configs",      "lightsail_sd_configs",    "linode_sd_configs",
     "marathon_sd_configs",  "nerve_sd_configs",     "nomad_sd_configs",        "oci_sd_configs",
     "openstack_sd_configs", "outscale_sd_configs",  "ovhcloud_sd_configs",     "puppetdb_sd_configs",
     "scaleway_sd_configs",  "serverset_sd_configs", "stackit_sd_configs",      "triton_sd_configs",
     "uyuni_sd_configs",     "vultr_sd_configs"});

struct RoleName {
  std::string_view name;
  KubernetesRole role;
};
constexpr std::array kRoles{RoleName{"node", KubernetesRole::kNode},
                            RoleName{"service", KubernetesRole::kService},
                            RoleName{"pod", KubernetesRole::kPod},
                            RoleName{"endpoints", KubernetesRole::kEndpoints},
                            RoleName{"endpointslice", KubernetesRole::kEndpointSlice},
                            RoleName{"ingress", KubernetesRole::kIngress}};

void read_port(Fields& fields, int& out) {
  std::int64_t port = out;
  fields.integer("port", port, 0, 65535);
  out = static_cast<int>(port);
}

void read_refresh(Fields& fields, Nanoseconds& out) {
  read_duration(fields, "refresh_interval", out);
  if (out < std::chrono::milliseconds(1)) fields.mistake("refresh_interval", "must be greater than 0");
}

void check_url(Fields& fields, std::string_view name, const std::string& url) {
  if (url.empty()) return fields.mistake(name, "URL is missing");
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    return fields.mistake(name, "URL scheme must be 'http' or 'https'");
  }
  if (url.find("//") + 2 == url.size()) fields.mistake(name, "host is missing in URL");
}

void read(Fields& fields, const std::string& folder, FileDiscoveryConfig& out) {
  fields.texts("files", out.files);
  read_refresh(fields, out.refresh_interval);
  if (out.files.empty()) {
    fields.mistake("files", "file service discovery config must contain at least one path name");
  }
  for (std::string& path : out.files) {
    const std::size_t slash = path.rfind('/');
    const std::string_view folders =
        slash == std::string::npos ? std::string_view() : std::string_view(path).substr(0, slash);
    if (!(path.ends_with(".json") || path.ends_with(".yml") || path.ends_with(".yaml")) ||
        folders.find('*') != std::string_view::npos) {
      fields.mistake("files", fmt::format("path name \"{}\" is not valid for file discovery", path));
    }
    path = join_path(folder, path);
  }
}

void read(Fields& fields, const std::string& folder, HttpDiscoveryConfig& out) {
  fields.text("url", out.url);
  read_refresh(fields, out.refresh_interval);
  check_url(fields, "url", out.url);
  read_http_config(fields, folder, out.http);
}

void read(Fields& fields, const std::string&, DnsDiscoveryConfig& out) {
  std::string type = "SRV";
  fields.texts("names", out.names);
  fields.text("type", type);
  read_port(fields, out.port);
  read_refresh(fields, out.refresh_interval);
  if (out.names.empty()) fields.mistake("names", "DNS-SD config must contain at least one SRV record name");
  for (char& c : type) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c ^ 0x20);
  }
  if (type == "SRV") {
    out.type = DnsType::kSrv;
    return;
  }
  if (type == "A") {
    out.type = DnsType::kA;
  } else if (type == "AAAA") {
    out.type = DnsType::kAaaa;
  } else if (type == "MX") {
    out.type = DnsType::kMx;
  } else if (type == "NS") {
    out.type = DnsType::kNs;
  } else {
    return fields.mistake("type", fmt::format("invalid DNS-SD records type {}", type));
  }
  if (out.port == 0) fields.mistake("port", "a port is required in DNS-SD configs for all record types except SRV");
}

bool read_role(Fields& fields, KubernetesRole& out) {
  std::string name;
  fields.text("role", name);
  const auto at = std::find_if(kRoles.begin(), kRoles.end(), [&](const RoleName& role) { return role.name == name; });
  if (at == kRoles.end()) {
    fields.mistake("role", name.empty() ? "role missing (one of: pod, service, endpoints, endpointslice, node, ingress)"
                                        : fmt::format("unknown Kubernetes SD role \"{}\"", name));
    return false;
  }
  out = at->role;
  return true;
}

// Resources that a role looks at, for which a selector may be given.
std::vector<KubernetesRole> selectable(KubernetesRole role) {
  using Role = KubernetesRole;
  switch (role) {
    case Role::kEndpoints:
      return {Role::kEndpoints, Role::kPod, Role::kService};
    case Role::kEndpointSlice:
      return {Role::kEndpointSlice, Role::kPod, Role::kService};
    case Role::kPod:
      return {Role::kPod, Role::kNode};
    default:
      return {role};
  }
}

void read(Fields& fields, const std::string& folder, KubernetesDiscoveryConfig& out) {
  fields.text("api_server", out.api_server);
  read_role(fields, out.role);
  fields.text("kubeconfig_file", out.kubeconfig_file);
  out.kubeconfig_file = join_path(folder, out.kubeconfig_file);
  if (const auto* node = fields.node("namespaces")) {
    Fields inner(node, fields.where("namespaces"));
    inner.boolean("own_namespace", out.own_namespace);
    inner.texts("names", out.namespaces);
    if (auto done = inner.finish(); !done.ok()) fields.mistake(done.error());
  }
  for (const auto& item : fields.items("selectors")) {
    Fields inner(item.node, item.where);
    KubernetesSelector selector;
    const bool known = read_role(inner, selector.role);
    inner.text("label", selector.label);
    inner.text("field", selector.field);
    const auto allowed = selectable(out.role);
    if (known && std::find(allowed.begin(), allowed.end(), selector.role) == allowed.end()) {
      inner.mistake("role", "this role does not look at such objects");
    }
    if (auto done = inner.finish(); !done.ok()) fields.mistake(done.error());
    out.selectors.push_back(std::move(selector));
  }
  if (const auto* node = fields.node("attach_metadata")) {
    Fields inner(node, fields.where("attach_metadata"));
    inner.boolean("node", out.attach_node);
    inner.boolean("namespace", out.attach_namespace);
    for (const char* name : {"deployment", "job", "cronjob"}) {
      bool wanted = false;
      inner.boolean(name, wanted);
      if (wanted) inner.mistake(name, "is not supported yet");
    }
    if (auto done = inner.finish(); !done.ok()) fields.mistake(done.error());
  }
  read_http_config(fields, folder, out.http);
  if (!out.api_server.empty() && !out.kubeconfig_file.empty()) {
    fields.mistake("kubeconfig_file", "cannot use 'kubeconfig_file' and 'api_server' simultaneously");
  }
  const HttpConfig plain;
  if (out.api_server.empty() && !(out.http == plain)) {
    fields.mistake("role", "to use custom HTTP client configuration please provide the 'api_server' URL explicitly");
  }
  if (!out.api_server.empty()) check_url(fields, "api_server", out.api_server);
}

void read(Fields& fields, const std::string& folder, DockerDiscoveryConfig& out) {
  fields.text("host", out.host);
  read_port(fields, out.port);
  fields.text("host_networking_host", out.host_networking_host);
  fields.boolean("match_first_network", out.match_first_network);
  for (const auto& item : fields.items("filters")) {
    Fields inner(item.node, item.where);
    std::pair<std::string, std::vector<std::string>> filter;
    inner.text("name", filter.first);
    inner.texts("values", filter.second);
    if (filter.first.empty()) inner.mistake("name", "must be given");
    if (auto done = inner.finish(); !done.ok()) fields.mistake(done.error());
    out.filters.push_back(std::move(filter));
  }
  read_refresh(fields, out.refresh_interval);
  read_http_config(fields, folder, out.http);
  if (out.host.empty()) fields.mistake("host", "host missing");
}

void read(Fields& fields, const std::string& folder, ConsulDiscoveryConfig& out) {
  fields.text("server", out.server);
  fields.text("path_prefix", out.path_prefix);
  fields.text("scheme", out.scheme);
  fields.text("token", out.token);
  fields.text("datacenter", out.datacenter);
  fields.text("namespace", out.ns);
  fields.text("partition", out.partition);
  fields.text("tag_separator", out.tag_separator);
  fields.boolean("allow_stale", out.allow_stale);
  fields.texts("services", out.services);
  fields.texts("tags", out.tags);
  fields.text_map("node_meta", out.node_meta);
  fields.text("filter", out.filter);
  fields.text("health_filter", out.health_filter);
  std::string user, password;
  fields.text("username", user);
  fields.text("password", password);
  read_refresh(fields, out.refresh_interval);
  read_http_config(fields, folder, out.http);
  if (!user.empty() || !password.empty()) {
    if (out.http.basic_auth) fields.mistake("username", "configure either basic_auth or username and password");
    out.http.basic_auth = true;
    out.http.basic_username.text = user;
    out.http.basic_password.text = password;
  }
  if (out.server.empty()) fields.mistake("server", "consul SD configuration requires a server address");
}

template <class Config>
void read_all(Fields& fields, std::string_view name, const std::string& folder, TargetSources& out) {
  for (const auto& item : fields.items(name)) {
    Config config;
    Fields inner(item.node, item.where);
    read(inner, folder, config);
    if (auto done = inner.finish(); !done.ok()) fields.mistake(done.error());
    out.discovered.push_back(std::move(config));
  }
}

// {targets: [...], labels: {...}}
Result<TargetGroup> read_group(const agent::yaml::Node& node, const std::string& where) {
  TargetGroup group;
  Fields fields(&node, where);
  std::vector<std::string> addresses;
  std::vector<std::pair<std::string, std::string>> labels;
  fields.texts("targets", addresses);
  fields.text_map("labels", labels);
  for (const auto& [name, value] : labels) {
    if (name.empty()) fields.mistake("labels", "\"\" is not a valid label name");
    group.labels.set(name, value);
  }
  for (const std::string& address : addresses) group.targets.push_back(Labels{{"__address__", address}});
  TRY_VOID(fields.finish());
  return group;
}

}  // namespace

void read_target_sources(Fields& fields, const std::string& folder, TargetSources& out) {
  const auto groups = fields.items("static_configs");
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (groups[i].node->kind == agent::yaml::Kind::kNull) {
      fields.mistake("static_configs", "empty or null section");
      continue;
    }
    auto group = read_group(*groups[i].node, groups[i].where);
    if (!group.ok()) {
      fields.mistake(group.error());
      continue;
    }
    for (const Labels& target : group->targets) {
      if (target.get("__address__").find('/') != std::string_view::npos) {
        fields.mistake("static_configs", fmt::format("\"{}\" is not a valid hostname", target.get("__address__")));
      }
    }
    group->source = std::to_string(i);
    out.fixed.push_back(std::move(*group));
  }
  read_all<FileDiscoveryConfig>(fields, "file_sd_configs", folder, out);
  read_all<HttpDiscoveryConfig>(fields, "http_sd_configs", folder, out);
  read_all<DnsDiscoveryConfig>(fields, "dns_sd_configs", folder, out);
  read_all<KubernetesDiscoveryConfig>(fields, "kubernetes_sd_configs", folder, out);
  read_all<DockerDiscoveryConfig>(fields, "docker_sd_configs", folder, out);
  read_all<ConsulDiscoveryConfig>(fields, "consul_sd_configs", folder, out);
  for (const std::string_view name : kUnsupported) fields.unsupported(name);
}

Result<std::vector<TargetGroup>> parse_target_groups(std::string_view text, const std::string& source) {
  TRY(root, agent::yaml::parse(text));  // JSON is YAML
  std::vector<TargetGroup> out;
  if (root.kind == agent::yaml::Kind::kNull) return out;
  if (root.kind != agent::yaml::Kind::kList)
    return error(Code::kInvalid, "line {}: must be a list of groups", root.line);
  for (std::size_t i = 0; i < root.list.size(); ++i) {
    TRY(group, read_group(root.list[i], fmt::format("[{}]", i)));
    group.source = fmt::format("{}:{}", source, i);
    out.push_back(std::move(group));
  }
  return out;
}

}  // namespace trilobite::scrape
