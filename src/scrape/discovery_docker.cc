// docker_sd_configs: the containers of a Docker engine, one target per network and TCP port.
#include <algorithm>
#include <map>

#include "agent/http_client.h"
#include "base/json_writer.h"
#include "scrape/discovery.h"
#include "scrape/http_fetch.h"
#include "scrape/json_value.h"
#include "scrape/limits.h"

namespace trilobite::scrape {
namespace {

constexpr std::string_view kPrefix = "__meta_docker_";

void add_labels(const json::Value& from, std::string_view prefix, Labels& out) {
  from.each_field([&](std::string_view name, const json::Value& value) {
    out.set(fmt::format("{}{}{}", kPrefix, prefix, label_name_from(name)), value.text());
  });
}

class DockerDiscovery final : public Discovery {
 public:
  explicit DockerDiscovery(const DockerDiscoveryConfig& config) : config_(config) {
    std::string_view host = config.host;
    if (host.starts_with("unix://")) {
      unix_socket_ = host.substr(7);
      base_ = "http://docker";
    } else if (host.starts_with("tcp://")) {
      base_ = fmt::format("{}://{}", config.http.tls == TlsConfig() ? "http" : "https", host.substr(6));
    } else {
      base_ = host;
    }
    while (base_.ends_with('/')) base_.pop_back();
  }

  void run(DiscoveryRun& run) override {
    HttpFetch fetch(config_.http, [&run] { return run.stopped(); });
    refresh_until_stopped(run, config_.refresh_interval, [&] { return ask(fetch); });
  }

 private:
  Result<std::string> get(HttpFetch& fetch, const std::string& path) const {
    HttpTransferRequest request;
    request.url = base_ + path;
    request.unix_socket = unix_socket_;
    request.timeout = config_.refresh_interval;
    request.body_bytes_max = kDiscoveryBytesMax;
    TRY(answer, fetch.send(std::move(request)));
    if (answer.status != 200) {
      return error(Code::kUnavailable, "{}{}: server returned HTTP status {}", config_.host, path, answer.status_text);
    }
    return std::move(answer.body);
  }

  std::string filters() const {
    if (config_.filters.empty()) return {};
    std::string text;
    JsonWriter writer(text);
    writer.begin_object();
    for (const auto& [name, values] : config_.filters) {
      writer.key(name).begin_array();
      for (const std::string& value : values) writer.string(value);
      writer.end_array();
    }
    writer.end_object();
    return "?filters=" + agent::url_escape(text);
  }

  Result<std::vector<TargetGroup>> ask(HttpFetch& fetch) const {
    TRY(containers_text, get(fetch, "/containers/json" + filters()));
    TRY(networks_text, get(fetch, "/networks"));
    json::Document containers_document, networks_document;
    const json::Value containers = containers_document.parse(containers_text);
    const json::Value networks = networks_document.parse(networks_text);
    if (!containers.is_list()) {
      return error(Code::kInvalid, "{}: the answer is not JSON as Docker gives it", config_.host);
    }
    std::map<std::string, Labels, std::less<>> network_labels;
    networks.each([&](const json::Value& network) {
      Labels labels;
      labels.set("__meta_docker_network_id", network["Id"].text());
      labels.set("__meta_docker_network_name", network["Name"].text());
      labels.set("__meta_docker_network_scope", network["Scope"].text());
      labels.set("__meta_docker_network_internal", network["Internal"].flag() ? "true" : "false");
      labels.set("__meta_docker_network_ingress", network["Ingress"].flag() ? "true" : "false");
      add_labels(network["Labels"], "network_label_", labels);
      network_labels[std::string(network["Id"].text())] = std::move(labels);
    });
    TargetGroup group;
    group.source = "docker";
    std::map<std::string, json::Value, std::less<>> by_id;
    containers.each([&](const json::Value& c) { by_id.emplace(c["Id"].text(), c); });
    containers.each([&](const json::Value& c) { add_container(c, by_id, network_labels, group); });
    return std::vector<TargetGroup>{std::move(group)};
  }

  // A container that shares another's network ("container:ID") is reached by the other's addresses.
  static std::vector<std::pair<std::string, json::Value>> networks_of(
      const json::Value& container, const std::map<std::string, json::Value, std::less<>>& by_id) {
    std::vector<std::pair<std::string, json::Value>> out;
    const auto collect = [&](const json::Value& from) {
      from["NetworkSettings"]["Networks"].each_field(
          [&](std::string_view name, const json::Value& network) { out.emplace_back(std::string(name), network); });
    };
    collect(container);
    const std::string_view mode = container["HostConfig"]["NetworkMode"].text();
    if (out.empty() && mode.starts_with("container:")) {
      if (const auto other = by_id.find(mode.substr(10)); other != by_id.end()) collect(other->second);
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    return out;
  }

  void add_container(const json::Value& container, const std::map<std::string, json::Value, std::less<>>& by_id,
                     const std::map<std::string, Labels, std::less<>>& network_labels, TargetGroup& group) const {
    std::string_view name;
    container["Names"].each([&](const json::Value& each) {
      if (name.empty()) name = each.text();
    });
    if (name.empty()) return;
    const std::string_view mode = container["HostConfig"]["NetworkMode"].text();
    Labels own;
    own.set("__meta_docker_container_id", container["Id"].text());
    own.set("__meta_docker_container_name", name);
    own.set("__meta_docker_container_network_mode", mode);
    add_labels(container["Labels"], "container_label_", own);
    auto networks = networks_of(container, by_id);
    if (config_.match_first_network && networks.size() > 1) networks.erase(networks.begin() + 1, networks.end());
    for (const auto& [network_name, network] : networks) {
      Labels common = own;
      if (const auto labels = network_labels.find(network["NetworkID"].text()); labels != network_labels.end()) {
        for (const auto& [key, value] : labels->second) common.set(key, value);
      }
      const std::string_view ip = network["IPAddress"].text();
      common.set("__meta_docker_network_ip", ip);
      bool added = false;
      container["Ports"].each([&](const json::Value& port) {
        if (port["Type"].text() != "tcp") return;
        Labels target = common;
        const std::string inside = std::to_string(port["PrivatePort"].number());
        target.set("__meta_docker_port_private", inside);
        if (const std::int64_t outside = port["PublicPort"].number(); outside > 0) {
          target.set("__meta_docker_port_public", std::to_string(outside));
          target.set("__meta_docker_port_public_ip", port["IP"].text());
        }
        target.set("__address__", join_host_port(ip, inside));
        group.targets.push_back(std::move(target));
        added = true;
      });
      if (added) continue;
      // No published port: the configured one.
      common.set("__address__",
                 mode == "host" ? config_.host_networking_host : join_host_port(ip, std::to_string(config_.port)));
      group.targets.push_back(std::move(common));
    }
  }

  const DockerDiscoveryConfig config_;
  std::string base_, unix_socket_;
};

}  // namespace

std::unique_ptr<Discovery> make_docker_discovery(const DockerDiscoveryConfig& config) {
  return std::make_unique<DockerDiscovery>(config);
}

}  // namespace trilobite::scrape
