// A syntax tree as PromQL text again: matchers sorted, quotes and durations in one form. What is printed parses to the
// same tree.
#pragma once

#include <string>

#include "metrics/ast.h"

namespace trilobite::metrics {

std::string to_string(const Expr& expr);
// What does not fit into 100 columns stands on lines of its own, indented by two blanks a level.
std::string to_pretty_string(const Expr& expr);
// The node alone, without what is below it: `sum by (job)`, `rate`, `* on (a) group_left`, `up{job="a"}[5m]`.
std::string node_text(const Expr& expr);

std::string to_string(const DurationExpr& expr);

}  // namespace trilobite::metrics
