// Which attributes of OpenTelemetry's logs become labels of the stream, which structured metadata, and which go: Loki's
// `otlp_config`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logs/regex.h"

namespace trilobite::ingest {

enum class OtlpAction : std::uint8_t { kStructuredMetadata, kIndexLabel, kDrop };
std::string_view otlp_action_name(OtlpAction action);  // as in the configuration: index_label
std::optional<OtlpAction> parse_otlp_action(std::string_view name);

// One entry of `attributes_config`: names as they are sent (service.name), or an expression for the whole name.
struct OtlpRule {
  OtlpAction action = OtlpAction::kStructuredMetadata;
  std::vector<std::string> attributes;
  std::string regex_text;             // "": none
  std::optional<logql::Regex> regex;  // of regex_text, anchored

  bool matches(std::string_view attribute) const;
};
Result<OtlpRule> make_otlp_rule(OtlpAction action, std::vector<std::string> attributes, std::string regex);

struct OtlpMapping {
  bool ignore_defaults = false;  // then only `resource` decides about attributes of the resource
  std::vector<OtlpRule> resource, scope, record;
  bool severity_text_as_label = false;

  // The first rule that matches decides; without one it is structured metadata.
  OtlpAction of_resource(std::string_view attribute) const;
  OtlpAction of_scope(std::string_view attribute) const;
  OtlpAction of_record(std::string_view attribute) const;
};

// Attributes of a resource that are labels unless ignore_defaults is set.
bool otlp_default_label(std::string_view attribute);

}  // namespace trilobite::ingest
