#include "filter.h"

#include <algorithm>
#include <array>
#include <regex>
#include <tuple>

#include "line_format.h"

namespace trilobite::log {

class FieldPattern {
 public:
  explicit FieldPattern(const std::string& text) : regex_(text, std::regex::ECMAScript | std::regex::optimize) {}

  // Longer texts match nothing: the library's matcher needs stack in proportion to them.
  bool matches(std::string_view text) const {
    constexpr std::size_t kTextMax = 1024;
    return text.size() <= kTextMax && std::regex_match(text.begin(), text.end(), regex_);
  }

 private:
  std::regex regex_;
};

namespace {

constexpr std::array<std::string_view, 6> kLevelNames{"off", "error", "warn", "info", "debug", "trace"};

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool equal_in_any_case(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; });
}

bool starts_directive(char c) {
  const bool letter_or_digit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  const bool part_of_utf8 = (static_cast<unsigned char>(c) & 0x80) != 0;
  return letter_or_digit || part_of_utf8 || c == '[' || c == '-' || c == ':' || c == '_';
}

std::string_view unquote(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  return text;
}

// The inside of braces: name, name=value, ...
Outcome<std::vector<FieldMatch>> parse_fields(std::string_view text) {
  std::vector<FieldMatch> fields;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    const std::string_view piece = trim(text.substr(start, end - start));
    const std::size_t equals = piece.find('=');
    const std::string_view name = trim(piece.substr(0, equals));
    if (name.empty()) return Error{"a field without a name"};
    FieldMatch match{.name = std::string(name), .value = std::nullopt};
    if (equals != std::string_view::npos) {
      match.value = std::string(unquote(trim(piece.substr(equals + 1))));
      try {
        match.pattern = std::make_shared<const FieldPattern>(*match.value);
      } catch (const std::regex_error&) {
        return Error{"`" + *match.value + "` is no regular expression"};
      }
    }
    fields.push_back(std::move(match));
    start = end + 1;
  }
  return fields;
}

// Reads `[span{fields}]` at the start of text into directive; returns what follows it.
Outcome<std::string_view> parse_span(std::string_view text, Directive& directive) {
  const std::size_t name_end = text.find_first_of("{]", 1);
  if (name_end == std::string_view::npos) return Error{"a span without its closing `]`"};
  const std::string_view name = trim(text.substr(1, name_end - 1));
  std::size_t close = name_end;
  if (text[name_end] == '{') {
    const std::size_t brace = text.find('}', name_end);
    if (brace == std::string_view::npos) return Error{"fields without their closing `}`"};
    auto fields = parse_fields(text.substr(name_end + 1, brace - name_end - 1));
    if (!fields.ok()) return Error{fields.error()};
    directive.fields = std::move(*fields);
    close = brace + 1;
    if (close >= text.size() || text[close] != ']') return Error{"a span without its closing `]`"};
  }
  if (!name.empty()) directive.span = std::string(name);
  return text.substr(close + 1);
}

std::string text_of(const Value& value) {
  if (value.is_text()) return std::string(value.text());
  std::string text;
  append_readable_value(text, value);
  return text;
}

bool matches(const FieldMatch& match, std::span<const Field> fields) {
  return std::any_of(fields.begin(), fields.end(), [&](const Field& field) {
    return field.key == match.name && (match.pattern == nullptr || match.pattern->matches(text_of(field.value)));
  });
}

bool concerns(const Directive& directive, const SpanQuestion& question) {
  return directive.needs_span() && question.target.starts_with(directive.target) &&
         (!directive.span || *directive.span == question.name) &&
         std::all_of(directive.fields.begin(), directive.fields.end(),
                     [&](const FieldMatch& match) { return matches(match, question.fields); });
}

// More specific directives come first: longer target, then with a span, then more fields.
auto specificity(const Directive& d) { return std::tuple(d.target.size(), d.span.has_value(), d.fields.size()); }

}  // namespace

std::string_view level_name(Level level) { return kLevelNames[static_cast<std::size_t>(level)]; }

std::optional<Level> parse_level(std::string_view text) {
  if (text.size() == 1 && text[0] >= '0' && text[0] <= '5') return static_cast<Level>(text[0] - '0');
  for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
    if (equal_in_any_case(text, kLevelNames[i])) return static_cast<Level>(i);
  }
  return std::nullopt;
}

Outcome<Directive> parse_directive(std::string_view piece) {
  piece = trim(piece);
  if (piece.empty()) return Error{"nothing there"};
  if (!starts_directive(piece.front())) return Error{"a directive starts with a letter, a digit or one of `[-:_`"};
  Directive directive;
  const std::size_t target_end = std::min(piece.find_first_of("=[,"), piece.size());
  if (target_end == piece.size()) {  // a bare word
    if (const auto level = parse_level(piece)) {
      directive.level = *level;
    } else {
      directive.target = std::string(piece);
    }
    return directive;
  }
  directive.target = std::string(trim(piece.substr(0, target_end)));
  std::string_view rest = piece.substr(target_end);
  if (rest.front() == '[') {
    auto after = parse_span(rest, directive);
    if (!after.ok()) return Error{after.error()};
    rest = trim(*after);
  }
  if (rest.empty()) return directive;
  if (rest.front() != '=') return Error{"unexpected `" + std::string(rest) + "`"};
  const std::string_view level_text = trim(rest.substr(1));
  if (level_text.empty()) return directive;
  const auto level = parse_level(level_text);
  if (!level) {
    return Error{"no such level `" + std::string(level_text) +
                 "`: expected off, error, warn, info, debug, trace or 0 to 5"};
  }
  directive.level = *level;
  return directive;
}

std::string to_text(const Directive& directive) {
  std::string text = directive.target;
  if (directive.needs_span()) {
    text += "[" + directive.span.value_or("");
    if (!directive.fields.empty()) {
      text += "{";
      for (const FieldMatch& field : directive.fields) {
        if (text.back() != '{') text += ",";
        text += field.name;
        if (field.value) text += "=\"" + *field.value + "\"";
      }
      text += "}";
    }
    text += "]";
  }
  if (!text.empty()) text += "=";
  return text + std::string(level_name(directive.level));
}

std::vector<std::string_view> split_directives(std::string_view text) {
  std::vector<std::string_view> pieces;
  int braces = 0;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '{') ++braces;
    if (i < text.size() && text[i] == '}' && braces > 0) --braces;
    if (i < text.size() && (text[i] != ',' || braces > 0)) continue;
    const std::string_view piece = trim(text.substr(start, i - start));
    if (!piece.empty()) pieces.push_back(piece);
    start = i + 1;
  }
  return pieces;
}

void Filter::add(Directive directive) {
  asks_for_spans_ = asks_for_spans_ || directive.needs_span();
  for (Directive& old : directives_) {
    if (old.same_scope(directive)) {
      old = std::move(directive);
      return;
    }
  }
  const auto at = std::find_if(directives_.begin(), directives_.end(),
                               [&](const Directive& d) { return specificity(d) < specificity(directive); });
  directives_.insert(at, std::move(directive));
}

std::vector<std::string> Filter::add_all(std::string_view text) {
  std::vector<std::string> complaints;
  for (const std::string_view piece : split_directives(text)) {
    auto directive = parse_directive(piece);
    if (directive.ok()) {
      add(std::move(*directive));
    } else {
      complaints.push_back("ignoring `" + std::string(piece) + "`: " + directive.error());
    }
  }
  return complaints;
}

Level Filter::level_for(std::string_view target) const {
  for (const Directive& directive : directives_) {
    if (!directive.needs_span() && target.starts_with(directive.target)) return directive.level;
  }
  return Level::kOff;
}

// A span exists that a directive names, and one that is on as a line of its level would be.
SpanAnswer Filter::answer(const SpanQuestion& question) const {
  SpanAnswer answer{.exists = question.level <= std::max(question.scope, level_for(question.target)),
                    .scope = question.scope};
  for (const Directive& directive : directives_) {
    if (!concerns(directive, question)) continue;
    answer.exists = true;
    answer.scope = std::max(answer.scope, directive.level);
  }
  return answer;
}

std::string Filter::text() const {
  std::string text;
  for (const Directive& directive : directives_) {
    if (!text.empty()) text += ",";
    text += to_text(directive);
  }
  return text;
}

}  // namespace trilobite::log
