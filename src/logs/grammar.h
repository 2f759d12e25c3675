// The grammar of LogQL as a recursive-descent parser over tokens. Internal to the parser; see parser.h.
// Stages are in grammar_stages.cc, what Loki's grammar does not have in grammar_extensions.cc, everything else in
// grammar.cc.
#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "logs/ast.h"
#include "logs/lexer.h"

namespace trilobite::logql {

class Grammar {
 public:
  explicit Grammar(std::vector<Token> tokens, bool extensions = false)
      : tokens_(std::move(tokens)), extensions_(extensions) {}

  Result<Expr> query();                    // a whole query
  Result<std::vector<Matcher>> matchers(); // a whole selector, may be {}

 private:
  // A log query, its range and what may stand around it, in the order in which they are allowed.
  struct LogRange {
    LogExpr log;
    std::optional<Unwrap> unwrap;
    std::int64_t range_ns = 0;
    std::int64_t offset_ns = 0;
  };

  // ---- Expressions (grammar.cc) ----
  Result<Expr> expression(int precedence);
  Result<Expr> primary();
  Result<Expr> literal();
  Result<Expr> range_aggregation();
  Result<Expr> vector_aggregation();
  Result<Expr> label_replace();
  Result<Expr> vector_literal();
  Result<Expr> variants();
  Result<LogRange> log_range();
  Result<void> range_suffix(LogRange& range, bool pipeline, bool unwrap);
  Result<Binary> modifiers(BinaryOp op);
  Result<Expr> combine(Binary binary, Expr left, Expr right);
  Result<std::vector<std::string>> label_list();
  Result<Grouping> grouping();
  Result<std::vector<Matcher>> selector();

  // ---- Stages (grammar_stages.cc) ----
  Result<void> stages(LogExpr& log, std::optional<Unwrap>* unwrap);
  Result<Stage> stage();  // behind "|"
  Result<LineFilter> line_filter(LineFilter::Op op);
  Result<LineFilter::Operand> line_operand();
  Result<LabelFilter> label_filter(int precedence);
  Result<LabelFilter> label_condition();
  Result<LabelFilter> comparison(LabelFilter filter);
  Result<std::vector<Extraction>> extractions();
  Result<LabelFormatStage> label_format();
  Result<std::vector<NameOrMatcher>> names_or_matchers();
  Result<Unwrap> unwrap();
  std::optional<LineFilter::Op> line_filter_op() const;
  Result<Matcher> checked(Matcher matcher) const;

  // ---- Extensions (grammar_extensions.cc): only where Loki's grammar has an error ----
  bool at_folded_text() const;                                            // i"text"
  Result<bool> extension_stage(LogExpr& log, bool in_range);              // behind "|"; false: none of ours
  Result<void> check_end_of_stages(const LogExpr& log) const;             // nothing follows distinct but sort
  Result<std::vector<std::string>> names();                               // a, b
  bool at_count_distinct() const;
  Result<Expr> count_distinct();

  // ---- Tokens ----
  const Token& peek() const { return tokens_[at_]; }
  const Token& peek_next() const { return tokens_[at_ + 1 < tokens_.size() ? at_ + 1 : at_]; }
  Token take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool accept(std::string_view symbol);
  Result<void> expect(std::string_view symbol, std::initializer_list<std::string_view> expecting);
  Result<std::string> expect(TokenKind kind, std::initializer_list<std::string_view> expecting);
  // "syntax error: unexpected X, expecting Y or Z" at the current token.
  Error unexpected(std::initializer_list<std::string_view> expecting = {}) const;
  static Error invalid(std::string_view text) { return parse_error(0, 0, text); }

  // Guards recursion: holds one level while it lives.
  class Level {
   public:
    explicit Level(std::size_t& depth) : depth_(depth) { ++depth_; }
    ~Level() { --depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    std::size_t& depth_;
  };
  Result<void> check_depth() const;

  std::vector<Token> tokens_;
  const bool extensions_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::size_t operators_ = 0;  // of the whole query: a chain of operators is as deep a tree as parentheses
};

}  // namespace trilobite::logql
