#include "logs/text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace trilobite::logql {

namespace {

constexpr char32_t kReplacement = 0xFFFD;

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((text[i] | 0x20) != lower[i]) return false;
  }
  return true;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Unit {
  std::string_view name;
  std::int64_t ns;
};
constexpr std::array<Unit, 8> kGoUnits{{{"ns", 1},
                                        {"us", 1000},
                                        {"\xC2\xB5s", 1000},
                                        {"\xCE\xBCs", 1000},
                                        {"ms", 1'000'000},
                                        {"s", 1'000'000'000},
                                        {"m", 60'000'000'000},
                                        {"h", 3'600'000'000'000}}};
constexpr std::int64_t kDayNs = 24LL * 3'600'000'000'000;
constexpr std::array<Unit, 7> kPrometheusUnits{{{"y", 365 * kDayNs},
                                                {"w", 7 * kDayNs},
                                                {"d", kDayNs},
                                                {"h", 3'600'000'000'000},
                                                {"m", 60'000'000'000},
                                                {"s", 1'000'000'000},
                                                {"ms", 1'000'000}}};

// One "12.5ms" of a Go duration, added to `total`; the text behind it.
std::optional<std::string_view> take_go_part(std::string_view text, double& total, std::int64_t& exact, bool& whole) {
  std::size_t i = 0;
  while (i < text.size() && (is_digit(text[i]) || text[i] == '.')) ++i;
  double amount = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + i, amount, std::chars_format::fixed);
  if (i == 0 || code != std::errc() || end != text.data() + i) {
    // "5." and ".5" are fine in Go; from_chars takes both, a lone "." it refuses, as Go does.
    return std::nullopt;
  }
  std::size_t unit_end = i;
  while (unit_end < text.size() && !is_digit(text[unit_end]) && text[unit_end] != '.') ++unit_end;
  const std::string_view name = text.substr(i, unit_end - i);
  for (const Unit& unit : kGoUnits) {
    if (unit.name != name) continue;
    std::int64_t count = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + i, count);
    std::int64_t product = 0;
    if (parsed.ec == std::errc() && parsed.ptr == text.data() + i &&
        !__builtin_mul_overflow(count, unit.ns, &product) && !__builtin_add_overflow(exact, product, &exact)) {
      total += static_cast<double>(product);
    } else {
      whole = false;
      total += amount * static_cast<double>(unit.ns);
      const double rounded = std::fmin(std::round(amount * static_cast<double>(unit.ns)), 9e18);
      // An overflow leaves a wrong number, which nobody sees: by then `total` is beyond what a duration may be.
      (void)__builtin_add_overflow(exact, static_cast<std::int64_t>(rounded), &exact);
    }
    return text.substr(unit_end);
  }
  return std::nullopt;
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  std::string_view rest = text;
  bool negative = false;
  if (!rest.empty() && (rest.front() == '+' || rest.front() == '-')) {
    negative = rest.front() == '-';
    rest.remove_prefix(1);
  }
  if (rest.empty()) return std::nullopt;
  double value = 0;
  if (is_digit(rest.front()) || rest.front() == '.') {
    const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (code == std::errc::result_out_of_range || code == std::errc::invalid_argument) return std::nullopt;
    if (end != rest.data() + rest.size()) return std::nullopt;
  } else if (equals_ignoring_case(rest, "inf") || equals_ignoring_case(rest, "infinity")) {
    value = std::numeric_limits<double>::infinity();
  } else if (equals_ignoring_case(rest, "nan")) {
    value = std::numeric_limits<double>::quiet_NaN();
  } else {
    return std::nullopt;
  }
  return negative ? -value : value;
}

std::optional<std::int64_t> parse_go_duration(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  double total = 0;
  std::int64_t exact = 0;
  bool whole = true;
  while (!text.empty()) {
    const auto rest = take_go_part(text, total, exact, whole);
    if (!rest) return std::nullopt;
    text = *rest;
  }
  if (total > 9.2e18) return std::nullopt;
  return negative ? -exact : exact;
}

Result<std::int64_t> parse_prometheus_duration(std::string_view text) {
  if (text.empty()) return error(Code::kInvalid, "empty duration string");
  if (text == "0") return 0;
  const std::string_view all = text;
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  while (!text.empty()) {
    std::size_t i = 0;
    while (i < text.size() && is_digit(text[i])) ++i;
    if (i == 0) return error(Code::kInvalid, "not a valid duration string: {}", quote(all));
    std::int64_t count = 0;
    if (std::from_chars(text.data(), text.data() + i, count).ec != std::errc()) {
      return error(Code::kInvalid, "duration out of range");
    }
    std::size_t unit_end = i;
    while (unit_end < text.size() && !is_digit(text[unit_end])) ++unit_end;
    const std::string_view name = text.substr(i, unit_end - i);
    if (name.empty()) return error(Code::kInvalid, "not a valid duration string: {}", quote(all));
    std::size_t unit = 0;
    while (unit < kPrometheusUnits.size() && kPrometheusUnits[unit].name != name) ++unit;
    if (unit == kPrometheusUnits.size()) {
      return error(Code::kInvalid, "unknown unit {} in duration {}", quote(name), quote(all));
    }
    if (unit < next_unit) return error(Code::kInvalid, "not a valid duration string: {}", quote(all));
    next_unit = unit + 1;
    std::int64_t product = 0;
    if (__builtin_mul_overflow(count, kPrometheusUnits[unit].ns, &product) ||
        __builtin_add_overflow(total, product, &total)) {
      return error(Code::kInvalid, "duration out of range");
    }
    text.remove_prefix(unit_end);
  }
  return total;
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  std::size_t i = 0;
  std::string digits;
  while (i < text.size() && (is_digit(text[i]) || text[i] == '.' || text[i] == ',')) {
    if (text[i] != ',') digits.push_back(text[i]);
    ++i;
  }
  double amount = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), amount);
  if (code != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  while (i < text.size() && (text[i] == ' ' || text[i] == '\t')) ++i;
  const std::string unit = to_lower_ascii(text.substr(i));
  if (unit.size() > 3) return std::nullopt;
  double factor = 1;
  if (!unit.empty() && unit != "b") {
    static constexpr std::string_view kPrefixes = "kmgtpe";
    const std::size_t power = kPrefixes.find(unit.front());
    if (power == std::string_view::npos) return std::nullopt;
    const std::string_view rest = std::string_view(unit).substr(1);
    if (!(rest.empty() || rest == "b" || rest == "i" || rest == "ib")) return std::nullopt;
    const double base = !rest.empty() && rest.front() == 'i' ? 1024 : 1000;
    factor = std::pow(base, static_cast<double>(power + 1));
  }
  const double value = amount * factor;
  if (value >= 18446744073709551615.0) return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

std::string format_prometheus_duration(std::int64_t ns) {
  if (ns == 0) return "0s";
  if (ns % 1'000'000 != 0) return format_go_duration(ns);
  std::string out;
  std::uint64_t left = ns < 0 ? 0 - static_cast<std::uint64_t>(ns) : static_cast<std::uint64_t>(ns);
  if (ns < 0) out.push_back('-');
  for (const Unit& unit : kPrometheusUnits) {
    const auto unit_ns = static_cast<std::uint64_t>(unit.ns);
    // Years and weeks only where nothing is left over, as Prometheus prints them.
    if ((unit.name == "y" || unit.name == "w") && left % unit_ns != 0) continue;
    if (left < unit_ns) continue;
    fmt::format_to(std::back_inserter(out), "{}{}", left / unit_ns, unit.name);
    left %= unit_ns;
  }
  return out;
}

std::string format_go_duration(std::int64_t ns) {
  if (ns == 0) return "0s";
  std::string out = ns < 0 ? "-" : "";
  std::uint64_t left = ns < 0 ? 0 - static_cast<std::uint64_t>(ns) : static_cast<std::uint64_t>(ns);
  const auto fraction = [&](std::uint64_t unit_ns, std::string_view name) {
    std::string digits = fmt::format("{}.{:09}", left / unit_ns, left % unit_ns * (1'000'000'000 / unit_ns));
    while (digits.back() == '0') digits.pop_back();
    if (digits.back() == '.') digits.pop_back();
    out += digits;
    out += name;
  };
  if (left < 1000) return fmt::format("{}{}ns", out, left);
  if (left < 1'000'000) {
    fraction(1000, "\xC2\xB5s");
  } else if (left < 1'000'000'000) {
    fraction(1'000'000, "ms");
  } else {
    const std::uint64_t minutes = left / 60'000'000'000;
    if (minutes >= 60) out += fmt::format("{}h", minutes / 60);
    if (minutes > 0) out += fmt::format("{}m", minutes % 60);
    left %= 60'000'000'000;
    fraction(1'000'000'000, "s");
  }
  return out;
}

std::string format_bytes(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 6> kUnits{"B", "kB", "MB", "GB", "TB", "PB"};
  if (bytes < 10) return fmt::format("{}B", bytes);
  double scaled = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; scaled >= 1000 && unit + 1 < kUnits.size(); ++unit) scaled /= 1000;
  scaled = std::floor(scaled * 10 + 0.5) / 10;
  std::string text =
      scaled < 10 ? fmt::format("{:.1f}{}", scaled, kUnits[unit]) : fmt::format("{:.0f}{}", scaled, kUnits[unit]);
  return parse_bytes(text) == bytes ? text : fmt::format("{}B", bytes);
}

Rune decode_rune(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return {kReplacement, 1};
  char32_t code = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {kReplacement, 1};
    code = code << 6 | (byte(i) & 0x3F);
  }
  static constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {kReplacement, 1};
  return {code, length};
}

void append_rune(std::string& out, char32_t code) {
  if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) code = kReplacement;
  const auto push = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    push(code);
  } else if (code < 0x800) {
    push(0xC0 | code >> 6), push(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    push(0xE0 | code >> 12), push(0x80 | (code >> 6 & 0x3F)), push(0x80 | (code & 0x3F));
  } else {
    push(0xF0 | code >> 18), push(0x80 | (code >> 12 & 0x3F)), push(0x80 | (code >> 6 & 0x3F)),
        push(0x80 | (code & 0x3F));
  }
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Rune rune = decode_rune(text);
    if (rune.code == kReplacement && rune.length == 1) return false;
    text.remove_prefix(rune.length);
  }
  return true;
}

std::string quote(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const Rune rune = decode_rune(text);
    const auto c = static_cast<unsigned char>(text.front());
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\a': out += "\\a"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\v': out += "\\v"; break;
      default:
        if (rune.length == 1 && (c < 0x20 || c >= 0x7F)) {
          out += fmt::format("\\x{:02x}", c);
        } else if (rune.code >= 0x80 && rune.code <= 0xA0) {
          out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(rune.code));
        } else {
          out += text.substr(0, rune.length);
        }
    }
    text.remove_prefix(rune.length);
  }
  out.push_back('"');
  return out;
}

namespace {

// The number in `digits` digits of `base` behind an escape letter.
std::optional<std::uint32_t> escape_number(std::string_view text, std::size_t digits, int base) {
  std::uint32_t value = 0;
  if (text.size() < digits) return std::nullopt;
  const auto [end, code] = std::from_chars(text.data(), text.data() + digits, value, base);
  if (code != std::errc() || end != text.data() + digits) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::string> unquote(std::string_view inner) {
  std::string out;
  out.reserve(inner.size());
  while (!inner.empty()) {
    const std::size_t plain = inner.find('\\');
    out.append(inner.substr(0, plain));
    if (plain == std::string_view::npos) break;
    inner.remove_prefix(plain + 1);
    if (inner.empty()) return std::nullopt;
    const char c = inner.front();
    static constexpr std::string_view kLetters = "abfnrtv\\\"", kValues = "\a\b\f\n\r\t\v\\\"";
    if (const std::size_t simple = kLetters.find(c); simple != std::string_view::npos) {
      out.push_back(kValues[simple]);
      inner.remove_prefix(1);
      continue;
    }
    const bool octal = c >= '0' && c <= '7';
    const std::size_t digits = octal ? 3 : c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (digits == 0) return std::nullopt;
    const auto value = escape_number(octal ? inner : inner.substr(1), digits, octal ? 8 : 16);
    if (!value) return std::nullopt;
    if (octal || c == 'x') {
      if (*value > 255) return std::nullopt;
      out.push_back(static_cast<char>(*value));
    } else {
      if (*value > 0x10FFFF || (*value >= 0xD800 && *value <= 0xDFFF)) return std::nullopt;
      append_rune(out, *value);
    }
    inner.remove_prefix(digits + (octal ? 0 : 1));
  }
  return out;
}

std::string to_lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return out;
}

}  // namespace trilobite::logql
