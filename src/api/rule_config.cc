#include "api/rule_config.h"

#include "api/prometheus_api.h"
#include "api/tenant.h"
#include "base/json_writer.h"

namespace trilobite::api {
namespace {

using alerting::RuleGroupRef;

constexpr std::string_view kRoots[] = {"/api/v1/rules", "/prometheus/api/v1/rules", "/config/v1/rules",
                                       "/prometheus/config/v1/rules"};

http::Response yaml(std::string body) {
  http::Response response;
  response.content_type = "application/yaml";
  response.body = std::move(body);
  return response;
}

http::Response accepted(const Result<void>& done) {
  if (!done.ok()) return change_error(done.error());
  return http::Response::json(202, R"({"status":"success","data":null})");
}

// As an item of a list two levels deep.
void append_group(std::string& out, const std::string& text) {
  bool first = true;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    if (line.empty()) {
      out += '\n';
      continue;
    }
    out += first ? "  - " : "    ";
    out.append(line) += '\n';
    first = false;
  }
}

// "namespace:" and its groups, for each namespace.
std::string namespaces_yaml(const std::vector<RuleGroupRef>& groups) {
  std::string out;
  const std::string* last = nullptr;
  for (const RuleGroupRef& entry : groups) {
    if (last == nullptr || *last != entry->name_space) {
      append_json_string(out, entry->name_space);  // a JSON string is a YAML string
      out += ":\n";
    }
    last = &entry->name_space;
    append_group(out, entry->group.yaml);
  }
  return out;
}

http::Response get_all(alerting::RuleGroups& groups, const http::Request&, const std::string& tenant) {
  const std::vector<RuleGroupRef> all = groups.list(tenant);
  return all.empty() ? yaml("{}\n") : yaml(namespaces_yaml(all));
}

http::Response get_namespace(alerting::RuleGroups& groups, const http::Request& request, const std::string& tenant) {
  std::vector<RuleGroupRef> found = groups.list(tenant);
  const std::string_view wanted = request.path_parameter("namespace");
  std::erase_if(found, [&](const RuleGroupRef& each) { return each->name_space != wanted; });
  if (found.empty()) return change_error(error(Code::kNotFound, "no rule groups found"));
  return yaml(namespaces_yaml(found));
}

http::Response get_group(alerting::RuleGroups& groups, const http::Request& request, const std::string& tenant) {
  const auto found = groups.find(tenant, request.path_parameter("namespace"), request.path_parameter("group"));
  if (found == nullptr) return change_error(error(Code::kNotFound, "group does not exist"));
  return yaml(found->text);
}

http::Response put(alerting::RuleGroups& groups, const http::Request& request, const std::string& tenant) {
  const std::string_view name_space = request.path_parameter("namespace"), group = request.path_parameter("group");
  return accepted(groups.put(tenant, name_space, request.body, group));
}

http::Response remove_group(alerting::RuleGroups& groups, const http::Request& request, const std::string& tenant) {
  return accepted(groups.remove(tenant, request.path_parameter("namespace"), request.path_parameter("group")));
}

http::Response remove_namespace(alerting::RuleGroups& groups, const http::Request& request,
                                const std::string& tenant) {
  return accepted(groups.remove_namespace(tenant, request.path_parameter("namespace")));
}

http::Response list(alerting::RuleGroups& groups, const http::Request&, const std::string& tenant) {
  std::string out = R"({"status":"success","data":)";
  JsonWriter json(out);
  json.begin_array();
  for (const RuleGroupRef& entry : groups.list(tenant)) {
    json.begin_object().key("namespace").string(entry->name_space).key("group").string(entry->group.name);
    json.key("source").string(entry->over_api ? "api" : "file");
    json.key("file").string(entry->over_api ? std::string_view() : std::string_view(entry->name_space));
    json.key("rules").number(std::uint64_t{entry->group.rules.size()}).key("yaml").string(entry->text).end_object();
  }
  json.end_array();
  return http::Response::json(200, out + "}");
}

http::Response turned_off(alerting::RuleGroups&, const http::Request&, const std::string&) {
  return forbidden("rules cannot be changed over the API: rules.over_http is false");
}

}  // namespace

void add_rule_config_routes(http::Router& router, const RuleConfigApi& api) {
  using Act = http::Response (*)(alerting::RuleGroups&, const http::Request&, const std::string&);
  const auto add = [&](std::vector<std::string> methods, std::string path, Act act) {
    router.add(std::move(methods), std::move(path), [api, act](const http::Request& request) {
      const TenantResult who = tenant_of(request, api.multi_tenant, TenantsOf::kOne);
      if (who.refusal) return *who.refusal;
      // A POST of text goes out from any page without being asked for.
      if (request.method != "GET" && comes_from_another_origin(request)) {
        return forbidden("a page of another origin asks for this");
      }
      return act(api.groups, request, who.tenant);
    });
  };
  const auto change = [&](Act act) { return api.change ? act : turned_off; };
  add({"GET"}, "/api/v1/rule_groups", list);
  for (const std::string_view root : kRoots) {
    const std::string all(root), space = all + "/{namespace}", group = space + "/{group}";
    if (all.find("/config/") != std::string::npos) add({"GET"}, all, get_all);
    add({"GET"}, space, get_namespace);
    add({"POST"}, space, change(put));
    add({"DELETE"}, space, change(remove_namespace));
    add({"GET"}, group, get_group);
    add({"PUT", "POST"}, group, change(put));
    add({"DELETE"}, group, change(remove_group));
  }
}

}  // namespace trilobite::api
