#include "logs/parser.h"

#include "logs/grammar.h"
#include "logs/regex.h"
#include "logs/stages.h"

namespace trilobite::logql {

namespace {

// Everything that Loki checks before a query runs: selectors and stages of every log expression.
Result<void> validate(const LogExpr& log, const ParseOptions& options) {
  if (!options.extensions) TRY_VOID(validate_matchers(log.matchers));
  return check_stages(log.stages);
}

Result<void> validate(const Expr& expr, const ParseOptions& options) {
  struct Visitor {
    const ParseOptions& options;
    Result<void> operator()(const LogExpr& log) const { return validate(log, options); }
    Result<void> operator()(const RangeAggregation& range) const {
      TRY_VOID(validate(range.log, options));
      if (!range.unwrap) return {};
      std::vector<Stage> filters(range.unwrap->filters.begin(), range.unwrap->filters.end());
      return check_stages(filters);
    }
    Result<void> operator()(const VectorAggregation& vector) const { return validate(*vector.inner, options); }
    Result<void> operator()(const Binary& binary) const {
      TRY_VOID(validate(*binary.lhs, options));
      return validate(*binary.rhs, options);
    }
    Result<void> operator()(const LabelReplace& replace) const { return validate(*replace.inner, options); }
    Result<void> operator()(const CountDistinct& count) const { return validate(*count.expanded, options); }
    Result<void> operator()(const Literal&) const { return {}; }
    Result<void> operator()(const VectorLiteral&) const { return {}; }
    Result<void> operator()(const Variants& variants) const {
      for (const ExprPtr& member : variants.members) TRY_VOID(validate(*member, options));
      return validate(variants.log, options);
    }
  };
  return std::visit(Visitor{options}, expr.node);
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

Result<Expr> parse(std::string_view query, const ParseOptions& options) {
  TRY(tokens, tokenize(query));
  TRY(expr, Grammar(std::move(tokens), options.extensions).query());
  TRY_VOID(validate(expr, options));
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
