// rules, alerts and alertmanagers. Rules are not evaluated: their health is unknown, and no alert is active.
#include <openssl/sha.h>

#include <algorithm>

#include "api/prometheus_answer.h"
#include "api/prometheus_parameters.h"
#include "logs/text.h"

namespace trilobite::api {
namespace {

using alerting::Rule;
using alerting::RuleGroupEntry;
using Answer = Result<PrometheusAnswer>;
using Texts = std::vector<std::string_view>;

constexpr TimeNs kIntervalDefault = 60 * kNsPerSecond;
constexpr std::string_view kNever = "0001-01-01T00:00:00Z";  // as Go prints a time that was not set

PrometheusAnswer data(std::string json) { return {std::move(json), {}, {}}; }

double seconds(std::chrono::nanoseconds span) { return std::chrono::duration<double>(span).count(); }

// What a request wants to see.
struct RuleFilter {
  std::string_view type;  // "": both
  Texts names, groups, files;
  std::vector<std::vector<Matcher>> matchers;  // of labels; one set must hold
  bool alerts = true;
  std::size_t groups_max = 0;  // 0: all
  std::string_view token;      // of the first group wanted

  static bool among(const Texts& wanted, std::string_view text) {
    return wanted.empty() || std::ranges::find(wanted, text) != wanted.end();
  }
  bool wants(const RuleGroupEntry& entry) const {
    return among(groups, entry.group.name) && among(files, entry.name_space);
  }
  bool wants(const Rule& rule) const {
    if (!among(names, rule.name)) return false;
    if (!type.empty() && (type == "alert") != (rule.kind == Rule::Kind::kAlerting)) return false;
    const auto value_of = [&](std::string_view name) -> std::string_view {
      const auto found = rule.labels.find(std::string(name));
      return found == rule.labels.end() ? std::string_view() : std::string_view(found->second);
    };
    return matchers.empty() ||
           std::ranges::any_of(matchers, [&](const auto& set) { return matches_labels(set, value_of); });
  }
};

Result<bool> alerts_excluded(const http::Request& request) {
  const std::string_view text = request.parameter("exclude_alerts").value_or("");
  if (text.empty()) return false;
  if (const std::optional<bool> value = parse_go_bool(text)) return *value;
  return invalid_parameter("exclude_alerts",
                           fmt::format("error converting exclude_alerts: strconv.ParseBool: parsing {}: invalid syntax",
                                       logql::quote(text)));
}

// In the order in which Prometheus looks at them.
Result<RuleFilter> filter_of(const http::Request& request) {
  RuleFilter out;
  out.names = request.parameters("rule_name[]");
  out.groups = request.parameters("rule_group[]");
  out.files = request.parameters("file[]");
  Result<std::vector<std::vector<Matcher>>> sets = prometheus_matchers(request);
  if (!sets.ok()) return invalid_parameter("match[]", sets.error().message);
  out.matchers = std::move(*sets);
  out.type = request.parameter("type").value_or("");
  if (!out.type.empty() && out.type != "alert" && out.type != "record") {
    return invalid_parameter("type", fmt::format("not supported value {}", logql::quote(out.type)));
  }
  TRY(excluded, alerts_excluded(request));
  out.alerts = !excluded;
  out.token = request.parameter("group_next_token").value_or("");
  const std::string_view limit = request.parameter("group_limit").value_or("");
  if (limit.empty() && !out.token.empty()) {
    return invalid_parameter("group_next_token",
                             "group_limit needs to be present in order to paginate over the groups");
  }
  if (limit.empty()) return out;
  const Result<std::int64_t> groups = parse_go_integer(limit);
  if (!groups.ok()) return invalid_parameter("group_limit", groups.error().message);
  if (*groups <= 0) return invalid_parameter("group_limit", "group_limit needs to be greater than 0");
  out.groups_max = static_cast<std::size_t>(*groups);
  return out;
}

std::string token_of(const RuleGroupEntry& entry) {
  const std::string text = entry.name_space + ";" + entry.group.name;
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  std::string out;
  for (const unsigned char byte : digest) out += fmt::format("{:02x}", byte);
  return out;
}

void write_labels(JsonWriter& json, const alerting::RuleLabels& labels) {
  json.begin_object();
  for (const auto& [name, value] : labels) json.key(name).string(value);
  json.end_object();
}

void write_rule(JsonWriter& json, const Rule& rule, bool alerts) {
  const bool alerting = rule.kind == Rule::Kind::kAlerting;
  json.begin_object();
  if (alerting) json.key("state").string("unknown");
  json.key("name").string(rule.name).key("query").string(rule.expr);
  if (alerting) {
    json.key("duration").number(seconds(rule.hold)).key("keepFiringFor").number(seconds(rule.keep_firing));
  }
  if (alerting || !rule.labels.empty()) {
    json.key("labels");
    write_labels(json, rule.labels);
  }
  if (alerting) {
    json.key("annotations");
    write_labels(json, rule.annotations);
    json.key("alerts");
    if (alerts) {
      json.begin_array().end_array();
    } else {
      json.null();
    }
  }
  json.key("health").string("unknown").key("evaluationTime").number(std::int64_t{0});
  json.key("lastEvaluation").string(kNever).key("type").string(alerting ? "alerting" : "recording").end_object();
}

void write_group(JsonWriter& json, const RuleGroupEntry& entry, const std::vector<const Rule*>& rules, bool alerts,
                 TimeNs interval) {
  json.begin_object().key("name").string(entry.group.name).key("file").string(entry.name_space);
  json.key("rules").begin_array();
  for (const Rule* rule : rules) write_rule(json, *rule, alerts);
  const auto own = entry.group.interval.count() > 0 ? entry.group.interval : std::chrono::nanoseconds(interval);
  json.end_array().key("interval").number(seconds(own)).key("limit").number(entry.group.limit);
  json.key("evaluationTime").number(std::int64_t{0}).key("lastEvaluation").string(kNever).end_object();
}

Answer rules(const PrometheusApi& api, const http::Request& request, const std::string& tenant) {
  TRY(filter, filter_of(request));
  std::vector<alerting::RuleGroupRef> groups;
  if (api.rules != nullptr) groups = api.rules->list(tenant);
  // Prometheus' order: by file, then by name.
  std::ranges::stable_sort(groups, [](const auto& a, const auto& b) {
    return std::tie(a->name_space, a->group.name) < std::tie(b->name_space, b->group.name);
  });
  const TimeNs interval = api.rule_interval ? api.rule_interval() : kIntervalDefault;
  bool begun = filter.token.empty();
  std::size_t shown = 0;
  std::string next;
  PrometheusAnswer answer;
  JsonWriter json(answer.data);
  json.begin_object().key("groups").begin_array();
  for (const alerting::RuleGroupRef& entry : groups) {
    if (!begun && token_of(*entry) != filter.token) continue;
    begun = true;
    if (!filter.wants(*entry)) continue;
    std::vector<const Rule*> wanted;
    for (const Rule& rule : entry->group.rules) {
      if (filter.wants(rule)) wanted.push_back(&rule);
    }
    if (wanted.empty()) continue;
    if (filter.groups_max > 0 && shown == filter.groups_max) {
      next = token_of(*entry);
      break;
    }
    ++shown;
    write_group(json, *entry, wanted, filter.alerts, interval);
  }
  if (!begun) {
    return invalid_parameter("group_next_token", fmt::format("invalid group_next_token '{}'. were rule groups changed?",
                                                             filter.token));
  }
  json.end_array();
  if (!next.empty()) json.key("groupNextToken").string(next);
  json.end_object();
  return answer;
}

Answer alerts(const PrometheusApi&, const http::Request&, const std::string&) { return data(R"({"alerts":[]})"); }
Answer alertmanagers(const PrometheusApi&, const http::Request&, const std::string&) {
  return data(R"({"activeAlertmanagers":[],"droppedAlertmanagers":[]})");
}

}  // namespace

void add_prometheus_rule_routes(http::Router& router, const PrometheusApi& api) {
  add_prometheus_route(router, api, {"GET"}, "/rules", rules);
  add_prometheus_route(router, api, {"GET"}, "/alerts", alerts);
  add_prometheus_route(router, api, {"GET"}, "/alertmanagers", alertmanagers);
}

}  // namespace trilobite::api
