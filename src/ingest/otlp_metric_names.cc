#include "ingest/otlp_metric_names.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace trilobite::ingest {
namespace {

using Names = std::pair<std::string_view, std::string_view>;

constexpr std::array kTranslations{
    std::pair{OtlpTranslation::kUnderscoreEscapingWithSuffixes, std::string_view("UnderscoreEscapingWithSuffixes")},
    std::pair{OtlpTranslation::kUnderscoreEscapingWithoutSuffixes,
              std::string_view("UnderscoreEscapingWithoutSuffixes")},
    std::pair{OtlpTranslation::kNoUtf8EscapingWithSuffixes, std::string_view("NoUTF8EscapingWithSuffixes")},
    std::pair{OtlpTranslation::kNoTranslation, std::string_view("NoTranslation")},
};

constexpr std::array kUnits{
    Names{"d", "days"},       Names{"h", "hours"},       Names{"min", "minutes"},  Names{"s", "seconds"},
    Names{"ms", "milliseconds"}, Names{"us", "microseconds"}, Names{"ns", "nanoseconds"}, Names{"By", "bytes"},
    Names{"KiBy", "kibibytes"}, Names{"MiBy", "mebibytes"}, Names{"GiBy", "gibibytes"}, Names{"TiBy", "tibibytes"},
    Names{"KBy", "kilobytes"},  Names{"MBy", "megabytes"},  Names{"GBy", "gigabytes"},  Names{"TBy", "terabytes"},
    Names{"m", "meters"},     Names{"V", "volts"},       Names{"A", "amperes"},    Names{"J", "joules"},
    Names{"W", "watts"},      Names{"g", "grams"},       Names{"Cel", "celsius"},  Names{"Hz", "hertz"},
    Names{"1", ""},           Names{"%", "percent"},
};
constexpr std::array kPerUnits{
    Names{"s", "second"}, Names{"m", "minute"}, Names{"h", "hour"}, Names{"d", "day"},
    Names{"w", "week"},   Names{"mo", "month"}, Names{"y", "year"},
};

template <std::size_t N>
std::string_view look_up(const std::array<Names, N>& table, std::string_view unit) {
  for (const auto& [from, to] : table) {
    if (from == unit) return to;
  }
  return unit;
}

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || digit(c); }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Of m/s: meters and per_second. Text in braces says nothing about the unit.
struct Units {
  std::string_view main, per;
};
Units units_of(std::string_view unit) {
  Units out;
  const std::size_t slash = unit.find('/');
  const std::string_view main = trimmed(unit.substr(0, slash));
  if (main.find_first_of("{}") == std::string_view::npos) out.main = look_up(kUnits, main);
  if (slash == std::string_view::npos) return out;
  const std::string_view per = trimmed(unit.substr(slash + 1));
  if (per.find_first_of("{}") == std::string_view::npos) out.per = look_up(kPerUnits, per);
  return out;
}

// Parts between characters that no metric name has; `underscores`: they are such characters.
std::vector<std::string> split(std::string_view text, bool underscores) {
  std::vector<std::string> parts;
  bool open = false;
  for (const char c : text) {
    const bool part = letter_or_digit(c) || c == ':' || (c == '_' && !underscores);
    if (part && !open) parts.emplace_back();
    if (part) parts.back() += c;
    open = part;
  }
  return parts;
}

std::string join(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += '_';
    out += part;
  }
  return out;
}

std::string clean_unit(std::string_view unit) { return join(split(unit, true)); }

bool has(const std::vector<std::string>& parts, std::string_view part) {
  return std::find(parts.begin(), parts.end(), part) != parts.end();
}

void move_to_end(std::vector<std::string>& parts, std::string_view part) {
  std::erase(parts, part);
  parts.emplace_back(part);
}

std::string escaped_with_suffixes(std::string_view name, std::string_view unit, OtlpMetricKind kind) {
  std::vector<std::string> parts = split(name, true);
  const Units units = units_of(unit);
  const std::string main = clean_unit(units.main), per = clean_unit(units.per);
  if (!main.empty() && !has(parts, main)) parts.push_back(main);
  if (!per.empty() && !has(parts, per)) {
    parts.emplace_back("per");
    parts.push_back(per);
  }
  if (kind == OtlpMetricKind::kCounter) move_to_end(parts, "total");
  if (kind == OtlpMetricKind::kGauge && unit == "1") move_to_end(parts, "ratio");
  return join(parts);
}

void take_suffix(std::string& name, std::string_view suffix) {
  if (suffix.empty() || name.size() <= suffix.size() || !name.ends_with(suffix)) return;
  if (letter_or_digit(name[name.size() - suffix.size() - 1])) return;
  name.resize(name.size() - suffix.size() - 1);
}

std::string plain_with_suffixes(std::string_view name, std::string_view unit, OtlpMetricKind kind) {
  const Units units = units_of(unit);
  std::string last;
  if (kind == OtlpMetricKind::kCounter) last = "total";
  if (kind == OtlpMetricKind::kGauge && unit == "1") last = "ratio";
  const std::string per = units.per.empty() ? "" : "per_" + std::string(units.per);
  std::string out(name);
  for (const std::string_view suffix : {std::string_view(last), std::string_view(per), units.main}) {
    take_suffix(out, suffix);
  }
  for (const std::string_view suffix : {units.main, std::string_view(per), std::string_view(last)}) {
    if (!suffix.empty()) out.append("_").append(suffix);
  }
  return out;
}

}  // namespace

std::string_view otlp_translation_name(OtlpTranslation translation) {
  for (const auto& [value, name] : kTranslations) {
    if (value == translation) return name;
  }
  return "";
}

std::optional<OtlpTranslation> parse_otlp_translation(std::string_view name) {
  for (const auto& [value, known] : kTranslations) {
    if (known == name) return value;
  }
  return std::nullopt;
}

std::string otlp_metric_name(std::string_view name, std::string_view unit, OtlpMetricKind kind,
                             OtlpTranslation translation) {
  std::string out;
  switch (translation) {
    case OtlpTranslation::kUnderscoreEscapingWithSuffixes:
      out = escaped_with_suffixes(name, unit, kind);
      break;
    case OtlpTranslation::kUnderscoreEscapingWithoutSuffixes:
      out = join(split(name, false));
      break;
    case OtlpTranslation::kNoUtf8EscapingWithSuffixes:
      return plain_with_suffixes(name, unit, kind);
    case OtlpTranslation::kNoTranslation:
      return std::string(name);
  }
  if (!out.empty() && digit(out.front())) out.insert(out.begin(), '_');
  return out;
}

std::string otlp_unit(std::string_view unit) {
  const Units units = units_of(unit);
  std::string out = clean_unit(units.main);
  if (const std::string per = clean_unit(units.per); !per.empty()) out += (out.empty() ? "per_" : "_per_") + per;
  return out;
}

std::string otlp_label_name(std::string_view name, OtlpTranslation translation, OtlpLabelNames options) {
  if (translation == OtlpTranslation::kNoUtf8EscapingWithSuffixes || translation == OtlpTranslation::kNoTranslation) {
    return std::string(name);
  }
  std::string out;
  // A character of several bytes is one.
  for (const char c : name) {
    if ((static_cast<unsigned char>(c) & 0xC0) == 0x80) continue;
    const char valid = letter_or_digit(c) ? c : '_';
    if (valid == '_' && !options.several_underscores && !out.empty() && out.back() == '_') continue;
    out += valid;
  }
  if (out.empty()) return out;
  if (digit(out.front())) return "key_" + out;
  if (options.underscore_prefix && out.front() == '_' && !out.starts_with("__")) return "key" + out;
  return out;
}

}  // namespace trilobite::ingest
