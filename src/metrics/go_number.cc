#include "metrics/go_number.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "query/number_format.h"

namespace trilobite::metrics {
namespace {

// d.ddde±xx with two digits of exponent at least, as Go has it too; `exponent` gets its value.
std::string scientific(double value, int& exponent) {
  std::array<char, 40> buffer;
  const auto written =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific);
  std::string text(buffer.data(), written.ptr);
  exponent = std::atoi(text.c_str() + text.find('e') + 1);
  return text;
}

bool equal_fold(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b; });
}

}  // namespace

std::string go_number(double value) {
  if (!std::isfinite(value)) return query::number_text(value);
  if (value == 0) return std::signbit(value) ? "-0" : "0";
  int exponent = 0;
  std::string text = scientific(value, exponent);
  return exponent < -4 || exponent >= 6 ? text : query::number_text(value);  // Go's thresholds for the shortest form
}

void append_api_number(std::string& out, double value) {
  const double size = std::fabs(value);
  if (std::isfinite(value) && size != 0 && (size < 1e-6 || size >= 1e21)) {
    int exponent = 0;
    out += scientific(value, exponent);
  } else {
    query::append_number(out, value);
  }
}

std::string api_number(double value) {
  std::string out;
  append_api_number(out, value);
  return out;
}

std::optional<double> parse_go_float(std::string_view text) {
  const bool minus = text.starts_with('-');
  if (minus || text.starts_with('+')) text.remove_prefix(1);
  const double sign = minus ? -1 : 1;
  if (equal_fold(text, "inf") || equal_fold(text, "infinity")) return sign * std::numeric_limits<double>::infinity();
  if (equal_fold(text, "nan")) return std::numeric_limits<double>::quiet_NaN();
  if (text.empty() || (text[0] != '.' && (text[0] < '0' || text[0] > '9'))) return std::nullopt;
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ptr != text.data() + text.size()) return std::nullopt;
  if (read.ec == std::errc::result_out_of_range) {
    // Too small is zero, too large infinity; Go calls the latter an error.
    value = std::strtod(std::string(text).c_str(), nullptr);
    if (std::isinf(value)) return std::nullopt;
  } else if (read.ec != std::errc()) {
    return std::nullopt;
  }
  return sign * value;
}

}  // namespace trilobite::metrics
