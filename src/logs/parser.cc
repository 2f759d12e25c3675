#include "logs/parser.h"

#include "logs/grammar.h"
#include "logs/regex.h"
#include "logs/stages.h"

namespace trilobite::logql {

namespace {

// Everything that Loki checks before a query runs: selectors and stages of every log expression.
Result<void> validate(const LogExpr& log) {
  TRY_VOID(validate_matchers(log.matchers));
  return check_stages(log.stages);
}

Result<void> validate(const Expr& expr) {
  struct Visitor {
    Result<void> operator()(const LogExpr& log) const { return validate(log); }
    Result<void> operator()(const RangeAggregation& range) const {
      TRY_VOID(validate(range.log));
      if (!range.unwrap) return {};
      std::vector<Stage> filters(range.unwrap->filters.begin(), range.unwrap->filters.end());
      return check_stages(filters);
    }
    Result<void> operator()(const VectorAggregation& vector) const { return validate(*vector.inner); }
    Result<void> operator()(const Binary& binary) const {
      TRY_VOID(validate(*binary.lhs));
      return validate(*binary.rhs);
    }
    Result<void> operator()(const LabelReplace& replace) const { return validate(*replace.inner); }
    Result<void> operator()(const Literal&) const { return {}; }
    Result<void> operator()(const VectorLiteral&) const { return {}; }
    Result<void> operator()(const Variants& variants) const {
      for (const ExprPtr& member : variants.members) TRY_VOID(validate(*member));
      return validate(variants.log);
    }
  };
  return std::visit(Visitor{}, expr.node);
}

bool matches_empty(const Matcher& matcher) {
  switch (matcher.op) {
    case MatchOp::kEqual: return matcher.value.empty();
    case MatchOp::kNotEqual: return !matcher.value.empty();
    case MatchOp::kRegex:
    case MatchOp::kNotRegex: break;
  }
  const auto regex = Regex::compile(matcher.value, {.anchored = true});
  return regex.ok() && regex->matches("") == (matcher.op == MatchOp::kRegex);
}

}  // namespace

Result<Expr> parse(std::string_view query) {
  TRY(tokens, tokenize(query));
  TRY(expr, Grammar(std::move(tokens)).query());
  TRY_VOID(validate(expr));
  return expr;
}

Result<std::vector<Matcher>> parse_matchers(std::string_view query) {
  TRY(tokens, tokenize(query));
  return Grammar(std::move(tokens)).matchers();
}

Result<void> validate_matchers(const std::vector<Matcher>& matchers) {
  for (const Matcher& matcher : matchers) {
    if (!matches_empty(matcher)) return {};
  }
  return parse_error(0, 0,
                     "queries require at least one regexp or equality matcher that does not have an empty-compatible "
                     "value. For instance, app=~\".*\" does not meet this requirement, but app=~\".+\" will");
}

}  // namespace trilobite::logql
