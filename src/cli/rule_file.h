// Files of Prometheus' rules, read to say what is wrong with them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/parser.h"

namespace trilobite::cli {

struct RuleFileReport {
  std::size_t groups = 0, rules = 0;
  std::vector<std::string> errors;  // "line 7: groups[0].rules[1].expr: 1:5: parse error: ..."
  std::vector<std::string> doubts;  // allowed, but hardly meant: the same rule twice in a group
};

// Never fails: what cannot be read is an error of the report.
RuleFileReport check_rule_file(std::string_view text, const metrics::ParseOptions& options = {});

}  // namespace trilobite::cli
