#include <charconv>
#include <cmath>
#include <limits>

#include "logs/text.h"
#include "metrics/grammar.h"

namespace trilobite::metrics {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }

// Underscores stand between digits, or between the prefix of a base and a digit.
bool underscores_fit(std::string_view text) {
  const bool hex = text.size() > 1 && text[0] == '0' && (text[1] | 0x20) == 'x';
  bool after_digit = hex, after_underscore = false;
  for (const char c : text.substr(hex ? 2 : 0)) {
    if (c == '_') {
      if (!after_digit) return false;
      after_underscore = true;
      after_digit = false;
      continue;
    }
    after_digit = hex ? is_hex(c) : is_digit(c);
    if (after_underscore && !after_digit) return false;
    after_underscore = false;
  }
  return !after_underscore;
}

// An integer with Go's prefixes; nothing when it is none or does not fit.
std::optional<double> parse_integer(std::string_view digits) {
  int base = 10;
  if (digits.size() > 1 && digits[0] == '0') {
    const bool hex = (digits[1] | 0x20) == 'x';
    base = hex ? 16 : 8;
    digits.remove_prefix(hex ? 2 : 1);
  }
  std::int64_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return std::nullopt;
  return static_cast<double>(value);
}

}  // namespace

std::optional<NumberText> parse_number_text(std::string_view text) {
  const std::string lower = logql::to_lower_ascii(text);
  if (lower == "inf") return NumberText{std::numeric_limits<double>::infinity()};
  if (lower == "nan") return NumberText{std::numeric_limits<double>::quiet_NaN()};
  std::string digits;
  for (const char c : lower) {
    if (c != '_') digits.push_back(c);
  }
  if (digits.empty() || (digits.size() != text.size() && !underscores_fit(lower))) return std::nullopt;
  if (const auto integer = parse_integer(digits)) return NumberText{*integer};
  double value = 0;
  const char* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, value);
  if (read.ptr != end || read.ec == std::errc::invalid_argument) return std::nullopt;
  if (read.ec == std::errc()) return NumberText{value};
  // Too large or too small: which of them, a wider type tells. What is too small is 0, as in Go.
  const std::size_t exponent = digits.find('e');
  const bool small = exponent != std::string::npos && digits[exponent + 1] == '-';
  return small ? NumberText{0} : NumberText{std::numeric_limits<double>::infinity(), true};
}

}  // namespace trilobite::metrics
