#include "server/otlp_config.h"

#include <yaml-cpp/yaml.h>

#include "server/config_keys.h"

namespace trilobite::server {
namespace {

using ingest::OtlpAction;
using ingest::OtlpMapping;
using ingest::OtlpRule;

Result<bool> flag(const YAML::Node& node) {
  if (!node.IsScalar()) return error(Code::kInvalid, "true or false is wanted");
  return parse_flag(node.Scalar());
}

Result<OtlpRule> read_rule(const YAML::Node& node) {
  if (!node.IsMap()) return error(Code::kInvalid, "an entry must be a mapping");
  OtlpAction action = OtlpAction::kStructuredMetadata;
  std::vector<std::string> attributes;
  std::string regex;
  for (const auto& entry : node) {
    const auto key = entry.first.as<std::string>();
    if (key == "action") {
      const auto name = entry.second.as<std::string>();
      const auto parsed = ingest::parse_otlp_action(name);
      if (!parsed) {
        return error(Code::kInvalid, "action \"{}\" is none of structured_metadata, index_label, drop", name);
      }
      action = *parsed;
    } else if (key == "attributes") {
      attributes = entry.second.as<std::vector<std::string>>();
    } else if (key == "regex") {
      regex = entry.second.as<std::string>();
    } else {
      return error(Code::kInvalid, "unknown key {}", key);
    }
  }
  return ingest::make_otlp_rule(action, std::move(attributes), std::move(regex));
}

Result<std::vector<OtlpRule>> read_rules(const YAML::Node& node, std::string_view name) {
  std::vector<OtlpRule> rules;
  if (node.IsNull()) return rules;
  if (!node.IsSequence()) return error(Code::kInvalid, "{} must be a list", name);
  for (std::size_t i = 0; i < node.size(); ++i) {
    auto rule = read_rule(node[i]);
    if (!rule.ok()) return error(Code::kInvalid, "{}[{}]: {}", name, i, rule.error().message);
    rules.push_back(std::move(*rule));
  }
  return rules;
}

Result<void> read_resource(const YAML::Node& node, OtlpMapping& mapping) {
  if (node.IsNull()) return {};
  if (!node.IsMap()) return error(Code::kInvalid, "resource_attributes must be a mapping");
  for (const auto& entry : node) {
    const auto key = entry.first.as<std::string>();
    if (key == "ignore_defaults") {
      TRY(ignore, flag(entry.second));
      mapping.ignore_defaults = ignore;
    } else if (key == "attributes_config") {
      TRY(rules, read_rules(entry.second, "resource_attributes.attributes_config"));
      mapping.resource = std::move(rules);
    } else {
      return error(Code::kInvalid, "unknown key resource_attributes.{}", key);
    }
  }
  return {};
}

Result<OtlpMapping> read(const YAML::Node& root) {
  OtlpMapping mapping;
  if (!root || root.IsNull()) return mapping;
  if (!root.IsMap()) return error(Code::kInvalid, "otlp_config must be a mapping");
  for (const auto& entry : root) {
    const auto key = entry.first.as<std::string>();
    if (key == "resource_attributes") {
      TRY_VOID(read_resource(entry.second, mapping));
    } else if (key == "scope_attributes") {
      TRY(rules, read_rules(entry.second, key));
      for (std::size_t i = 0; i < rules.size(); ++i) {
        if (rules[i].action != OtlpAction::kIndexLabel) continue;
        return error(Code::kInvalid, "{}[{}]: attributes of a scope cannot become labels", key, i);
      }
      mapping.scope = std::move(rules);
    } else if (key == "log_attributes") {
      TRY(rules, read_rules(entry.second, key));
      mapping.record = std::move(rules);
    } else if (key == "severity_text_as_label") {
      TRY(as_label, flag(entry.second));
      mapping.severity_text_as_label = as_label;
    } else {
      return error(Code::kInvalid, "unknown key {}", key);
    }
  }
  return mapping;
}

void write_rules(YAML::Emitter& out, const std::vector<OtlpRule>& rules) {
  out << YAML::BeginSeq;
  for (const OtlpRule& rule : rules) {
    out << YAML::BeginMap << YAML::Key << "action" << YAML::Value << std::string(otlp_action_name(rule.action));
    if (!rule.attributes.empty()) out << YAML::Key << "attributes" << YAML::Value << rule.attributes;
    if (!rule.regex_text.empty()) {
      out << YAML::Key << "regex" << YAML::Value << YAML::DoubleQuoted << rule.regex_text;
    }
    out << YAML::EndMap;
  }
  out << YAML::EndSeq;
}

}  // namespace

Result<OtlpMapping> parse_otlp_config(std::string_view yaml) {
  try {
    return read(YAML::Load(std::string(yaml)));
  } catch (const YAML::Exception& failed) {
    return error(Code::kInvalid, "{}", failed.msg);
  }
}

std::string format_otlp_config(const OtlpMapping& mapping) {
  YAML::Emitter out;
  out.SetMapFormat(YAML::Flow);
  out.SetSeqFormat(YAML::Flow);
  out << YAML::BeginMap;
  if (mapping.ignore_defaults || !mapping.resource.empty()) {
    out << YAML::Key << "resource_attributes" << YAML::Value << YAML::BeginMap;
    out << YAML::Key << "ignore_defaults" << YAML::Value << mapping.ignore_defaults;
    out << YAML::Key << "attributes_config" << YAML::Value;
    write_rules(out, mapping.resource);
    out << YAML::EndMap;
  }
  if (!mapping.scope.empty()) {
    out << YAML::Key << "scope_attributes" << YAML::Value;
    write_rules(out, mapping.scope);
  }
  if (!mapping.record.empty()) {
    out << YAML::Key << "log_attributes" << YAML::Value;
    write_rules(out, mapping.record);
  }
  if (mapping.severity_text_as_label) out << YAML::Key << "severity_text_as_label" << YAML::Value << true;
  out << YAML::EndMap;
  std::string text = out.c_str();
  for (char& c : text) {
    if (c == '\n') c = ' ';  // a long flow is broken over lines; one line is wanted
  }
  return text;
}

}  // namespace trilobite::server
