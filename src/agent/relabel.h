// Prometheus' relabelling rules, on the labels of a target or of a journal entry.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/config_fields.h"
#include "agent/labels.h"

namespace re2 {
class RE2;
}

namespace trilobite::agent {

enum class RelabelAction : std::uint8_t {
  kReplace, kKeep, kDrop, kLabelMap, kLabelDrop, kLabelKeep, kHashMod, kLowercase, kUppercase, kKeepEqual, kDropEqual,
};

struct RelabelRule {
  RelabelAction action = RelabelAction::kReplace;
  std::vector<std::string> source_labels;
  std::string separator = ";";
  std::string target_label;
  std::string replacement = "$1";
  std::shared_ptr<const re2::RE2> regex;  // anchored at both ends
  std::uint64_t modulus = 0;
  bool utf8_names = false;  // labels may have any name that is UTF-8, as in Prometheus 3
};

enum class LabelNames : std::uint8_t { kLegacy, kUtf8 };  // [a-zA-Z_][a-zA-Z0-9_]*, or any text

Result<RelabelRule> parse_relabel_rule(const yaml::Node& node, const std::string& where,
                                       LabelNames names = LabelNames::kLegacy);

std::string_view name_of(RelabelAction action);   // "replace"
std::string regex_text(const RelabelRule& rule);  // as it was written

// False: the target is dropped.
bool relabel(const std::vector<RelabelRule>& rules, Labels& labels);

// Expands $1, ${1}, $name, ${name} of Go's regexp with what `regex` captured in `text`; $$ is a dollar.
// REQUIRES: `regex` matches the whole of `text`.
std::string expand_template(const re2::RE2& regex, std::string_view text, std::string_view replacement);

}  // namespace trilobite::agent
