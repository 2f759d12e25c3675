#include "metrics/lexer.h"

#include <algorithm>
#include <array>

#include "logs/text.h"

namespace trilobite::metrics {

namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";

struct Keyword {
  std::string_view name;
  TokenKind kind;
  BinaryOp binary = BinaryOp::kAdd;
  AggregateOp aggregate = AggregateOp::kSum;
};
constexpr std::array kKeywords{
    Keyword{"and", TokenKind::kOperator, BinaryOp::kAnd},
    Keyword{"or", TokenKind::kOperator, BinaryOp::kOr},
    Keyword{"unless", TokenKind::kOperator, BinaryOp::kUnless},
    Keyword{"atan2", TokenKind::kOperator, BinaryOp::kAtan2},
    Keyword{"sum", TokenKind::kAggregator, BinaryOp::kAdd, AggregateOp::kSum},
    Keyword{"avg", TokenKind::kAggregator, BinaryOp::kAdd, AggregateOp::kAvg},
    Keyword{"count", TokenKind::kAggregator, BinaryOp::kAdd, AggregateOp::kCount},
    Keyword{"min", TokenKind::kAggregator, BinaryOp::kAdd, AggregateOp::kMin},
    Keyword{"max", TokenKind::kAggregator, BinaryOp::kAdd, AggregateOp::kMax},
    Keyword{"group", TokenKind::kAggregator, BinaryOp::kAdd, AggregateOp::kGroup},
    Keyword{"stddev", TokenKind::kAggregator, BinaryOp::kAdd, AggregateOp::kStddev},
    Keyword{"stdvar", TokenKind::kAggregator, BinaryOp::kAdd, AggregateOp::kStdvar},
    Keyword{"topk", TokenKind::kAggregator, BinaryOp::kAdd, AggregateOp::kTopk},
    Keyword{"bottomk", TokenKind::kAggregator, BinaryOp::kAdd, AggregateOp::kBottomk},
    Keyword{"count_values", TokenKind::kAggregator, BinaryOp::kAdd, AggregateOp::kCountValues},
    Keyword{"quantile", TokenKind::kAggregator, BinaryOp::kAdd, AggregateOp::kQuantile},
    Keyword{"limitk", TokenKind::kAggregator, BinaryOp::kAdd, AggregateOp::kLimitk},
    Keyword{"limit_ratio", TokenKind::kAggregator, BinaryOp::kAdd, AggregateOp::kLimitRatio},
    Keyword{"offset", TokenKind::kOffset},
    Keyword{"anchored", TokenKind::kAnchored},
    Keyword{"smoothed", TokenKind::kSmoothed},
    Keyword{"by", TokenKind::kBy},
    Keyword{"without", TokenKind::kWithout},
    Keyword{"on", TokenKind::kOn},
    Keyword{"ignoring", TokenKind::kIgnoring},
    Keyword{"group_left", TokenKind::kGroupLeft},
    Keyword{"group_right", TokenKind::kGroupRight},
    Keyword{"fill", TokenKind::kFill},
    Keyword{"fill_left", TokenKind::kFillLeft},
    Keyword{"fill_right", TokenKind::kFillRight},
    Keyword{"bool", TokenKind::kBool},
    Keyword{"start", TokenKind::kStart},
    Keyword{"end", TokenKind::kEndWord},
    Keyword{"step", TokenKind::kStep},
    Keyword{"range", TokenKind::kRange},
    Keyword{"min_of", TokenKind::kMinOf},
    Keyword{"max_of", TokenKind::kMaxOf},
    Keyword{"inf", TokenKind::kNumber},
    Keyword{"nan", TokenKind::kNumber},
};

const Keyword* find_keyword(std::string_view word) {
  const std::string lower = logql::to_lower_ascii(word);
  const auto found = std::ranges::find(kKeywords, lower, &Keyword::name);
  return found == kKeywords.end() ? nullptr : &*found;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

int digit_value(char32_t c) {
  if (c >= '0' && c <= '9') return static_cast<int>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<int>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<int>(c - 'A') + 10;
  return 16;
}

// Go's %q of a character.
std::string quote_rune(char32_t rune) {
  if (rune == '\'') return R"('\'')";
  if (rune == '"') return "'\"'";
  std::string text;
  logql::append_rune(text, rune);
  const std::string quoted = logql::quote(text);
  return "'" + quoted.substr(1, quoted.size() - 2) + "'";
}

// Go's %#U: U+005A 'Z', without the character where it cannot be printed.
std::string rune_name(char32_t rune) {
  std::string out = fmt::format("U+{:04X}", static_cast<std::uint32_t>(rune));
  const std::string quoted = quote_rune(rune);
  if (quoted[1] != '\\' || rune == '\\' || rune == '\'')
    out += " '";
  else
    return out;
  logql::append_rune(out, rune);
  return out + "'";
}

}  // namespace

std::string describe(const Token& token) {
  const auto cut = [](std::string_view text) {
    std::size_t bytes = 0, runes = 0;
    for (; bytes < text.size() && runes < 10; ++runes) bytes += logql::decode_rune(text.substr(bytes)).length;
    return text.size() > 10 ? logql::quote(text.substr(0, bytes)) + "..." : logql::quote(text);
  };
  switch (token.kind) {
    case TokenKind::kEnd:
      return "end of input";
    case TokenKind::kError:
      return "error " + token.text;
    case TokenKind::kIdentifier:
      return "identifier " + logql::quote(token.text);
    case TokenKind::kMetricIdentifier:
      return "metric identifier " + logql::quote(token.text);
    case TokenKind::kString:
      return "string " + cut(token.text);
    case TokenKind::kNumber:
      return "number " + cut(token.text);
    case TokenKind::kDuration:
      return "duration " + cut(token.text);
    case TokenKind::kOperator:
    case TokenKind::kAt:
    case TokenKind::kMatchRegex:
    case TokenKind::kMatchNotRegex:
      return "<op:" + token.text + ">";
    case TokenKind::kAggregator:
      return "<aggr:" + token.text + ">";
    default:
      break;
  }
  if (token.kind >= TokenKind::kBool && token.kind <= TokenKind::kFillRight) return "<" + token.text + ">";
  return cut(token.text);
}

bool Lexer::accept(std::string_view valid) {
  if (!any_of(valid)) return false;
  ++at_;
  return true;
}

void Lexer::accept_run(std::string_view valid) {
  while (accept(valid)) {
  }
}

void Lexer::skip_blank(bool comments) {
  while (!done()) {
    if (is_space(peek())) {
      ++at_;
    } else if (comments && peek() == '#') {
      while (!done() && peek() != '\n' && peek() != '\r') ++at_;
    } else {
      break;
    }
  }
  start_ = at_;
}

Token Lexer::emit(TokenKind kind) {
  Token token;
  token.kind = kind;
  token.position = {static_cast<std::uint32_t>(start_), static_cast<std::uint32_t>(at_)};
  token.text = text_.substr(start_, at_ - start_);
  start_ = at_;
  return token;
}

Token Lexer::emit_operator(BinaryOp op) {
  Token token = emit(TokenKind::kOperator);
  token.binary = op;
  return token;
}

Token Lexer::fail(std::string message) {
  stopped_ = true;
  Token token;
  token.kind = TokenKind::kError;
  token.position = {static_cast<std::uint32_t>(start_), static_cast<std::uint32_t>(text_.size())};
  token.text = std::move(message);
  return token;
}

std::string Lexer::quoted_rune() const {
  return quote_rune(done() ? U'\uFFFD' : logql::decode_rune(text_.substr(at_)).code);
}

Token Lexer::next() {
  if (stopped_) {
    start_ = at_ = text_.size();
    return emit(TokenKind::kEnd);
  }
  if (state_ == State::kDuration) return duration();
  skip_blank(true);
  return state_ == State::kBraces ? braces() : statements();
}

Token Lexer::close_paren(State after) {
  ++at_;
  Token token = emit(TokenKind::kRightParen);
  state_ = after;
  if (--paren_depth_ < 0) return fail("unexpected right parenthesis ')'");
  return token;
}

Token Lexer::statements() {
  if (done()) {
    if (paren_depth_ != 0) return fail("unclosed left parenthesis");
    if (bracket_open_) return fail("unclosed left bracket");
    stopped_ = true;
    return emit(TokenKind::kEnd);
  }
  const char c = peek();
  if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number_or_duration();
  if (is_alpha(c) || c == ':') return bracket_open_ ? colon_in_brackets() : word();
  if (c == ')') return close_paren(State::kStatements);
  if (c == '"' || c == '\'') return string(c);
  if (c == '`') return raw_string();
  const std::size_t from = at_++;
  switch (c) {
    case ',':
      return emit(TokenKind::kComma);
    case '*':
      return emit_operator(BinaryOp::kMul);
    case '/':
      return emit_operator(BinaryOp::kDiv);
    case '%':
      return emit_operator(BinaryOp::kMod);
    case '+':
      return emit_operator(BinaryOp::kAdd);
    case '-':
      return emit_operator(BinaryOp::kSub);
    case '^':
      return emit_operator(BinaryOp::kPow);
    case '@':
      return emit(TokenKind::kAt);
    case '=':
      if (accept("=")) return emit_operator(BinaryOp::kEqual);
      if (peek() == '~') return fail("unexpected character after '=': '~'");
      return emit(TokenKind::kEqual);
    case '!':
      if (accept("=")) return emit_operator(BinaryOp::kNotEqual);
      return fail("unexpected character after '!': " + quoted_rune());
    case '<':
      if (accept("=")) return emit_operator(BinaryOp::kLessEqual);
      return emit_operator(accept("/") ? BinaryOp::kTrimUpper : BinaryOp::kLess);
    case '>':
      if (accept("=")) return emit_operator(BinaryOp::kGreaterEqual);
      return emit_operator(accept("/") ? BinaryOp::kTrimLower : BinaryOp::kGreater);
    case '(':
      ++paren_depth_;
      return emit(TokenKind::kLeftParen);
    case '{':
      state_ = State::kBraces;
      return emit(TokenKind::kLeftBrace);
    case '[': {
      if (bracket_open_) return fail("unexpected left bracket '['");
      got_colon_ = false;
      bracket_open_ = true;
      state_ = State::kDuration;
      return emit(TokenKind::kLeftBracket);
    }
    case ']':
      if (!bracket_open_) return fail("unexpected right bracket ']'");
      bracket_open_ = false;
      return emit(TokenKind::kRightBracket);
    default:
      break;
  }
  at_ = from;
  return fail("unexpected character: " + quoted_rune());
}

Token Lexer::braces() {
  if (done()) return fail("unexpected end of input inside braces");
  const char c = peek();
  if (is_alpha(c)) {
    while (!done() && (is_alpha(peek()) || is_digit(peek()))) ++at_;
    return emit(TokenKind::kIdentifier);
  }
  if (c == '"' || c == '\'') return string(c);
  if (c == '`') return raw_string();
  const std::size_t from = at_++;
  switch (c) {
    case ',':
      return emit(TokenKind::kComma);
    case '=':
      return emit(accept("~") ? TokenKind::kMatchRegex : TokenKind::kEqual);
    case '!':
      if (accept("~")) return emit(TokenKind::kMatchNotRegex);
      if (accept("=")) return emit_operator(BinaryOp::kNotEqual);
      return fail("unexpected character after '!' inside braces: " + quoted_rune());
    case '{':
      return fail("unexpected left brace '{'");
    case '}':
      state_ = State::kStatements;
      return emit(TokenKind::kRightBrace);
    default:
      break;
  }
  at_ = from;
  return fail("unexpected character inside braces: " + quoted_rune());
}

// Between brackets, up to the first number; what follows that is read by statements().
Token Lexer::duration() {
  skip_blank(false);
  if (done()) return fail("unexpected end of input in duration expression");
  const char c = peek();
  if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
    got_duration_ = true;
    state_ = State::kStatements;
    return number_or_duration();
  }
  if (c == ')') return close_paren(State::kDuration);
  if (std::string_view("sSmMrR").find(c) != std::string_view::npos) {
    if (Token token; duration_word(token)) return token;
    at_ = start_;
    return fail("unexpected character in duration expression: " + quoted_rune());
  }
  const std::size_t from = at_++;
  switch (c) {
    case ']':
      bracket_open_ = got_colon_ = false;
      state_ = State::kStatements;
      return emit(TokenKind::kRightBracket);
    case ':': {
      Token token = emit(TokenKind::kColon);
      if (!got_duration_) return fail("unexpected colon before duration in duration expression");
      if (got_colon_) return fail("unexpected repeated colon in duration expression");
      got_colon_ = true;
      return token;
    }
    case '(':
      ++paren_depth_;
      return emit(TokenKind::kLeftParen);
    case '+':
      return emit_operator(BinaryOp::kAdd);
    case '-':
      return emit_operator(BinaryOp::kSub);
    case '*':
      return emit_operator(BinaryOp::kMul);
    case '/':
      return emit_operator(BinaryOp::kDiv);
    case '%':
      return emit_operator(BinaryOp::kMod);
    case '^':
      return emit_operator(BinaryOp::kPow);
    case ',':
      return emit(TokenKind::kComma);
    default:
      break;
  }
  at_ = from;
  return fail("unexpected character in duration expression: " + quoted_rune());
}

// Letters and colons between brackets, after the first number.
Token Lexer::colon_in_brackets() {
  const std::string shown = quoted_rune();
  if (peek() == ':') {
    ++at_;
    if (got_colon_) return fail("unexpected colon ':'");
    got_colon_ = true;
    return emit(TokenKind::kColon);
  }
  if (Token token; duration_word(token)) return token;
  return fail("unexpected character: " + shown + ", expected ':'");
}

bool Lexer::duration_word(Token& token) {
  while (!done() && is_alpha(peek())) ++at_;
  const Keyword* keyword = find_keyword(text_.substr(start_, at_ - start_));
  if (keyword == nullptr || keyword->kind < TokenKind::kStep || keyword->kind > TokenKind::kMaxOf) return false;
  token = emit(keyword->kind);
  return true;
}

Token Lexer::word() {
  while (!done() && (is_alpha(peek()) || is_digit(peek()) || peek() == ':')) ++at_;
  const std::string_view word = text_.substr(start_, at_ - start_);
  const Keyword* keyword = find_keyword(word);
  const bool fill = keyword != nullptr && keyword->kind >= TokenKind::kFill && keyword->kind <= TokenKind::kFillRight;
  if (keyword == nullptr || (fill && !paren_follows())) {
    return emit(word.find(':') == std::string_view::npos ? TokenKind::kIdentifier : TokenKind::kMetricIdentifier);
  }
  Token token = emit(keyword->kind);
  token.binary = keyword->binary;
  token.aggregate = keyword->aggregate;
  return token;
}

bool Lexer::paren_follows() const {
  std::size_t i = at_;
  while (i < text_.size() && is_space(text_[i])) ++i;
  return i < text_.size() && text_[i] == '(';
}

Token Lexer::number_or_duration() {
  if (scan_number()) return emit(TokenKind::kNumber);
  if (scan_duration()) return emit(TokenKind::kDuration);
  return fail("bad number or duration syntax: " + logql::quote(text_.substr(start_, at_ - start_)));
}

bool Lexer::scan_number() {
  const std::size_t from = at_;
  std::string_view digits = kDigits;
  if (accept("0") && accept("xX")) {
    accept("_");
    digits = kHexDigits;
  }
  accept(".");
  accept(digits);
  if (!scan_number_tail(digits) || at_ == from) return false;
  return done() || !(is_alpha(peek()) || is_digit(peek()));
}

// [digits . _ e]*, where a dot and an exponent come once and nothing odd follows any of them.
bool Lexer::scan_number_tail(std::string_view digits) {
  const bool hex = digits.size() > 10;
  bool dot = false, exponent = false;
  while (any_of(digits) || any_of("._eE")) {
    if (dot && accept(".")) return false;
    if (exponent && accept("eE")) return false;
    if (accept(".")) {
      dot = true;
      if (accept("_.") || hex) return false;
    } else if (accept("eE")) {
      exponent = true;
      accept("+-");
      if (accept("._eE") || done()) return false;
    } else if (accept("_")) {
      if (accept("._eE") || done()) return false;
    } else {
      accept_run(digits);
    }
  }
  return true;
}

// The rest of a duration, from its first unit on. Wrong units and orders are found when it is converted.
bool Lexer::scan_duration() {
  if (!accept("smhdwy")) return false;
  accept("s");
  while (accept(kDigits)) {
    accept_run(kDigits);
    if (!accept("smhdw")) return false;
    accept("s");
  }
  if (done()) return true;
  if (!is_alpha(peek()) && !is_digit(peek())) return true;
  ++at_;
  return false;
}

Token Lexer::string(char quote) {
  ++at_;
  while (true) {
    if (done() || peek() == '\n') return fail("unterminated quoted string");
    if (peek() == quote) {
      ++at_;
      return emit(TokenKind::kString);
    }
    if (peek() == '\\') {
      ++at_;
      if (std::string wrong = escape(quote); !wrong.empty()) return fail(std::move(wrong));
      continue;
    }
    const logql::Rune rune = logql::decode_rune(text_.substr(at_));
    if (rune.code == U'\uFFFD') return fail("invalid UTF-8 rune");
    at_ += rune.length;
  }
}

Token Lexer::raw_string() {
  ++at_;
  while (true) {
    if (done()) return fail("unterminated raw string");
    if (peek() == '`') {
      ++at_;
      return emit(TokenKind::kString);
    }
    const logql::Rune rune = logql::decode_rune(text_.substr(at_));
    if (rune.code == U'\uFFFD') return fail("invalid UTF-8 rune");
    at_ += rune.length;
  }
}

std::string Lexer::escape(char quote) {
  if (done()) return "escape sequence not terminated";
  const char c = peek();
  if (c == quote || std::string_view("abfnrtv\\").find(c) != std::string_view::npos) {
    ++at_;
    return "";
  }
  int digits = 0;
  std::uint32_t base = 16, max = 0x10FFFF;
  if (c >= '0' && c <= '7') {
    digits = 3, base = 8, max = 255;
  } else if (c == 'x') {
    digits = 2, max = 255, ++at_;
  } else if (c == 'u') {
    digits = 4, ++at_;
  } else if (c == 'U') {
    digits = 8, ++at_;
  } else {
    return "unknown escape sequence " + rune_name(logql::decode_rune(text_.substr(at_)).code);
  }
  std::uint32_t value = 0;
  for (; digits > 0; --digits) {
    if (done()) return "escape sequence not terminated";
    const logql::Rune rune = logql::decode_rune(text_.substr(at_));
    const auto digit = static_cast<std::uint32_t>(digit_value(rune.code));
    if (digit >= base) return "illegal character " + rune_name(rune.code) + " in escape sequence";
    value = value * base + digit;
    at_ += rune.length;
  }
  if (value > max || (value >= 0xD800 && value < 0xE000)) return "escape sequence is an invalid Unicode code point";
  return "";
}

}  // namespace trilobite::metrics
