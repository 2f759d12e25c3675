#include "agent/duration.h"

#include <charconv>
#include <cmath>
#include <string>

namespace trilobite::agent {
namespace {

struct Unit {
  std::string_view name;
  double value;
};

constexpr Unit kTimeUnits[] = {
    {"ns", 1},    {"us", 1e3},    {"\xC2\xB5s", 1e3}, {"\xCE\xBCs", 1e3}, {"ms", 1e6},         {"s", 1e9},
    {"m", 60e9},  {"h", 3600e9},  {"d", 86400e9},     {"w", 7 * 86400e9}, {"y", 365 * 86400e9},
};
constexpr Unit kByteUnits[] = {
    {"", 1},           {"b", 1},          {"k", 1024},       {"kb", 1024},      {"ki", 1024},      {"kib", 1024},
    {"m", 1048576},    {"mb", 1048576},   {"mi", 1048576},   {"mib", 1048576},  {"g", 1073741824}, {"gb", 1073741824},
    {"gi", 1073741824}, {"gib", 1073741824},
};

bool is_number_part(char c) { return (c >= '0' && c <= '9') || c == '.'; }

}  // namespace

Result<double> parse_number(std::string_view text) {
  double out = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failure != std::errc() || end != text.data() + text.size() || !std::isfinite(out)) {
    return error(Code::kInvalid, "\"{}\" is not a number", text);
  }
  return out;
}

Result<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t out = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failure != std::errc() || end != text.data() + text.size()) {
    return error(Code::kInvalid, "\"{}\" is not a whole number", text);
  }
  return out;
}

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  const auto bad = [text] { return error(Code::kInvalid, "\"{}\" is not a duration such as 5s or 1h30m", text); };
  std::string_view rest = text;
  double sign = 1;
  if (rest.starts_with('-') || rest.starts_with('+')) {
    if (rest.front() == '-') sign = -1;
    rest.remove_prefix(1);
  }
  if (rest == "0") return std::chrono::nanoseconds(0);
  if (rest.empty()) return bad();
  double total = 0;
  while (!rest.empty()) {
    std::size_t digits = 0;
    while (digits < rest.size() && is_number_part(rest[digits])) ++digits;
    auto number = parse_number(rest.substr(0, digits));
    if (!number.ok()) return bad();
    rest.remove_prefix(digits);
    std::size_t letters = 0;
    while (letters < rest.size() && !is_number_part(rest[letters])) ++letters;
    const std::string_view name = rest.substr(0, letters);
    rest.remove_prefix(letters);
    const Unit* unit = nullptr;
    for (const Unit& each : kTimeUnits) {
      if (each.name == name) unit = &each;
    }
    if (unit == nullptr) return bad();
    total += *number * unit->value;
  }
  if (total > 9.2e18) return bad();
  return std::chrono::nanoseconds(static_cast<std::int64_t>(sign * std::round(total)));
}

Result<std::uint64_t> parse_byte_size(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && is_number_part(text[digits])) ++digits;
  auto number = parse_number(text.substr(0, digits));
  std::string unit;
  for (const char c : text.substr(digits)) {
    if (c != ' ') unit.push_back(static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c));
  }
  for (const Unit& each : kByteUnits) {
    if (number.ok() && each.name == unit && *number * each.value < 9e18) {
      return static_cast<std::uint64_t>(*number * each.value);
    }
  }
  return error(Code::kInvalid, "\"{}\" is not a size such as 1048576 or 256KB", text);
}

}  // namespace trilobite::agent
