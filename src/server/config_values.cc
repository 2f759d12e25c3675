// How values are written: durations, sizes, flags.
#include <array>
#include <charconv>
#include <cmath>

#include "server/config_keys.h"

namespace trilobite::server {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t size;
};
constexpr std::array<Unit, 8> kDurations = {{{"ns", 1},
                                             {"us", 1'000},
                                             {"ms", 1'000'000},
                                             {"s", 1'000'000'000},
                                             {"m", 60'000'000'000},
                                             {"h", 3'600'000'000'000},
                                             {"d", 86'400'000'000'000},
                                             {"w", 604'800'000'000'000}}};
constexpr std::array<Unit, 14> kSizes = {{{"", 1},
                                          {"B", 1},
                                          {"KiB", 1ll << 10},
                                          {"MiB", 1ll << 20},
                                          {"GiB", 1ll << 30},
                                          {"TiB", 1ll << 40},
                                          {"KB", 1'000},
                                          {"kB", 1'000},
                                          {"MB", 1'000'000},
                                          {"GB", 1'000'000'000},
                                          {"TB", 1'000'000'000'000},
                                          {"K", 1ll << 10},
                                          {"M", 1ll << 20},
                                          {"G", 1ll << 30}}};

template <std::size_t N>
std::int64_t size_of_unit(const std::array<Unit, N>& units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return unit.size;
  }
  return 0;
}

// Splits "1.5GiB rest" into the number and what is behind it.
bool take_number(std::string_view& text, double& number) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (failed != std::errc() || !std::isfinite(number) || number < 0) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

std::string_view take_letters(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && ((text[length] | 0x20) >= 'a' && (text[length] | 0x20) <= 'z')) ++length;
  const std::string_view letters = text.substr(0, length);
  text.remove_prefix(length);
  return letters;
}

}  // namespace

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  const std::string_view whole = text;
  if (text == "0") return std::chrono::nanoseconds(0);
  double total = 0;
  do {
    double number = 0;
    if (!take_number(text, number)) return error(Code::kInvalid, "\"{}\" is no duration such as 30s or 1h30m", whole);
    const std::int64_t unit = size_of_unit(kDurations, take_letters(text));
    if (unit == 0) return error(Code::kInvalid, "\"{}\" is no duration: units are ns, us, ms, s, m, h, d, w", whole);
    total += number * static_cast<double>(unit);
  } while (!text.empty());
  if (total > 9e18) return error(Code::kInvalid, "\"{}\" is too long a duration", whole);
  return std::chrono::nanoseconds(std::llround(total));
}

std::string format_duration(std::chrono::nanoseconds duration) {
  std::int64_t left = duration.count();
  if (left == 0) return "0s";
  std::string out;
  for (std::size_t i = 6; i-- > 0;) {  // hours downwards: days and weeks are for reading only
    const std::int64_t count = left / kDurations[i].size;
    if (count == 0) continue;
    out += fmt::format("{}{}", count, kDurations[i].name);
    left -= count * kDurations[i].size;
  }
  return out;
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  const std::string_view whole = text;
  double number = 0;
  if (!take_number(text, number)) return error(Code::kInvalid, "\"{}\" is no size such as 64MiB", whole);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  const std::int64_t unit = size_of_unit(kSizes, take_letters(text));
  if (unit == 0 || !text.empty()) {
    return error(Code::kInvalid, "\"{}\" is no size: units are B, KiB, MiB, GiB, TiB, KB, MB, GB, TB", whole);
  }
  const double bytes = number * static_cast<double>(unit);
  if (bytes > 9e18) return error(Code::kInvalid, "\"{}\" is too large a size", whole);
  return static_cast<std::uint64_t>(std::llround(bytes));
}

std::string format_bytes(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 5> kNames = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < kNames.size()) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{}{}", bytes, kNames[unit]);
}

Result<bool> parse_flag(std::string_view text) {
  if (text == "true" || text == "yes" || text == "on" || text == "1") return true;
  if (text == "false" || text == "no" || text == "off" || text == "0") return false;
  return error(Code::kInvalid, "\"{}\" is neither true nor false", text);
}

}  // namespace trilobite::server
