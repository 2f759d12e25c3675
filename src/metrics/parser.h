// PromQL text to its tree: a hand-written lexer and a Pratt parser with Prometheus' error texts
// ("1:5: parse error: ..."), types checked.
#pragma once

#include <string_view>

#include "base/result.h"
#include "metrics/ast.h"

namespace trilobite::metrics {

// What may be written; all on by default. Each has a configuration key.
struct ParseOptions {
  bool experimental_functions = true;
  bool duration_expressions = true;
  bool extended_range_selectors = true;  // anchored, smoothed
  bool fill_modifiers = true;
};

// Errors are kInvalid.
Result<ExprPtr> parse_promql(std::string_view query, const ParseOptions& options = {});
// `up{job="a"}` as in match[]: "at least one matcher that cannot match empty" is the caller's to ask (selectors.h).
Result<std::vector<Matcher>> parse_selector(std::string_view text);
// `name{a="b"}` with values only: a series of a test script.
Result<LabelSet> parse_series(std::string_view text);

}  // namespace trilobite::metrics
