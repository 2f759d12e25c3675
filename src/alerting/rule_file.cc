#include "alerting/rule_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <set>
#include <span>

#include "agent/yaml_tree.h"
#include "alerting/template_check.h"
#include "logs/text.h"
#include "metrics/printer.h"
#include "scrape/yaml_text.h"

namespace trilobite::alerting {
namespace {

using agent::yaml::Kind;
using agent::yaml::Node;

bool is_label_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && letter(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

// Anything of UTF-8 but braces, which are a mistake more often than a name.
bool is_metric_name(std::string_view text) {
  return !text.empty() && logql::is_utf8(text) && text.find_first_of("{}") == std::string_view::npos;
}

class Checker {
 public:
  explicit Checker(const metrics::ParseOptions& options) : options_(options) {}

  RuleFileReport file(std::string_view text) {
    const auto tree = agent::yaml::parse(text);
    if (!tree.ok()) {
      report_.errors.push_back(tree.error().message);
      return std::move(report_);
    }
    if (tree->kind == Kind::kNull) return std::move(report_);  // an empty file has no groups
    static constexpr std::string_view kNames[] = {"groups"};
    if (!map_of(*tree, "", kNames)) return std::move(report_);
    const Node* groups = tree->find("groups");
    if (groups == nullptr || !list_of(*groups, "groups")) return std::move(report_);
    for (std::size_t i = 0; i < groups->list.size(); ++i) group(groups->list[i], fmt::format("groups[{}]", i));
    return std::move(report_);
  }

  RuleFileReport one_group(std::string_view text) {
    const auto tree = agent::yaml::parse(text);
    if (tree.ok()) {
      group(*tree, "");
    } else {
      report_.errors.push_back(tree.error().message);
    }
    return std::move(report_);
  }

 private:
  void wrong(const Node& at, const std::string& path, const std::string& what) {
    report_.errors.push_back(fmt::format("line {}: {}{}{}", at.line, path, path.empty() ? "" : ": ", what));
  }

  static std::string join(const std::string& path, std::string_view name) {
    return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
  }

  bool list_of(const Node& node, const std::string& path) {
    if (node.kind == Kind::kList || node.kind == Kind::kNull) return true;
    wrong(node, path, "must be a list");
    return false;
  }

  bool map_of(const Node& node, const std::string& path, std::span<const std::string_view> names) {
    if (node.kind != Kind::kMap) {
      wrong(node, path, "must be a map");
      return false;
    }
    for (const auto& [name, value] : node.map) {
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        wrong(value, path, fmt::format("unknown name \"{}\"; known are {}", name, fmt::join(names, ", ")));
      }
    }
    return true;
  }

  // "" when it is not given or no text.
  std::string text_of(const Node& map, std::string_view name, const std::string& path) {
    const Node* node = map.find(name);
    if (node == nullptr || node->kind == Kind::kNull) return "";
    if (node->kind == Kind::kScalar) return node->text;
    wrong(*node, join(path, name), "must be a text");
    return "";
  }

  std::chrono::nanoseconds duration(const Node& map, std::string_view name, const std::string& path) {
    const Node* node = map.find(name);
    if (node == nullptr || node->kind == Kind::kNull) return {};
    if (node->kind != Kind::kScalar) {
      wrong(*node, join(path, name), "must be a duration, such as 5m");
      return {};
    }
    const auto parsed = logql::parse_prometheus_duration(node->text);
    if (parsed.ok()) return std::chrono::nanoseconds(*parsed);
    wrong(*node, join(path, name), parsed.error().message);
    return {};
  }

  // Adds to `out` what is not there yet.
  void labels(const Node& map, std::string_view name, const std::string& path, RuleLabels& out) {
    const Node* node = map.find(name);
    if (node == nullptr || node->kind == Kind::kNull) return;
    const std::string where = join(path, name);
    if (node->kind != Kind::kMap) return wrong(*node, where, "must be a map");
    for (const auto& [label, value] : node->map) {
      if (!is_label_name(label) || label == "__name__") {
        wrong(value, where, fmt::format("\"{}\" is no name of a {}", label, name == "labels" ? "label" : "annotation"));
      }
      if (value.kind != Kind::kScalar && value.kind != Kind::kNull) {
        wrong(value, where + "." + label, "must be a text");
      }
      out.emplace(label, value.text);
    }
  }

  void group(const Node& node, const std::string& path) {
    static constexpr std::string_view kNames[] = {"name", "interval", "query_offset", "limit", "labels", "rules"};
    ++report_.groups;
    if (!map_of(node, path, kNames)) return;
    RuleGroup out;
    out.name = text_of(node, "name", path);
    if (out.name.empty()) {
      wrong(node, path, "a group needs a name");
    } else if (!names_.insert(out.name).second) {
      wrong(node, path, fmt::format("groupname: \"{}\" is repeated in the same file", out.name));
    }
    out.interval = duration(node, "interval", path);
    duration(node, "query_offset", path);
    RuleLabels shared;
    labels(node, "labels", path, shared);
    if (const std::string limit = text_of(node, "limit", path); !limit.empty()) {
      const auto [end, failed] = std::from_chars(limit.data(), limit.data() + limit.size(), out.limit);
      if (failed != std::errc() || end != limit.data() + limit.size()) {
        wrong(*node.find("limit"), join(path, "limit"), "must be a whole number");
      }
    }
    const Node* rules = node.find("rules");
    std::set<std::string> seen;
    if (rules != nullptr && list_of(*rules, join(path, "rules"))) {
      for (std::size_t i = 0; i < rules->list.size(); ++i) {
        rule(rules->list[i], join(path, fmt::format("rules[{}]", i)), shared, seen, out);
      }
    }
    out.yaml = scrape::to_yaml(node, scrape::Secrets::kShown);
    report_.content.push_back(std::move(out));
  }

  void rule(const Node& node, const std::string& path, const RuleLabels& shared, std::set<std::string>& seen,
            RuleGroup& group) {
    static constexpr std::string_view kNames[] = {"record",          "alert",  "expr",       "for",
                                                  "keep_firing_for", "labels", "annotations"};
    ++report_.rules;
    if (!map_of(node, path, kNames)) return;
    Rule out;
    const std::string record = text_of(node, "record", path), alert = text_of(node, "alert", path);
    if (record.empty() == alert.empty()) {
      wrong(node, path,
            record.empty() ? "one of 'record' or 'alert' must be set" : "only one of 'record' and 'alert' must be set");
    }
    if (!record.empty()) recording(node, record, path);
    out.kind = record.empty() ? Rule::Kind::kAlerting : Rule::Kind::kRecording;
    out.name = record.empty() ? alert : record;
    out.expr = expression(node, path);
    out.hold = duration(node, "for", path);
    out.keep_firing = duration(node, "keep_firing_for", path);
    labels(node, "labels", path, out.labels);
    out.labels.insert(shared.begin(), shared.end());
    labels(node, "annotations", path, out.annotations);
    if (!alert.empty()) {
      templates(node, "labels", path);
      templates(node, "annotations", path);
    }
    if (!seen.insert(identity(node, record, alert)).second) {
      report_.doubts.push_back(fmt::format("line {}: {}: the same {} with the same labels stands in this group before",
                                           node.line, path, record.empty() ? "alert" : "record"));
    }
    group.rules.push_back(std::move(out));
  }

  // Labels and annotations of alerts are templates.
  void templates(const Node& map, std::string_view name, const std::string& path) {
    const Node* node = map.find(name);
    if (node == nullptr || node->kind != Kind::kMap) return;
    for (const auto& [key, value] : node->map) {
      if (const auto error = template_error(value.text)) {
        wrong(value, fmt::format("{}.{}.{}", path, name, key), "template: " + *error);
      }
    }
  }

  void recording(const Node& node, const std::string& record, const std::string& path) {
    if (!is_metric_name(record))
      wrong(*node.find("record"), path, fmt::format("invalid recording rule name: {}", record));
    for (const std::string_view name : {"annotations", "for", "keep_firing_for"}) {
      if (const Node* found = node.find(name)) {
        wrong(*found, path, fmt::format("invalid field '{}' in recording rule", name));
      }
    }
  }

  std::string expression(const Node& node, const std::string& path) {
    const std::string expr = text_of(node, "expr", path);
    if (expr.empty()) {
      wrong(node, path, "field 'expr' must be set in rule");
      return "";
    }
    const auto parsed = metrics::parse_promql(expr, options_);
    if (parsed.ok()) return metrics::to_string(**parsed);
    wrong(*node.find("expr"), path, "could not parse expression: " + parsed.error().message);
    return "";
  }

  static std::string identity(const Node& node, const std::string& record, const std::string& alert) {
    std::string out = record + '\0' + alert;
    const Node* labels = node.find("labels");
    if (labels == nullptr || labels->kind != Kind::kMap) return out;
    std::vector<std::string> pairs;
    for (const auto& [name, value] : labels->map) pairs.push_back(name + '\0' + value.text);
    std::sort(pairs.begin(), pairs.end());
    for (const std::string& pair : pairs) out += '\0' + pair;
    return out;
  }

  const metrics::ParseOptions options_;
  RuleFileReport report_;
  std::set<std::string> names_;  // of groups
};

}  // namespace

RuleFileReport check_rule_file(std::string_view text, const metrics::ParseOptions& options) {
  return Checker(options).file(text);
}

RuleFileReport check_rule_group(std::string_view text, const metrics::ParseOptions& options) {
  return Checker(options).one_group(text);
}

}  // namespace trilobite::alerting
