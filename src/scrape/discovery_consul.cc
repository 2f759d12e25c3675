// consul_sd_configs: the services of a Consul catalogue with their health, asked at an interval.
#include <algorithm>
#include <set>

#include "agent/http_client.h"
#include "scrape/discovery.h"
#include "scrape/http_fetch.h"
#include "scrape/json_value.h"
#include "scrape/limits.h"

namespace trilobite::scrape {
namespace {

class ConsulDiscovery final : public Discovery {
 public:
  explicit ConsulDiscovery(const ConsulDiscoveryConfig& config) : config_(config) {
    base_ = fmt::format("{}://{}{}", config.scheme, config.server, config.path_prefix);
  }

  void run(DiscoveryRun& run) override {
    HttpFetch fetch(config_.http, [&run] { return run.stopped(); });
    refresh_until_stopped(run, config_.refresh_interval, [&] { return ask(fetch); });
  }

 private:
  std::string parameters(const std::string& filter) const {
    std::string out = config_.allow_stale ? "?stale=" : "?";
    const auto add = [&](std::string_view name, const std::string& value) {
      if (!value.empty()) out += fmt::format("&{}={}", name, agent::url_escape(value));
    };
    add("dc", config_.datacenter);
    add("ns", config_.ns);
    add("partition", config_.partition);
    add("filter", filter);
    for (const auto& [name, value] : config_.node_meta) add("node-meta", name + ":" + value);
    return out;
  }

  Result<std::string> get(HttpFetch& fetch, const std::string& path) const {
    HttpTransferRequest request;
    request.url = base_ + path;
    request.timeout = config_.refresh_interval;
    request.body_bytes_max = kDiscoveryBytesMax;
    if (!config_.token.empty()) request.headers.push_back("X-Consul-Token: " + config_.token);
    TRY(answer, fetch.send(std::move(request)));
    if (answer.status != 200) {
      return error(Code::kUnavailable, "{}{}: server returned HTTP status {}", base_, path, answer.status_text);
    }
    return std::move(answer.body);
  }

  Result<std::vector<TargetGroup>> ask(HttpFetch& fetch) const {
    std::vector<std::string> services = config_.services;
    if (services.empty() || !config_.tags.empty()) {
      TRY(text, get(fetch, "/v1/catalog/services" + parameters(config_.filter)));
      json::Document document;
      const json::Value root = document.parse(text);
      if (!root.is_object()) {
        return error(Code::kInvalid, "{}: the catalogue is not a JSON object", base_);
      }
      services.clear();
      root.each_field([&](std::string_view name, const json::Value& tags) {
        if (wanted(name, tags)) services.emplace_back(name);
      });
    }
    std::vector<TargetGroup> out;
    for (const std::string& service : services) {
      std::string path = "/v1/health/service/" + agent::url_escape(service) + parameters(config_.health_filter);
      for (const std::string& tag : config_.tags) path += "&tag=" + agent::url_escape(tag);
      TRY(text, get(fetch, path));
      json::Document document;
      const json::Value root = document.parse(text);
      if (!root.is_list()) {
        return error(Code::kInvalid, "{}: service {} is not a JSON list", base_, service);
      }
      TargetGroup group;
      group.source = service;
      root.each([&](const json::Value& entry) { group.targets.push_back(target_of(entry)); });
      out.push_back(std::move(group));
    }
    return out;
  }

  bool wanted(std::string_view name, const json::Value& tags) const {
    const auto& names = config_.services;
    if (!names.empty() && std::find(names.begin(), names.end(), name) == names.end()) return false;
    std::set<std::string, std::less<>> has;
    tags.each([&](const json::Value& tag) { has.emplace(tag.text()); });
    return std::all_of(config_.tags.begin(), config_.tags.end(),
                       [&](const std::string& tag) { return has.contains(tag); });
  }

  Labels target_of(const json::Value& entry) const {
    Labels out;
    const auto put = [&](std::string_view name, std::string_view value) {
      out.set(fmt::format("__meta_consul_{}", name), value);
    };
    const auto node = entry["Node"], service = entry["Service"];
    const std::string port = std::to_string(service["Port"].number());
    const std::string_view own = service["Address"].text();
    out.set("__address__", join_host_port(own.empty() ? node["Address"].text() : own, port));
    put("address", node["Address"].text());
    put("dc", node["Datacenter"].text());
    put("node", node["Node"].text());
    put("namespace", service["Namespace"].text());
    put("partition", service["Partition"].text());
    put("service", service["Service"].text());
    put("service_address", own);
    put("service_id", service["ID"].text());
    put("service_port", port);
    // Consul's own order: the worst of the checks.
    std::string_view health = "passing";
    entry["Checks"].each([&](const json::Value& check) {
      const std::string_view status = check["Status"].text();
      if (status == "critical" || (status == "warning" && health == "passing") || status == "maintenance")
        health = status;
    });
    put("health", health);
    // Separators around as well as between, so that a regex needs no special case for the first and the last.
    std::string tags = config_.tag_separator;
    service["Tags"].each([&](const json::Value& tag) {
      tags += tag.text();
      tags += config_.tag_separator;
    });
    put("tags", tags);
    node["Meta"].each_field([&](std::string_view name, const json::Value& value) {
      put("metadata_" + label_name_from(name), value.text());
    });
    service["Meta"].each_field([&](std::string_view name, const json::Value& value) {
      put("service_metadata_" + label_name_from(name), value.text());
    });
    node["TaggedAddresses"].each_field([&](std::string_view name, const json::Value& value) {
      put("tagged_address_" + label_name_from(name), value.text());
    });
    return out;
  }

  const ConsulDiscoveryConfig config_;
  std::string base_;
};

}  // namespace

std::unique_ptr<Discovery> make_consul_discovery(const ConsulDiscoveryConfig& config) {
  return std::make_unique<ConsulDiscovery>(config);
}

}  // namespace trilobite::scrape
