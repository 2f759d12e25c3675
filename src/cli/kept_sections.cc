#include "cli/kept_sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "logs/text.h"

namespace trilobite::cli {
namespace {

using agent::yaml::Kind;
using agent::yaml::Node;

// Set by the sender itself.
constexpr std::string_view kReservedHeaders[] = {"authorization",
                                                 "host",
                                                 "content-encoding",
                                                 "content-length",
                                                 "content-type",
                                                 "user-agent",
                                                 "connection",
                                                 "keep-alive",
                                                 "proxy-authenticate",
                                                 "proxy-authorization",
                                                 "www-authenticate",
                                                 "accept-encoding",
                                                 "x-prometheus-remote-write-version",
                                                 "x-prometheus-remote-read-version"};

class Sections {
 public:
  std::vector<std::string> errors;

  void remotes(const Node& list, const std::string& name) {
    if (list.kind == Kind::kNull) return;
    if (list.kind != Kind::kList) return wrong(list, name, "must be a list");
    std::set<std::string> names;
    for (std::size_t i = 0; i < list.list.size(); ++i) remote(list.list[i], fmt::format("{}[{}]", name, i), names);
  }

  void alerting(const Node& node) {
    if (node.kind == Kind::kNull) return;
    if (node.kind != Kind::kMap) return wrong(node, "alerting", "must be a map");
    const Node* managers = node.find("alertmanagers");
    if (managers == nullptr || managers->kind == Kind::kNull) return;
    if (managers->kind != Kind::kList) return wrong(*managers, "alerting.alertmanagers", "must be a list");
    for (std::size_t i = 0; i < managers->list.size(); ++i) {
      const std::string where = fmt::format("alerting.alertmanagers[{}]", i);
      const Node& manager = managers->list[i];
      if (manager.kind != Kind::kMap) {
        wrong(manager, where, "empty or null alertmanager config section");
        continue;
      }
      const Node* version = manager.find("api_version");
      if (version == nullptr || version->text == "v1" || version->text == "v2") continue;
      wrong(*version, where, "expected Alertmanager api version to be one of [v1 v2] but got " + version->text);
    }
  }

  void tracing(const Node& node) {
    if (node.kind == Kind::kNull) return;
    if (node.kind != Kind::kMap) return wrong(node, "tracing", "must be a map");
    const Node* endpoint = node.find("endpoint");
    if (endpoint == nullptr || endpoint->text.empty()) wrong(node, "tracing", "tracing endpoint must be set");
  }

 private:
  void wrong(const Node& at, const std::string& where, const std::string& what) {
    errors.push_back(fmt::format("line {}: {}: {}", at.line, where, what));
  }

  void remote(const Node& node, const std::string& where, std::set<std::string>& names) {
    if (node.kind != Kind::kMap) return wrong(node, where, "empty or null section");
    const Node* url = node.find("url");
    if (url == nullptr || url->text.empty()) wrong(node, where, "url is empty");
    if (const Node* name = node.find("name"); name != nullptr && !name->text.empty()) {
      if (!names.insert(name->text).second)
        wrong(*name, where, fmt::format("the name \"{}\" stands twice", name->text));
    }
    const Node* headers = node.find("headers");
    if (headers == nullptr || headers->kind != Kind::kMap) return;
    for (const auto& [header, value] : headers->map) {
      if (std::ranges::find(kReservedHeaders, logql::to_lower_ascii(header)) == std::end(kReservedHeaders)) continue;
      wrong(value, where, header + " is a reserved header. It must not be changed");
    }
  }
};

}  // namespace

std::vector<std::string> errors_of_kept_sections(const scrape::Config& config) {
  Sections sections;
  sections.remotes(config.remote_write, "remote_write");
  sections.remotes(config.remote_read, "remote_read");
  sections.alerting(config.alerting);
  sections.tracing(config.tracing);
  return std::move(sections.errors);
}

std::vector<std::string> missing_files(const scrape::Config& config) {
  std::vector<std::string> out;
  for (const auto& job : config.scrape) {
    const scrape::HttpConfig& http = job->http;
    for (const std::string& file : {http.authorization.file, http.tls.cert_file, http.tls.key.file}) {
      std::error_code ignored;
      if (file.empty() || std::filesystem::exists(file, ignored)) continue;
      out.push_back(fmt::format("scrape job \"{}\": {}: no such file", job->job_name, file));
    }
  }
  return out;
}

}  // namespace trilobite::cli
