#include "metrics/parser.h"

#include "metrics/grammar.h"
#include "metrics/limits.h"

namespace trilobite::metrics {

namespace {

Result<void> check_length(std::string_view text) {
  if (text.size() <= kQueryBytesMax) return {};
  return error(Code::kInvalid, "1:1: parse error: query of {} bytes is longer than {}", text.size(), kQueryBytesMax);
}

}  // namespace

Result<ExprPtr> parse_promql(std::string_view query, const ParseOptions& options) {
  TRY_VOID(check_length(query));
  TRY(expr, Grammar(query, options).query());
  TRY_VOID(check_types(*expr, query));
  return expr;
}

Result<std::vector<Matcher>> parse_selector(std::string_view text) {
  TRY_VOID(check_length(text));
  return Grammar(text, {}).selector();
}

Result<LabelSet> parse_series(std::string_view text) {
  TRY_VOID(check_length(text));
  return Grammar(text, {}).series();
}

}  // namespace trilobite::metrics
