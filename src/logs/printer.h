// Syntax tree to canonical text, as Loki prints queries: parse(to_string(e)) gives the same tree again.
#pragma once

#include <string>

#include "logs/ast.h"

namespace trilobite::logql {

std::string to_string(const Expr& expr);
std::string to_string(const LogExpr& expr);
std::string to_string(const Stage& stage);
std::string to_string(const LabelFilter& filter);
std::string to_string(const std::vector<Matcher>& matchers);

// Broken over lines where a line would get longer than 100 bytes: the answer of format_query.
std::string to_pretty_string(const Expr& expr);

}  // namespace trilobite::logql
