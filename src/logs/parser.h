// LogQL text to syntax tree. Errors are kInvalid with the whole text that clients of Loki see, such as
// "parse error at line 1, col 6: syntax error: unexpected }, expecting STRING".
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "logs/ast.h"

namespace trilobite::logql {

struct ParseOptions {
  bool extensions = false;  // also what docs/logql-extensions.md has and is an error in Loki's grammar
};

// Parses and validates: regexes, templates, patterns and JSON paths of all stages compile, at least one matcher cannot
// match the empty value.
Result<Expr> parse(std::string_view query, const ParseOptions& options = {});

// A selector alone, as series, labels, index/stats and index/volume take it. `{}` is accepted: every stream. A pipeline
// or a metric query is an error, "only label matchers are supported".
Result<std::vector<Matcher>> parse_matchers(std::string_view query);

// At least one matcher must not match "", or the query would read every stream.
Result<void> validate_matchers(const std::vector<Matcher>& matchers);

}  // namespace trilobite::logql
