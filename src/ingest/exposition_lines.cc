#include "ingest/exposition_lines.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "ingest/metric_labels.h"
#include "metrics/go_number.h"

namespace trilobite::ingest {
namespace {

enum : std::uint8_t { kNameStart = 1, kNamePart = 2, kLabelStart = 4, kLabelPart = 8 };

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> out{};
  for (int c = 'a'; c <= 'z'; ++c) out[static_cast<std::size_t>(c)] = 15;
  for (int c = 'A'; c <= 'Z'; ++c) out[static_cast<std::size_t>(c)] = 15;
  for (int c = '0'; c <= '9'; ++c) out[static_cast<std::size_t>(c)] = kNamePart | kLabelPart;
  out['_'] = 15;
  out[':'] = kNameStart | kNamePart;
  return out;
}
constexpr std::array<std::uint8_t, 256> kClasses = make_classes();
bool is(char c, std::uint8_t kind) { return (kClasses[static_cast<std::uint8_t>(c)] & kind) != 0; }

std::size_t name_length(std::string_view text, std::uint8_t start, std::uint8_t part) {
  if (text.empty() || !is(text.front(), start)) return 0;
  std::size_t length = 1;
  while (length < text.size() && is(text[length], part)) ++length;
  return length;
}

// Behind the quote that closes the text beginning at `at`, which is behind its opening quote; npos: there is none.
std::size_t behind_quote(std::string_view text, std::size_t at) {
  for (; at < text.size(); ++at) {
    if (text[at] == '"') return at + 1;
    if (text[at] == '\n') return std::string_view::npos;
    if (text[at] == '\\') ++at;
  }
  return std::string_view::npos;
}

class SeriesParser {
 public:
  SeriesParser(std::string_view text, NumberLabel number) : whole_(text), rest_(text), number_(number) {}

  Result<LabelSet> run() {
    if (const std::size_t length = name_length(rest_, kNameStart, kNamePart); length > 0) {
      name_ = std::string(rest_.substr(0, length));
      rest_.remove_prefix(length);
      skip_blanks(rest_);
    }
    if (!rest_.empty() && rest_.front() == '{') {
      rest_.remove_prefix(1);
      TRY_VOID(braces());
    }
    if (!rest_.empty()) return fail("expected value after metric");
    if (!name_.empty()) pairs_.emplace_back(std::string(kNameLabel), std::move(name_));
    std::vector<LabelSet::Pair> views(pairs_.begin(), pairs_.end());
    auto labels = make_labels(views);
    if (!labels.ok()) return std::move(labels).error().within("{}", go_quoted(whole_));
    return labels;
  }

 private:
  Error fail(std::string_view what) const {
    return error(Code::kInvalid, "{}, got {} while parsing: {}", what, go_quoted(rest_.substr(0, 1)),
                 go_quoted(whole_));
  }

  Result<void> braces() {
    for (bool first = true;; first = false) {
      skip_blanks(rest_);
      if (rest_.empty()) return fail("expected label name or right brace");
      if (!first && rest_.front() != '}') {
        if (rest_.front() != ',') return fail("expected comma or brace close");
        rest_.remove_prefix(1);
        skip_blanks(rest_);
      }
      if (!rest_.empty() && rest_.front() == '}') {
        rest_.remove_prefix(1);
        return {};
      }
      TRY_VOID(label());
    }
  }

  Result<void> label() {
    const bool quoted = !rest_.empty() && rest_.front() == '"';
    std::string name;
    if (quoted) {
      TRY_VOID(text_in_quotes(name));
    } else {
      const std::size_t length = name_length(rest_, kLabelStart, kLabelPart);
      if (length == 0) return fail("expected label name");
      name = std::string(rest_.substr(0, length));
      rest_.remove_prefix(length);
    }
    skip_blanks(rest_);
    if (rest_.empty() || rest_.front() != '=') {
      if (!quoted) return fail("expected equal");
      if (!name_.empty()) {
        return error(Code::kInvalid, "metric name already set while parsing: {}", go_quoted(whole_));
      }
      if (name.empty()) return error(Code::kInvalid, "empty metric name while parsing: {}", go_quoted(whole_));
      name_ = std::move(name);
      return {};
    }
    rest_.remove_prefix(1);
    skip_blanks(rest_);
    std::string value;
    if (rest_.empty() || rest_.front() != '"') return fail("expected label value");
    TRY_VOID(text_in_quotes(value));
    if (!valid_utf8(value)) return error(Code::kInvalid, "invalid UTF-8 label value: {}", go_quoted(value));
    if (number_ != NumberLabel::kNone && name == number_label_name(number_)) value = normal_number(value);
    pairs_.emplace_back(std::move(name), std::move(value));
    return {};
  }

  Result<void> text_in_quotes(std::string& out) {
    const std::size_t end = behind_quote(rest_, 1);
    if (end == std::string_view::npos) return fail("expected closing quote");
    out = unescape_exposed(rest_.substr(1, end - 2), true);
    rest_.remove_prefix(end);
    return {};
  }

  std::string_view whole_, rest_;
  NumberLabel number_;
  std::string name_;
  std::vector<std::pair<std::string, std::string>> pairs_;
};

}  // namespace

std::string_view number_label_name(NumberLabel label) {
  return label == NumberLabel::kBound ? "le" : label == NumberLabel::kQuantile ? "quantile" : "";
}

std::string normal_number(double value) {
  std::string text = metrics::go_number(value);
  if (std::isfinite(value) && text.find_first_of("e.") == std::string::npos) text += ".0";
  return text;
}

std::string normal_number(std::string_view text) {
  const auto value = metrics::parse_go_float(text);
  return value ? normal_number(*value) : std::string(text);
}

std::size_t series_length(std::string_view text) {
  std::size_t at = name_length(text, kNameStart, kNamePart);
  std::size_t brace = at;
  while (brace < text.size() && (text[brace] == ' ' || text[brace] == '\t')) ++brace;
  if (brace >= text.size() || text[brace] != '{') return at;
  for (at = brace + 1; at < text.size();) {
    switch (text[at]) {
      case '}':
        return at + 1;
      case '\n':
        return 0;
      case '"':
        at = behind_quote(text, at + 1);
        if (at == std::string_view::npos) return 0;
        break;
      default:
        ++at;
    }
  }
  return 0;
}

bool begins_with_series(std::string_view text, std::string_view key) {
  if (key.empty() || !text.starts_with(key)) return false;
  if (key.back() == '}') return true;
  // A name alone: neither longer here nor followed by braces.
  std::size_t at = key.size();
  if (at < text.size() && is(text[at], kNamePart)) return false;
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  return at >= text.size() || text[at] != '{';
}

Result<LabelSet> parse_series(std::string_view text, NumberLabel number) { return SeriesParser(text, number).run(); }

std::optional<double> parse_exposed_value(std::string_view text) {
  double value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed == std::errc() && end == text.data() + text.size() && std::isfinite(value)) return value;
  const auto parsed = metrics::parse_go_float(text);
  if (parsed && std::isnan(*parsed)) return std::numeric_limits<double>::quiet_NaN();
  return parsed;
}

std::optional<std::int64_t> parse_exposed_integer(std::string_view text) {
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string unescape_exposed(std::string_view text, bool quotes) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char next = text[++i];
    if (next == 'n') {
      out += '\n';
    } else if (next == '\\' || (quotes && next == '"')) {
      out += next;
    } else {
      out += '\\';
      out += next;
    }
  }
  return out;
}

std::string go_quoted(std::string_view text) {
  constexpr std::size_t kShown = 120;
  std::string out = "\"";
  for (const char c : text.substr(0, kShown)) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  if (text.size() > kShown) out += "...";
  return out + "\"";
}

void skip_blanks(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

std::string_view take_line(std::string_view& text) {
  const std::size_t length = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, length);
  text.remove_prefix(std::min(length + 1, text.size()));
  return line;
}

std::string_view take_token(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && text[length] != ' ' && text[length] != '\t' && text[length] != '\n') ++length;
  const std::string_view token = text.substr(0, length);
  text.remove_prefix(length);
  return token;
}

std::optional<std::string> take_name(std::string_view& text) {
  if (!text.empty() && text.front() == '"') {
    const std::size_t end = behind_quote(text, 1);
    if (end == std::string_view::npos) return std::nullopt;
    std::string name = unescape_exposed(text.substr(1, end - 2), true);
    text.remove_prefix(end);
    if (name.empty() || !valid_utf8(name)) return std::nullopt;
    return name;
  }
  const std::size_t length = name_length(text, kNameStart, kNamePart);
  if (length == 0) return std::nullopt;
  std::string name(text.substr(0, length));
  text.remove_prefix(length);
  return name;
}

}  // namespace trilobite::ingest
