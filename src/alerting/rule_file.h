// Files of Prometheus' rules: what they say, and what is wrong with them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/parser.h"

namespace trilobite::alerting {

using RuleLabels = std::map<std::string, std::string>;

struct Rule {
  enum class Kind : std::uint8_t { kRecording, kAlerting };
  Kind kind = Kind::kRecording;
  std::string name;  // of the metric or of the alert
  std::string expr;  // as the language prints it
  std::chrono::nanoseconds hold{0}, keep_firing{0};  // `for`, `keep_firing_for`; of alerts
  RuleLabels labels, annotations;                    // labels with those of the group
};

struct RuleGroup {
  std::string name;
  std::chrono::nanoseconds interval{0};  // 0: the global evaluation interval
  std::int64_t limit = 0;                // series or alerts of one rule; 0: any number
  std::vector<Rule> rules;
  std::string yaml;
};

struct RuleFileReport {
  std::size_t groups = 0, rules = 0;
  std::vector<std::string> errors;  // "line 7: groups[0].rules[1]: could not parse expression: 1:5: parse error: ..."
  std::vector<std::string> doubts;  // allowed, but hardly meant: the same rule twice in a group
  std::vector<RuleGroup> content;   // complete only without errors
};

// Never fails: what cannot be read is an error of the report.
RuleFileReport check_rule_file(std::string_view text, const metrics::ParseOptions& options = {});
// The text is one group, as YAML or JSON; places begin there: "line 2: rules[0]: ...".
RuleFileReport check_rule_group(std::string_view text, const metrics::ParseOptions& options = {});

}  // namespace trilobite::alerting
