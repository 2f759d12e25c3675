// kubernetes_sd_configs: lists and watches objects through the API server, one thread per resource and namespace.
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <mutex>
#include <set>
#include <thread>

#include "agent/file_finder.h"
#include "agent/http_client.h"
#include "agent/yaml_tree.h"
#include "scrape/discovery.h"
#include "scrape/http_fetch.h"
#include "scrape/kubernetes_objects.h"
#include "scrape/limits.h"

namespace trilobite::scrape {
namespace {

using Resource = KubernetesResource;

constexpr std::string_view kServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

struct ApiServer {
  std::string url;
  HttpConfig http;
};

Result<std::string> read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return error(Code::kIo, "cannot read {}", path);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // set by the cluster before the process starts
  return value == nullptr ? std::string() : value;
}

Result<ApiServer> inside_cluster() {
  const std::string host = environment("KUBERNETES_SERVICE_HOST"), port = environment("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) {
    return error(Code::kUnavailable,
                 "unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be "
                 "defined");
  }
  ApiServer out;
  out.url = "https://" + join_host_port(host, port);
  out.http.authorization_type = "Bearer";
  out.http.authorization.file = fmt::format("{}/token", kServiceAccount);
  out.http.tls.ca_file = fmt::format("{}/ca.crt", kServiceAccount);
  return out;
}

std::string decode_base64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                      : c >= 'a' && c <= 'z' ? c - 'a' + 26
                      : c >= '0' && c <= '9' ? c - '0' + 52
                      : c == '+'             ? 62
                      : c == '/'             ? 63
                                             : -1;
    if (value < 0) continue;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    if (++count % 4 != 1) out.push_back(static_cast<char>(bits >> (6 - 2 * ((count - 1) % 4)) & 0xFF));
  }
  return out;
}

const agent::yaml::Node* named(const agent::yaml::Node& root, std::string_view list, std::string_view name,
                               std::string_view content) {
  const auto* items = root.find(list);
  if (items == nullptr) return nullptr;
  for (const auto& item : items->list) {
    const auto* own = item.find("name");
    if (own != nullptr && own->text == name) return item.find(content);
  }
  return nullptr;
}

std::string text_of(const agent::yaml::Node* node, std::string_view name) {
  const auto* found = node == nullptr ? nullptr : node->find(name);
  return found == nullptr ? std::string() : found->text;
}

Result<ApiServer> from_kubeconfig(const std::string& path) {
  TRY(text, read_text(path));
  auto root = agent::yaml::parse(text);
  if (!root.ok()) return std::move(root).error().within("{}", path);
  const auto* context = named(*root, "contexts", text_of(&*root, "current-context"), "context");
  if (context == nullptr) return error(Code::kInvalid, "{}: current-context names no context", path);
  const auto* cluster = named(*root, "clusters", text_of(context, "cluster"), "cluster");
  const auto* user = named(*root, "users", text_of(context, "user"), "user");
  if (cluster == nullptr) return error(Code::kInvalid, "{}: the context names no cluster", path);
  if (user != nullptr && (user->find("exec") != nullptr || user->find("auth-provider") != nullptr)) {
    return error(Code::kUnsupported, "{}: credentials by exec or auth-provider are not supported", path);
  }
  const std::string folder = agent::parent_folder(path);
  ApiServer out;
  out.url = text_of(cluster, "server");
  TlsConfig& tls = out.http.tls;
  tls.ca_file = join_path(folder, text_of(cluster, "certificate-authority"));
  tls.ca = decode_base64(text_of(cluster, "certificate-authority-data"));
  tls.insecure_skip_verify = text_of(cluster, "insecure-skip-tls-verify") == "true";
  tls.server_name = text_of(cluster, "tls-server-name");
  out.http.proxy.url = text_of(cluster, "proxy-url");
  tls.cert_file = join_path(folder, text_of(user, "client-certificate"));
  tls.cert = decode_base64(text_of(user, "client-certificate-data"));
  tls.key.file = join_path(folder, text_of(user, "client-key"));
  tls.key.text = decode_base64(text_of(user, "client-key-data"));
  out.http.authorization.text = text_of(user, "token");
  out.http.authorization.file = join_path(folder, text_of(user, "tokenFile"));
  if (out.http.authorization.given()) out.http.authorization_type = "Bearer";
  out.http.basic_username.text = text_of(user, "username");
  out.http.basic_password.text = text_of(user, "password");
  out.http.basic_auth = out.http.basic_username.given();
  return out;
}

Result<ApiServer> find_server(const KubernetesDiscoveryConfig& config) {
  ApiServer out;
  if (!config.kubeconfig_file.empty()) {
    TRY(found, from_kubeconfig(config.kubeconfig_file));
    out = std::move(found);
  } else if (config.api_server.empty()) {
    TRY(found, inside_cluster());
    out = std::move(found);
  } else {
    out = {config.api_server, config.http};
  }
  while (out.url.ends_with('/')) out.url.pop_back();
  return out;
}

std::string path_of(Resource resource, const std::string& ns) {
  std::string base = "/api/v1";
  if (resource == Resource::kEndpointSlices) base = "/apis/discovery.k8s.io/v1";
  if (resource == Resource::kIngresses) base = "/apis/networking.k8s.io/v1";
  if (!ns.empty()) base += "/namespaces/" + agent::url_escape(ns);
  return fmt::format("{}/{}", base, plural(resource));
}

// The objects of all watches, and whether each has listed its own once.
class Cluster {
 public:
  void replace(Resource resource, const std::string& ns, KubernetesCluster::Objects objects) {
    const std::lock_guard lock(mutex_);
    auto& all = cluster_.objects[resource];
    std::erase_if(all, [&](const auto& entry) { return ns.empty() || entry.second.ns == ns; });
    all.merge(objects);
    listed_.insert({resource, ns});
    changed_ = true;
  }
  void put(Resource resource, std::string key, KubernetesObject object) {
    const std::lock_guard lock(mutex_);
    cluster_.objects[resource].insert_or_assign(std::move(key), std::move(object));
    changed_ = true;
  }
  void erase(Resource resource, const std::string& key) {
    const std::lock_guard lock(mutex_);
    changed_ |= cluster_.objects[resource].erase(key) > 0;
  }
  // Nothing unless something changed and `watches` have listed theirs.
  std::optional<std::vector<TargetGroup>> take(const KubernetesDiscoveryConfig& config, std::size_t watches) {
    const std::lock_guard lock(mutex_);
    if (!changed_ || listed_.size() < watches) return std::nullopt;
    changed_ = false;
    return kubernetes_groups(config, cluster_);
  }

 private:
  std::mutex mutex_;  // guards the rest
  KubernetesCluster cluster_;
  std::set<std::pair<Resource, std::string>> listed_;
  bool changed_ = false;
};

class Watch {
 public:
  Watch(const KubernetesDiscoveryConfig& config, const ApiServer& server, Resource resource, std::string ns,
        Cluster& cluster, DiscoveryRun& run)
      : server_(server),
        resource_(resource),
        ns_(std::move(ns)),
        cluster_(cluster),
        run_(run),
        fetch_(server.http, [&run] { return run.stopped(); }) {
    for (const KubernetesSelector& selector : config.selectors) {
      if (resource_of(selector.role) != resource) continue;
      if (!selector.label.empty()) selectors_ += "&labelSelector=" + agent::url_escape(selector.label);
      if (!selector.field.empty()) selectors_ += "&fieldSelector=" + agent::url_escape(selector.field);
    }
  }

  void loop() {
    auto pause = std::chrono::duration_cast<Nanoseconds>(kRetryFirst);
    while (!run_.stopped()) {
      auto outcome = list();
      while (outcome.ok() && !run_.stopped()) {
        pause = kRetryFirst;
        outcome = watch();
      }
      if (run_.stopped()) return;
      // "Gone" only says that the version is too old to go on from.
      if (!outcome.ok() && outcome.error().code != Code::kNotFound) {
        run_.fail(std::move(outcome).error().within("kubernetes: {}", plural(resource_)));
      }
      if (!run_.wait(pause)) return;
      pause = std::min<Nanoseconds>(pause * 2, kRetryLast);
    }
  }

 private:
  Result<void> list() {
    KubernetesCluster::Objects objects;
    std::string next;
    do {
      HttpTransferRequest request;
      request.url = server_.url + path_of(resource_, ns_) + "?limit=500" + selectors_;
      if (!next.empty()) request.url += "&continue=" + agent::url_escape(next);
      request.headers = {"Accept: application/json"};
      request.timeout = std::chrono::minutes(1);
      request.body_bytes_max = kDiscoveryBytesMax;
      TRY(answer, fetch_.send(std::move(request)));
      if (answer.status == 410) return error(Code::kNotFound, "the list expired");
      if (answer.status != 200) {
        return error(Code::kUnavailable, "server returned HTTP status {}", answer.status_text);
      }
      json::Document document;
      const json::Value root = document.parse(answer.body);
      if (!root["items"].there()) return error(Code::kInvalid, "the answer is no list of objects");
      root["items"].each([&](const json::Value& object) {
        objects.insert_or_assign(key_of(object), parse_kubernetes_object(resource_, object));
      });
      version_ = root["metadata"]["resourceVersion"].text();
      next = root["metadata"]["continue"].text();
    } while (!next.empty() && !run_.stopped());
    cluster_.replace(resource_, ns_, std::move(objects));
    return {};
  }

  // Until the server ends the answer, which it does every few minutes.
  Result<void> watch() {
    HttpTransferRequest request;
    request.url = fmt::format("{}{}?watch=true&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion={}{}",
                              server_.url, path_of(resource_, ns_), agent::url_escape(version_), selectors_);
    request.headers = {"Accept: application/json"};
    request.timeout = std::chrono::seconds(330);  // a connection that died quietly
    std::string buffer;
    Result<void> outcome;
    std::uint64_t events = 0;
    auto answer = fetch_.stream(std::move(request), [&](std::string_view bytes) {
      buffer.append(bytes);
      std::size_t begin = 0;
      for (std::size_t end; (end = buffer.find('\n', begin)) != std::string::npos; begin = end + 1) {
        ++events;
        outcome = take(std::string_view(buffer).substr(begin, end - begin));
        if (!outcome.ok()) return false;
      }
      buffer.erase(0, begin);
      if (buffer.size() > kDiscoveryBytesMax) outcome = error(Code::kLimit, "an event is too large");
      return outcome.ok();
    });
    if (!outcome.ok()) return outcome;
    if (!answer.ok()) return std::move(answer).error();
    if (answer->status == 410) return error(Code::kNotFound, "the version is too old");
    if (answer->status != 200) return error(Code::kUnavailable, "server returned HTTP status {}", answer->status_text);
    // A server that ends each watch at once must not be asked without a pause.
    if (events == 0 && !run_.wait(kRetryFirst)) return {};
    return {};
  }

  Result<void> take(std::string_view line) {
    if (line.empty()) return {};
    const json::Value event = document_.parse(line);
    const std::string_view type = event["type"].text();
    const json::Value object = event["object"];
    if (type == "ERROR") {
      if (object["code"].number() == 410) return error(Code::kNotFound, "the version is too old");
      return error(Code::kUnavailable, "watch ended: {}", object["message"].text());
    }
    if (!object.is_object()) return error(Code::kInvalid, "an event of a watch is not JSON");
    if (const std::string_view version = object["metadata"]["resourceVersion"].text(); !version.empty()) {
      version_ = version;
    }
    if (type == "ADDED" || type == "MODIFIED") {
      cluster_.put(resource_, key_of(object), parse_kubernetes_object(resource_, object));
    } else if (type == "DELETED") {
      cluster_.erase(resource_, key_of(object));
    }
    return {};
  }

  const ApiServer& server_;
  const Resource resource_;
  const std::string ns_;
  Cluster& cluster_;
  DiscoveryRun& run_;
  HttpFetch fetch_;
  json::Document document_;
  std::string selectors_, version_;
};

class KubernetesDiscovery final : public Discovery {
 public:
  explicit KubernetesDiscovery(const KubernetesDiscoveryConfig& config) : config_(config) {}

  void run(DiscoveryRun& run) override {
    ApiServer server;
    std::vector<std::string> namespaces;
    for (;;) {
      auto found = find_server(config_);
      auto names = found.ok() ? chosen_namespaces() : Result<std::vector<std::string>>(std::vector<std::string>());
      if (found.ok() && names.ok()) {
        server = std::move(*found);
        namespaces = std::move(*names);
        break;
      }
      run.fail(found.ok() ? names.error() : found.error());
      if (!run.wait(kRetryLast)) return;
    }
    Cluster cluster;
    std::vector<std::unique_ptr<Watch>> watches;
    for (const Resource resource : resources_of(config_)) {
      const bool whole = resource == Resource::kNodes || resource == Resource::kNamespaces;
      for (const std::string& ns : whole ? std::vector<std::string>{""} : namespaces) {
        watches.push_back(std::make_unique<Watch>(config_, server, resource, ns, cluster, run));
      }
    }
    std::vector<std::thread> threads;
    for (const auto& watch : watches) threads.emplace_back([&watch] { watch->loop(); });
    while (run.wait(kDiscoverySettle)) {
      if (auto groups = cluster.take(config_, watches.size())) run.publish(std::move(*groups));
    }
    for (std::thread& thread : threads) thread.join();
  }

 private:
  Result<std::vector<std::string>> chosen_namespaces() const {
    std::vector<std::string> out = config_.namespaces;
    if (config_.own_namespace) {
      TRY(own, read_text(fmt::format("{}/namespace", kServiceAccount)));
      out.push_back(std::move(own));
    }
    if (out.empty()) out.emplace_back();  // all
    return out;
  }

  const KubernetesDiscoveryConfig config_;
};

}  // namespace

std::unique_ptr<Discovery> make_kubernetes_discovery(const KubernetesDiscoveryConfig& config) {
  return std::make_unique<KubernetesDiscovery>(config);
}

}  // namespace trilobite::scrape
