// PromQL text to tokens, one at a time: when a token is read decides which of two errors a client sees, so the parser
// asks for the next one only when it has to. Rules and error texts are Prometheus'.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "metrics/ast.h"

namespace trilobite::metrics {

enum class TokenKind : std::uint8_t {
  kEnd,
  kError,  // what cannot be read; `text` says why. The last token then.
  kIdentifier, kMetricIdentifier, kString, kNumber, kDuration,
  kEqual, kColon, kComma, kLeftBrace, kRightBrace, kLeftBracket, kRightBracket, kLeftParen, kRightParen,
  kOperator,              // `binary` says which; inside braces also !=
  kAt, kMatchRegex, kMatchNotRegex,
  kAggregator,            // `aggregate` says which
  kBool, kBy, kWithout, kOn, kIgnoring, kGroupLeft, kGroupRight, kOffset, kAnchored, kSmoothed,
  kFill, kFillLeft, kFillRight,
  kStart, kEndWord, kStep, kRange, kMinOf, kMaxOf,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  Position position;
  std::string text;  // as written; of kError: the message
  BinaryOp binary = BinaryOp::kAdd;
  AggregateOp aggregate = AggregateOp::kSum;

  bool is(TokenKind k) const { return kind == k; }
  bool is(BinaryOp op) const { return kind == TokenKind::kOperator && binary == op; }
};

// What an error calls a token: `identifier "up"`, `<op:==>`, `end of input`.
std::string describe(const Token& token);

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  // The next token; comments are left out. After kEnd and kError comes kEnd.
  Token next();
  std::string_view text() const { return text_; }

 private:
  enum class State : std::uint8_t { kStatements, kBraces, kDuration };

  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool done() const { return at_ >= text_.size(); }
  bool accept(std::string_view valid);
  void accept_run(std::string_view valid);
  bool any_of(std::string_view valid) const { return !done() && valid.find(text_[at_]) != std::string_view::npos; }
  void skip_blank(bool comments);

  Token emit(TokenKind kind);
  Token emit_operator(BinaryOp op);
  Token fail(std::string message);
  std::string quoted_rune() const;  // the character at `at_` as an error shows it

  Token statements();
  Token braces();
  Token duration();
  Token close_paren(State after);
  Token word();
  Token colon_in_brackets();
  bool duration_word(Token& token);
  Token number_or_duration();
  bool scan_number();
  bool scan_number_tail(std::string_view digits);
  bool scan_duration();
  Token string(char quote);
  Token raw_string();
  std::string escape(char quote);  // "" or what is wrong with it
  bool paren_follows() const;

  std::string_view text_;
  std::size_t at_ = 0, start_ = 0;
  State state_ = State::kStatements;
  bool stopped_ = false;
  int paren_depth_ = 0;
  bool bracket_open_ = false;
  // As in Prometheus, `got_duration_` is not forgotten at the next bracket.
  bool got_colon_ = false, got_duration_ = false;
};

}  // namespace trilobite::metrics
