// Reading JSON where it stands, with the leniency of Loki's reader: only what is asked for is looked at, a value is
// taken by its first and last byte, what comes behind the outermost closing brace does not matter.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "logs/arena.h"

namespace trilobite::logql::json {

// What Loki says about broken JSON.
inline constexpr std::string_view kBadJson = "Malformed JSON error";
inline constexpr std::string_view kBadString = "Value is string, but can't find closing '\"' symbol";
inline constexpr std::string_view kBadArray = "Value is array, but can't find closing ']' symbol";
inline constexpr std::string_view kBadObject = "Value looks like object, but can't find closing '}' symbol";
inline constexpr std::string_view kBadEscape = "Encountered an invalid escape sequence in a string";
inline constexpr std::string_view kUnknownValue = "Unknown value type";

enum class Kind : std::uint8_t { kString, kNumber, kBoolean, kNull, kArray, kObject };

struct Value {
  Kind kind = Kind::kNull;
  std::string_view text;  // of a string: what is between the quotes, escapes as they stand
};

// A place in the text. Every function leaves it behind what it took.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  bool done() const { return at_ == end_; }
  char peek() const { return *at_; }  // REQUIRES: !done()
  void step() { ++at_; }
  const char* position() const { return at_; }
  // To the next byte that is no blank; false at the end.
  bool skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
    return at_ != end_;
  }

  // Behind the closing quote of the string whose opening quote is behind us.
  bool string(std::string_view& out) {
    const char* start = at_;
    for (const char* from = at_; from != end_;) {
      const auto* quote = static_cast<const char*>(std::memchr(from, '"', static_cast<std::size_t>(end_ - from)));
      if (quote == nullptr) break;
      std::size_t backslashes = 0;
      while (quote - backslashes != start && quote[-1 - static_cast<std::ptrdiff_t>(backslashes)] == '\\')
        ++backslashes;
      if (backslashes % 2 == 0) {
        out = {start, static_cast<std::size_t>(quote - start)};
        at_ = quote + 1;
        return true;
      }
      from = quote + 1;
    }
    return false;
  }

  // Any value; REQUIRES: !done(), no blank in front. An error text, or nothing.
  std::string_view value(Value& out);

 private:
  bool block(char open, char close);
  const char* at_;
  const char* end_;
};

// The members of an object, in order: on_member(key, value) with the key's escapes resolved; it returns true to go on,
// false to stop. Returns an error text, or nothing.
template <class OnMember>
std::string_view members(std::string_view text, std::string& scratch, OnMember on_member);

// Resolves escapes and cuts invalid UTF-8, in `arena` where the text changes. False: a wrong escape.
bool unescape(std::string_view text, Arena& arena, std::string_view& out);
// The text without invalid UTF-8; in `arena` where it changes.
std::string_view valid_utf8(std::string_view text, Arena& arena);
// The value of a label: as unescape(), "" for a wrong escape.
std::string_view label_value(std::string_view text, Arena& arena);

// ---- Implementation ----

bool unescape_key(std::string_view text, std::string& out);

template <class OnMember>
std::string_view members(std::string_view text, std::string& scratch, OnMember on_member) {
  Cursor cursor(text);
  if (!cursor.skip_blanks() || cursor.peek() != '{') return kBadObject;
  cursor.step();
  if (!cursor.skip_blanks()) return kBadJson;
  if (cursor.peek() == '}') return {};
  while (true) {
    if (cursor.peek() == '}') return {};
    if (cursor.peek() != '"') return kBadObject;
    cursor.step();
    std::string_view key;
    if (!cursor.string(key)) return kBadJson;
    if (std::memchr(key.data(), '\\', key.size()) != nullptr) {
      if (!unescape_key(key, scratch)) return kBadEscape;
      key = scratch;
    }
    if (!cursor.skip_blanks() || cursor.peek() != ':') return kBadJson;
    cursor.step();
    if (!cursor.skip_blanks()) return kBadJson;
    Value value;
    if (const std::string_view error = cursor.value(value); !error.empty()) return error;
    if (!on_member(key, value)) return {};
    if (!cursor.skip_blanks()) return kBadArray;
    if (cursor.peek() == '}') return {};
    if (cursor.peek() != ',') return kBadObject;
    cursor.step();
    if (!cursor.skip_blanks()) return kBadArray;
  }
}

}  // namespace trilobite::logql::json
