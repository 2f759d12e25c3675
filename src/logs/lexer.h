// LogQL text to tokens, with Loki's rules: keywords in any case, function names only in front of "(", durations and
// byte sizes as one token. Positions are Loki's too: a token that its scanner extends (">=", "5m", "[5m]") reports line
// 0.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace trilobite::logql {

enum class TokenKind : std::uint8_t {
  kEnd, kBytes, kIdentifier, kString, kNumber, kParserFlag, kDuration, kRange,
  kSymbol,    // punctuation, operators and keywords: told apart by `name`
  kFunction,  // a name in front of "(": `text` in lower case
  kError,     // what cannot be read; `text` says why. The last token then.
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view name;       // what an error calls it, see token names in lexer.cc; static text
  std::string text;            // identifier, string value, number as written
  std::int64_t duration_ns = 0;
  std::uint64_t bytes = 0;
  std::uint32_t line = 0, column = 0;

  bool is(std::string_view symbol) const {
    return (kind == TokenKind::kSymbol || kind == TokenKind::kFunction) && name == symbol;
  }
};

// All tokens; the last is kEnd, or kError: whether that matters is for the parser, which may stop before it.
Result<std::vector<Token>> tokenize(std::string_view query);

// "parse error at line L, col C: text", or without the position where both are 0.
Error parse_error(std::uint32_t line, std::uint32_t column, std::string_view text);

}  // namespace trilobite::logql
