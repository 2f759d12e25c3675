#include "query/number_format.h"

#include <charconv>
#include <cmath>
#include <string_view>

namespace trilobite::query {
namespace {

// Places `digits` ("12345") so that the decimal point stands behind `point` of them.
void append_digits(std::string& out, std::string_view digits, int point) {
  const int count = static_cast<int>(digits.size());
  if (point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += digits;
  } else if (point >= count) {
    out += digits;
    out.append(static_cast<std::size_t>(point - count), '0');
  } else {
    out += digits.substr(0, static_cast<std::size_t>(point));
    out += '.';
    out += digits.substr(static_cast<std::size_t>(point));
  }
}

}  // namespace

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
    return;
  }
  char text[40];
  if (value == std::floor(value) && std::fabs(value) < 1e15 && (value != 0 || !std::signbit(value))) {
    const auto written = std::to_chars(text, text + sizeof(text), static_cast<long long>(value));
    out.append(text, written.ptr);
    return;
  }
  if (std::fabs(value) >= 1e-6 && std::fabs(value) < 1e15) {
    const auto written = std::to_chars(text, text + sizeof(text), value, std::chars_format::fixed);
    out.append(text, written.ptr);
    return;
  }
  if (std::signbit(value)) out += '-';
  // The shortest digits come as d.ddde±xx; with chars_format::fixed a large number would get all its exact digits.
  const auto written = std::to_chars(text, text + sizeof(text), std::fabs(value), std::chars_format::scientific);
  const std::string_view scientific(text, static_cast<std::size_t>(written.ptr - text));
  const std::size_t e = scientific.find('e');
  std::string digits(1, scientific[0]);
  if (e > 2) digits += scientific.substr(2, e - 2);
  int exponent = 0;
  const char* exponent_text = scientific.data() + e + 1 + (scientific[e + 1] == '+' ? 1 : 0);
  std::from_chars(exponent_text, scientific.data() + scientific.size(), exponent);
  if (digits == "0") {
    out += '0';
    return;
  }
  append_digits(out, digits, exponent + 1);
}

std::string number_text(double value) {
  std::string out;
  append_number(out, value);
  return out;
}

}  // namespace trilobite::query
