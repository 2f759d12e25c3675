#include "logs/lexer.h"

#include <algorithm>
#include <array>

#include "logs/limits.h"
#include "logs/text.h"

namespace trilobite::logql {

namespace {

// Keywords and operators; errors call them by these names.
constexpr std::array<std::string_view, 52> kSymbols{
    ",",       ".",        "{",      "}",       "=",      "!=",     "=~",      "!~",           "!>",         "|=",
    "|~",      "|>",       "|",      "(",       ")",      "[",      "]",       "+",            "-",          "*",
    "/",       "%",        "^",      "==",      ">",      ">=",     "<",       "<=",           "unwrap",     "by",
    "without", "bool",     "offset", "on",      "ignoring", "group_left", "group_right", "or", "and",        "unless",
    "json",    "regexp",   "logfmt", "unpack",  "pattern", "label_format", "line_format", "decolorize", "drop", "keep",
    "variants", "of"};

// Names that are functions in front of "(" and identifiers elsewhere. `shown` is what an error calls them.
struct FunctionName {
  std::string_view name, shown;
};
constexpr std::array<FunctionName, 33> kFunctions{{{"rate", "RATE"},
                                                   {"rate_counter", "RATE_COUNTER"},
                                                   {"count_over_time", "COUNT_OVER_TIME"},
                                                   {"bytes_rate", "BYTES_RATE"},
                                                   {"bytes_over_time", "BYTES_OVER_TIME"},
                                                   {"avg_over_time", "AVG_OVER_TIME"},
                                                   {"sum_over_time", "SUM_OVER_TIME"},
                                                   {"min_over_time", "MIN_OVER_TIME"},
                                                   {"max_over_time", "MAX_OVER_TIME"},
                                                   {"stdvar_over_time", "STDVAR_OVER_TIME"},
                                                   {"stddev_over_time", "STDDEV_OVER_TIME"},
                                                   {"quantile_over_time", "QUANTILE_OVER_TIME"},
                                                   {"first_over_time", "FIRST_OVER_TIME"},
                                                   {"last_over_time", "LAST_OVER_TIME"},
                                                   {"absent_over_time", "ABSENT_OVER_TIME"},
                                                   {"vector", "VECTOR"},
                                                   {"sum", "SUM"},
                                                   {"avg", "AVG"},
                                                   {"max", "MAX"},
                                                   {"min", "MIN"},
                                                   {"count", "COUNT"},
                                                   {"stddev", "STDDEV"},
                                                   {"stdvar", "STDVAR"},
                                                   {"bottomk", "BOTTOMK"},
                                                   {"topk", "TOPK"},
                                                   {"sort", "SORT"},
                                                   {"sort_desc", "SORT_DESC"},
                                                   {"label_replace", "label_replace"},
                                                   {"approx_topk", "APPROX_TOPK"},
                                                   {"bytes", "BYTES_CONV"},
                                                   {"duration", "DURATION_CONV"},
                                                   {"duration_seconds", "DURATION_SECONDS_CONV"},
                                                   {"ip", "ip"}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f'; }
bool is_identifier_start(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> run() {
    std::vector<Token> tokens;
    while (true) {
      skip_blank();
      Token token = next();
      const bool end = token.kind == TokenKind::kEnd || token.kind == TokenKind::kError;
      tokens.push_back(std::move(token));
      if (end) return tokens;
    }
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool done() const { return at_ >= text_.size(); }

  void advance(std::size_t bytes) {
    for (; bytes > 0 && !done(); --bytes, ++at_) {
      if (text_[at_] == '\n') {
        ++line_;
        column_ = 1;
      } else if ((static_cast<unsigned char>(text_[at_]) & 0xC0) != 0x80) {
        ++column_;
      }
    }
  }

  void skip_blank() {
    while (!done()) {
      if (is_space(peek())) {
        advance(1);
      } else if (peek() == '#') {
        while (!done() && peek() != '\n') advance(1);
      } else {
        return;
      }
    }
  }

  Token start() const {
    Token token;
    token.line = text_.empty() ? 0 : line_;
    token.column = text_.empty() ? 0 : column_;
    return token;
  }
  static Token fail(Token token, std::string_view text) {
    token.text = text;
    return named(std::move(token), TokenKind::kError, "$unk");
  }

  Token next() {
    Token token = start();
    if (done()) return named(std::move(token), TokenKind::kEnd, "$end");
    const char c = peek();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number(std::move(token));
    if (c == '"') return string(std::move(token));
    if (c == '`') return raw_string(std::move(token));
    if (c == '\'') return fail(token, "invalid char literal");
    if (c == '[') return range(std::move(token));
    if (c == '-') {
      if (try_flag(token) || try_duration(token, 1)) return token;
    }
    if (is_identifier_start(c)) return word(std::move(token));
    return symbol(std::move(token));
  }

  static Token named(Token token, TokenKind kind, std::string_view name) {
    token.kind = kind;
    token.name = name;
    return token;
  }

  // ---- Numbers, durations, sizes ----

  Token number(Token token) {
    std::size_t end = at_;
    if (peek() == '0' && (peek(1) | 0x20) == 'x') {
      end += 2;
      while (end < text_.size() && std::isxdigit(static_cast<unsigned char>(text_[end]))) ++end;
    } else {
      while (end < text_.size() && is_digit(text_[end])) ++end;
      if (end < text_.size() && text_[end] == '.') ++end;
      while (end < text_.size() && is_digit(text_[end])) ++end;
      if (end < text_.size() && (text_[end] | 0x20) == 'e') {
        std::size_t digits = end + 1;
        if (digits < text_.size() && (text_[digits] == '+' || text_[digits] == '-')) ++digits;
        if (digits >= text_.size() || !is_digit(text_[digits])) return fail(token, "exponent has no digits");
        end = digits;
        while (end < text_.size() && is_digit(text_[end])) ++end;
      }
    }
    if (try_duration(token, end - at_) || try_bytes(token, end - at_)) return token;
    token.text = text_.substr(at_, end - at_);
    advance(end - at_);
    return named(std::move(token), TokenKind::kNumber, "NUMBER");
  }

  // What follows the number in front while `more` accepts it; empty when nothing does.
  template <class More>
  std::string_view extended(std::size_t length, More more) const {
    std::size_t end = at_ + length;
    while (end < text_.size() && (is_digit(text_[end]) || text_[end] == '.' || more(text_[end]))) ++end;
    return end == at_ + length ? std::string_view() : text_.substr(at_, end - at_);
  }

  bool try_duration(Token& token, std::size_t length) {
    const std::string_view text = extended(length, [](char c) {
      return std::string_view("numshdwy\xC2\xB5\xCE\xBC").find(c) != std::string_view::npos;
    });
    if (text.empty()) return false;
    if (auto prometheus = parse_prometheus_duration(text); prometheus.ok()) {
      token.duration_ns = *prometheus;
    } else if (const auto go = parse_go_duration(text)) {
      token.duration_ns = *go;
    } else {
      return false;
    }
    return take_extended(token, text, TokenKind::kDuration, "DURATION");
  }

  bool try_bytes(Token& token, std::size_t length) {
    const std::string_view text =
        extended(length, [](char c) { return std::string_view("BikKMGTP").find(c) != std::string_view::npos; });
    if (text.empty()) return false;
    const auto bytes = parse_bytes(text);
    if (!bytes) return false;
    token.bytes = *bytes;
    return take_extended(token, text, TokenKind::kBytes, "BYTES");
  }

  bool take_extended(Token& token, std::string_view text, TokenKind kind, std::string_view name) {
    token.kind = kind;
    token.name = name;
    token.text = text;
    token.line = 0;
    advance(text.size());
    return true;
  }

  bool try_flag(Token& token) {
    for (const std::string_view flag : {"--strict", "--keep-empty"}) {
      const char behind = peek(flag.size());
      if (text_.substr(at_, flag.size()) != flag || std::isalpha(static_cast<unsigned char>(behind)) || behind == '-')
        continue;
      return take_extended(token, text_.substr(at_, flag.size()), TokenKind::kParserFlag, "PARSER_FLAG");
    }
    return false;
  }

  Token range(Token token) {
    const std::size_t close = text_.find(']', at_);
    token.line = 0;
    if (close == std::string_view::npos) return fail(token, "missing closing ']' in duration");
    auto duration = parse_prometheus_duration(text_.substr(at_ + 1, close - at_ - 1));
    if (!duration.ok()) return fail(token, duration.error().message);
    token.duration_ns = *duration;
    advance(close + 1 - at_);
    return named(std::move(token), TokenKind::kRange, "RANGE");
  }

  // ---- Strings ----

  Token string(Token token) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != '"' && text_[end] != '\n') end += text_[end] == '\\' ? 2 : 1;
    if (end >= text_.size() || text_[end] != '"') return fail(token, "literal not terminated");
    const std::string_view inner = text_.substr(at_ + 1, end - at_ - 1);
    if (!is_utf8(inner)) return fail(token, "invalid UTF-8 rune");
    auto value = unquote(inner);
    if (!value) return fail(token, "invalid char escape");
    token.text = std::move(*value);
    advance(end + 1 - at_);
    return named(std::move(token), TokenKind::kString, "STRING");
  }

  Token raw_string(Token token) {
    const std::size_t end = text_.find('`', at_ + 1);
    if (end == std::string_view::npos) return fail(token, "literal not terminated");
    const std::string_view inner = text_.substr(at_ + 1, end - at_ - 1);
    if (!is_utf8(inner)) return fail(token, "invalid UTF-8 rune");
    for (const char c : inner) {
      if (c != '\r') token.text.push_back(c);  // Go drops carriage returns of raw strings
    }
    advance(end + 1 - at_);
    return named(std::move(token), TokenKind::kString, "STRING");
  }

  // ---- Words and symbols ----

  // A function name counts as one in front of "(" or of `by (` and `without (`.
  bool is_call(std::size_t at) const {
    const auto skip = [&] {
      while (at < text_.size() && is_space(text_[at])) ++at;
    };
    skip();
    if (at < text_.size() && text_[at] == '(') return true;
    for (const std::string_view word : {"by", "without"}) {
      if (to_lower_ascii(text_.substr(at, word.size())) == word) {
        at += word.size();
        skip();
        return at < text_.size() && text_[at] == '(';
      }
    }
    return false;
  }

  Token word(Token token) {
    std::size_t end = at_;
    while (end < text_.size() && (is_identifier_start(text_[end]) || is_digit(text_[end]))) ++end;
    token.text = text_.substr(at_, end - at_);
    if (!is_utf8(token.text)) return fail(token, "invalid UTF-8 encoding");
    const std::string lower = to_lower_ascii(token.text);
    const auto function =
        std::find_if(kFunctions.begin(), kFunctions.end(), [&](const auto& f) { return f.name == lower; });
    const bool call = function != kFunctions.end() && is_call(end);
    const auto symbol = std::find(kSymbols.begin(), kSymbols.end(), lower);
    advance(end - at_);
    if (call) {
      token.text = lower;
      return named(std::move(token), TokenKind::kFunction, function->shown);
    }
    if (symbol != kSymbols.end()) return named(std::move(token), TokenKind::kSymbol, *symbol);
    return named(std::move(token), TokenKind::kIdentifier, "IDENTIFIER");
  }

  Token symbol(Token token) {
    for (const std::size_t length : {2U, 1U}) {
      const auto found = std::find(kSymbols.begin(), kSymbols.end(), text_.substr(at_, length));
      if (found == kSymbols.end() || found->size() != length) continue;
      if (length == 2) token.line = 0;
      advance(length);
      return named(std::move(token), TokenKind::kSymbol, *found);
    }
    token.text = text_.substr(at_, 1);
    advance(1);
    return named(std::move(token), TokenKind::kIdentifier, "IDENTIFIER");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1, column_ = 1;
};

}  // namespace

Error parse_error(std::uint32_t line, std::uint32_t column, std::string_view text) {
  if (line == 0 && column == 0) return error(Code::kInvalid, "parse error : {}", text);
  return error(Code::kInvalid, "parse error at line {}, col {}: {}", line, column, text);
}

Result<std::vector<Token>> tokenize(std::string_view query) {
  if (query.size() > kQueryBytesMax) {
    return parse_error(0, 0, fmt::format("input size too long ({} > {})", query.size(), kQueryBytesMax + 1));
  }
  return Lexer(query).run();
}

}  // namespace trilobite::logql
