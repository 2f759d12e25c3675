#include "number.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string_view>

namespace trilobite::log {
namespace {

// "00" to "99"
constexpr auto kPairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

// value = 0.DIGITS * 10^point
struct Decimal {
  bool negative;
  std::string_view digits;
  int point;
};

template <class T>
Decimal to_decimal(T value, char (&buffer)[64]) {
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  const bool negative = text.front() == '-';
  if (negative) text.remove_prefix(1);
  const std::size_t e = text.find('e');
  int exponent = 0;
  const std::size_t exponent_start = e + (text[e + 1] == '+' ? 2 : 1);
  std::from_chars(text.data() + exponent_start, text.data() + text.size(), exponent);
  std::size_t count = e;
  char* first = buffer + (negative ? 1 : 0);
  if (count > 1) {  // d.ddd -> dddd, by moving the first digit over the point
    first[1] = first[0];
    ++first;
    --count;
  }
  return {negative, {first, count}, exponent + 1};
}

template <class T>
void append_number(std::string& out, T value, int smallest_plain_point) {
  if (value == 0) {
    out += std::signbit(value) ? "-0.0" : "0.0";
    return;
  }
  char buffer[64];
  const Decimal d = to_decimal(value, buffer);
  const int count = static_cast<int>(d.digits.size());
  if (d.negative) out += '-';
  if (d.point > 16 || d.point < smallest_plain_point) {
    out += d.digits.front();
    if (count > 1) (out += '.') += d.digits.substr(1);
    out += 'e';
    append_integer(out, std::int64_t{d.point - 1});
  } else if (d.point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-d.point), '0');
    out += d.digits;
  } else if (count <= d.point) {
    out += d.digits;
    out.append(static_cast<std::size_t>(d.point - count), '0');
    out += ".0";
  } else {
    out += d.digits.substr(0, static_cast<std::size_t>(d.point));
    (out += '.') += d.digits.substr(static_cast<std::size_t>(d.point));
  }
}

template <class T>
void append_json(std::string& out, T value) {
  if (!std::isfinite(value)) {
    out += '0';
  } else {
    append_number(out, value, -4);
  }
}

template <class T>
void append_readable(std::string& out, T value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value < 0 ? "-inf" : "inf";
  } else {
    append_number(out, value, -3);
  }
}

template <class T>
void append_int(std::string& out, T value) {
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  out.append(buffer, static_cast<std::size_t>(end - buffer));
}

}  // namespace

std::size_t put_short_decimal(char* out, double value, bool point_always) {
  constexpr double kScale = 1e6;
  const double size = std::fabs(value);
  const bool zero = size == 0 && !std::signbit(value);
  if (!zero && !(size >= 1e-3 && size < 1e9)) return 0;
  // A decimal of at most 15 digits that gives this number back is the shortest one: no two such are the same number.
  const auto scaled = static_cast<std::uint64_t>(size * kScale + 0.5);
  if (static_cast<double>(scaled) / kScale != size) return 0;
  char* at = out;
  if (value < 0) *at++ = '-';
  at = std::to_chars(at, at + 10, scaled / 1'000'000).ptr;
  const auto fraction = static_cast<std::uint32_t>(scaled % 1'000'000);
  if (fraction == 0 && !point_always) return static_cast<std::size_t>(at - out);
  *at++ = '.';
  put_six_digits(at, fraction);
  const char* const first = at;
  for (at += 6; at > first + 1 && at[-1] == '0';) --at;
  return static_cast<std::size_t>(at - out);
}

void put_six_digits(char* out, std::uint32_t number) {
  const std::uint32_t pairs[] = {number / 10'000, number / 100 % 100, number % 100};
  for (int i = 0; i < 3; ++i) std::memcpy(out + 2 * i, kPairs.data() + 2 * pairs[i], 2);
}

void append_json_number(std::string& out, double value) { append_json(out, value); }
void append_json_number(std::string& out, float value) { append_json(out, value); }
void append_readable_number(std::string& out, double value) { append_readable(out, value); }
void append_readable_number(std::string& out, float value) { append_readable(out, value); }
void append_integer(std::string& out, std::int64_t value) { append_int(out, value); }
void append_integer(std::string& out, std::uint64_t value) { append_int(out, value); }

}  // namespace trilobite::log
