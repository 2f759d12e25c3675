// The grammar of PromQL by recursive descent, binary operators by precedence. Prometheus has a generated parser; where
// that shows (which error comes first, what an error calls the place) this one follows it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/lexer.h"
#include "metrics/parser.h"

namespace trilobite::metrics {

class Grammar {
 public:
  Grammar(std::string_view text, const ParseOptions& options) : lexer_(text), options_(options) {}

  Result<ExprPtr> query();                  // whole text, types not checked
  Result<std::vector<Matcher>> selector();  // whole text
  Result<LabelSet> series();                // whole text

 private:
  // What an error inside this part of the grammar says: "unexpected X in PLACE, expected WANTED". The innermost counts.
  struct Part {
    std::string_view place, wanted;
  };
  class InPart;

  // ---- grammar.cc: tokens, errors, expressions ----
  const Token& peek();
  Token take();
  bool at(TokenKind kind) { return peek().is(kind); }
  Error fail(Position at, std::string_view text);
  Error unexpected();  // by the innermost part
  Error unexpected(std::string_view place, std::string_view wanted);
  Result<Token> expect(TokenKind kind);

  Result<ExprPtr> expression(int precedence_min);
  Result<ExprPtr> unary();
  Result<ExprPtr> primary();
  Result<ExprPtr> literal();
  Result<ExprPtr> parenthesised();
  Result<ExprPtr> call();
  Result<ExprPtr> aggregation();
  Result<std::vector<ExprPtr>> arguments(Position& closing);
  Result<void> grouping(Aggregation& node, Position& closing);
  Result<ExprPtr> make_aggregation(Aggregation node, std::vector<ExprPtr> arguments, Position position);
  Result<void> binary_modifiers(Binary& node);
  Result<void> fill_modifiers(VectorMatching& matching);
  Result<double> fill_value();
  Result<double> number(const Token& token);
  Result<std::vector<std::string>> labels(Position* closing);
  Result<ExprPtr> finish(Expr expr, std::uint32_t depth_below);
  bool starts_expression();

  // ---- grammar_selectors.cc: selectors, ranges, what follows them ----
  Result<ExprPtr> vector_selector();
  Result<std::vector<Matcher>> matchers(Position& closing);
  Result<std::string> label_name(std::string_view place);  // bare or quoted
  Result<Matcher> matcher();
  Result<Matcher> make_matcher(std::string name, const Token& first, MatchOp op);
  Result<LabelSet> label_set(std::vector<std::pair<std::string, std::string>> pairs);
  Result<std::string> unquoted(const Token& token);
  Result<ExprPtr> postfix(ExprPtr expr);
  Result<ExprPtr> range(ExprPtr expr);
  Result<void> offset(Expr& expr);
  Result<void> at_modifier(Expr& expr);
  Result<void> extended(Expr& expr);

  // ---- grammar_durations.cc ----
  using DurationPtr = std::unique_ptr<DurationExpr>;
  Result<Duration> range_duration();
  Result<Duration> offset_duration(Position& last);
  Result<DurationPtr> duration_expression(int precedence_min);
  Result<DurationPtr> duration_unary();
  Result<DurationPtr> duration_primary();
  Result<DurationPtr> duration_literal();
  Result<DurationPtr> duration_call();
  Result<DurationPtr> with_sign(const Token& sign, DurationPtr operand);
  Result<void> require_expressions(Position at);

  Lexer lexer_;
  ParseOptions options_;
  std::optional<Token> ahead_;
  Token word_;        // the name before `ahead_`: of a metric, a function or an aggregation; "" before a bare "{"
  Position closing_;  // the last token of the duration just read
  std::vector<Part> parts_;
  std::uint32_t nesting_ = 0;  // of parsing functions that call themselves
};

// A part of the grammar while it is being read.
class Grammar::InPart {
 public:
  InPart(Grammar& grammar, std::string_view place, std::string_view wanted) : grammar_(grammar) {
    grammar.parts_.push_back({place, wanted});
  }
  ~InPart() { grammar_.parts_.pop_back(); }
  InPart(const InPart&) = delete;
  InPart& operator=(const InPart&) = delete;

 private:
  Grammar& grammar_;
};

// Types, numbers of arguments and what else Prometheus checks once the text is read. Sets nothing but details that
// follow from types: the cardinality of set operators, no matching where a side is a scalar.
Result<void> check_types(Expr& expr, std::string_view query);

// Go's reading of a number: 0x1F, 017, 1_000, 1e3, Inf. Nothing: not a number; `out_of_range`: beyond a double.
struct NumberText {
  double value = 0;
  bool out_of_range = false;
};
std::optional<NumberText> parse_number_text(std::string_view text);

}  // namespace trilobite::metrics
