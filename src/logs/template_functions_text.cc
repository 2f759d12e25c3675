// Functions on strings. Names in lower case take the string last, so that it can be piped in.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "logs/limits.h"
#include "logs/regex.h"
#include "logs/template_functions.h"
#include "logs/text.h"

namespace trilobite::logql {

namespace {

using Value = TemplateValue;
using Text = std::string_view;

// ---- Shapes: functions of one, two or three strings become rows of the table ----

template <std::string (*F)(Text)>
Result<Value> one(const TemplateCall& call) {
  TRY(text, call.text(0));
  return Value(F(text));
}

template <auto F>
Result<Value> two(const TemplateCall& call) {
  TRY(first, call.text(0));
  TRY(second, call.text(1));
  return Value(F(first, second));
}

template <auto F>
Result<Value> two_swapped(const TemplateCall& call) {
  TRY(first, call.text(0));
  TRY(second, call.text(1));
  return Value(F(second, first));
}

// ---- Cases ----

// Simple case mapping of one code point, for the scripts that have cases and lie in blocks of pairs.
char32_t change_case(char32_t c, bool upper) {
  const auto in = [&](char32_t from, char32_t to) { return c >= from && c <= to; };
  if (upper) {
    if (in('a', 'z')) return c - 32;
    if (c == 0xB5) return 0x39C;
    if (in(0xE0, 0xFE) && c != 0xF7) return c - 32;
    if (c == 0xFF) return 0x178;
    if (in(0x100, 0x137) || in(0x14A, 0x177) || in(0x460, 0x481) || in(0x48A, 0x4BF) || in(0x4D0, 0x52F) ||
        in(0x1E00, 0x1E95) || in(0x1EA0, 0x1EFF))
      return c == 0x131 ? 'I' : c & ~char32_t{1};
    if (in(0x139, 0x148) || in(0x179, 0x17E)) return c % 2 == 0 ? c - 1 : c;
    if (in(0x3B1, 0x3CB)) return c == 0x3C2 ? 0x3A3 : c - 32;
    if (c == 0x3AC) return 0x386;
    if (in(0x3AD, 0x3AF)) return c - 37;
    if (in(0x430, 0x44F)) return c - 32;
    if (in(0x450, 0x45F)) return c - 80;
    if (in(0x561, 0x586)) return c - 48;
    return c;
  }
  if (in('A', 'Z')) return c + 32;
  if (in(0xC0, 0xDE) && c != 0xD7) return c + 32;
  if (c == 0x178) return 0xFF;
  if (c == 0x130) return 'i';
  if (in(0x100, 0x137) || in(0x14A, 0x177) || in(0x460, 0x481) || in(0x48A, 0x4BF) || in(0x4D0, 0x52F) ||
      in(0x1E00, 0x1E95) || in(0x1EA0, 0x1EFF))
    return c | 1;
  if (in(0x139, 0x148) || in(0x179, 0x17E)) return c % 2 == 1 ? c + 1 : c;
  if (in(0x391, 0x3AB) && c != 0x3A2) return c + 32;
  if (c == 0x386) return 0x3AC;
  if (in(0x388, 0x38A)) return c + 37;
  if (in(0x410, 0x42F)) return c + 32;
  if (in(0x400, 0x40F)) return c + 80;
  if (in(0x531, 0x556)) return c + 48;
  return c;
}

std::string with_case(Text text, bool upper) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Rune rune = decode_rune(text);
    append_rune(out, change_case(rune.code, upper));
    text.remove_prefix(rune.length);
  }
  return out;
}
std::string lower(Text text) { return with_case(text, false); }
std::string upper(Text text) { return with_case(text, true); }

std::string title(Text text) {
  std::string out;
  bool inside = false;
  while (!text.empty()) {
    const Rune rune = decode_rune(text);
    append_rune(out, inside ? rune.code : change_case(rune.code, true));
    // A word goes on over letters, digits and "_"; everything else ends it.
    const bool ascii_letter = (rune.code >= '0' && rune.code <= '9') || (rune.code >= 'A' && rune.code <= 'Z') ||
                              (rune.code >= 'a' && rune.code <= 'z') || rune.code == '_' || rune.code == '\'';
    inside = ascii_letter || rune.code >= 0xAA;
    text.remove_prefix(rune.length);
  }
  return out;
}

// ---- Trimming ----

bool in_set(Text set, Text rune) { return set.find(rune) != Text::npos; }

Text trim_left(Text text, Text set) {
  while (!text.empty()) {
    const std::size_t length = decode_rune(text).length;
    if (!in_set(set, text.substr(0, length))) break;
    text.remove_prefix(length);
  }
  return text;
}
Text trim_right(Text text, Text set) {
  while (!text.empty()) {
    std::size_t start = text.size() - 1;
    while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
    if (!in_set(set, text.substr(start))) break;
    text = text.substr(0, start);
  }
  return text;
}
std::string trim_both(Text text, Text set) { return std::string(trim_right(trim_left(text, set), set)); }
std::string left(Text text, Text set) { return std::string(trim_left(text, set)); }
std::string right(Text text, Text set) { return std::string(trim_right(text, set)); }
std::string trim_space(Text text) { return trim_both(text, " \t\n\v\f\r\xC2\x85\xC2\xA0"); }
std::string trim_prefix(Text text, Text prefix) {
  return std::string(text.substr(0, prefix.size()) == prefix ? text.substr(prefix.size()) : text);
}
bool ends_with(Text text, Text suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}
std::string trim_suffix(Text text, Text suffix) {
  return std::string(ends_with(text, suffix) ? text.substr(0, text.size() - suffix.size()) : text);
}

// ---- Parts ----

std::vector<Text> runes_of(Text text) {
  std::vector<Text> out;
  while (!text.empty()) {
    const std::size_t length = decode_rune(text).length;
    out.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return out;
}

std::string join(const std::vector<Text>& runes, std::size_t from, std::size_t to) {
  std::string out;
  for (std::size_t i = from; i < to; ++i) out += runes[i];
  return out;
}

// Counts bytes, as sprig does.
Result<Value> trunc(const TemplateCall& call) {
  TRY(text, call.text(1));
  const std::int64_t count = to_int(call[0]);
  const auto size = static_cast<std::int64_t>(text.size());
  if (count < 0 && size + count > 0) return Value(std::string(text.substr(static_cast<std::size_t>(size + count))));
  if (count >= 0 && size > count) return Value(std::string(text.substr(0, static_cast<std::size_t>(count))));
  return Value(std::string(text));
}

Result<Value> substr(const TemplateCall& call) {
  TRY(text, call.text(2));
  const std::int64_t size = static_cast<std::int64_t>(text.size());
  const std::int64_t start = to_int(call[0]), end = to_int(call[1]);
  if (start < 0)
    return Value(std::string(text.substr(0, static_cast<std::size_t>(std::clamp<std::int64_t>(end, 0, size)))));
  if (start > size) return error(Code::kInvalid, "slice bounds out of range [{}:{}]", start, size);
  if (end < 0 || end > size) return Value(std::string(text.substr(static_cast<std::size_t>(start))));
  if (end < start) return error(Code::kInvalid, "slice bounds out of range [{}:{}]", start, end);
  return Value(std::string(text.substr(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start))));
}

// Cuts or fills to `count` runes; at the left end the text stays at the right.
template <bool Right>
Result<Value> align(const TemplateCall& call) {
  TRY(text, call.text(1));
  const std::int64_t count = to_int(call[0]);
  const std::vector<Text> runes = runes_of(text);
  if (count < 0 || count == static_cast<std::int64_t>(runes.size())) return Value(std::string(text));
  const auto size = static_cast<std::size_t>(std::min<std::int64_t>(count, kTemplateOutputMax));
  if (size < runes.size()) return Value(Right ? join(runes, runes.size() - size, runes.size()) : join(runes, 0, size));
  const std::string blanks(size - runes.size(), ' ');
  return Value(Right ? blanks + std::string(text) : std::string(text) + blanks);
}

Result<Value> repeat(const TemplateCall& call) {
  TRY(text, call.text(1));
  const std::int64_t count = to_int(call[0]);
  if (count < 0) return error(Code::kInvalid, "strings: negative Repeat count");
  if (!text.empty() && static_cast<std::uint64_t>(count) > kTemplateOutputMax / text.size()) {
    return error(Code::kLimit, "repeat: result is larger than {} bytes", kTemplateOutputMax);
  }
  std::string out;
  for (std::int64_t i = 0; i < count && !text.empty(); ++i) out += text;
  return Value(std::move(out));
}

std::string replace_all(Text text, Text from, Text to, std::int64_t count) {
  std::string out;
  while (count != 0) {
    if (from.empty()) {  // before every rune and at the end
      out += to;
      if (text.empty()) return out;
      const std::size_t length = decode_rune(text).length;
      out += text.substr(0, length);
      text.remove_prefix(length);
    } else {
      const std::size_t at = text.find(from);
      if (at == Text::npos) break;
      out += text.substr(0, at);
      out += to;
      text.remove_prefix(at + from.size());
    }
    if (out.size() > kTemplateOutputMax) break;
    --count;
  }
  return out + std::string(text);
}

Result<Value> replace_n(const TemplateCall& call) {
  TRY(text, call.text(0));
  TRY(from, call.text(1));
  TRY(to, call.text(2));
  return Value(replace_all(text, from, to, to_int(call[3])));
}
Result<Value> replace(const TemplateCall& call) {
  TRY(from, call.text(0));
  TRY(to, call.text(1));
  TRY(text, call.text(2));
  return Value(replace_all(text, from, to, -1));
}

template <bool NewLine>
Result<Value> indent(const TemplateCall& call) {
  TRY(text, call.text(1));
  const auto blanks = std::string(static_cast<std::size_t>(std::clamp<std::int64_t>(to_int(call[0]), 0, 1000)), ' ');
  return Value((NewLine ? "\n" : "") + blanks + replace_all(text, "\n", "\n" + blanks, -1));
}

Result<Value> default_(const TemplateCall& call) {
  return call.arguments.size() < 2 || !truth(call[1]) ? call[0] : call[1];
}

// ---- Regular expressions ----

// Calls `found` for each match, left to right, without overlap.
template <class Found>
void each_match(const Regex& regex, Text text, std::vector<Text>& groups, Found found) {
  std::size_t from = 0;
  bool after_match = false;  // an empty match right behind a match does not count
  while (from <= text.size() && regex.find(text, from, groups)) {
    const auto start = static_cast<std::size_t>(groups[0].data() - text.data());
    const bool empty = groups[0].empty();
    if (!(empty && after_match && start == from)) found(start);
    after_match = !empty;
    from = start + groups[0].size();
    if (empty) {
      if (start == text.size()) return;
      from = start + decode_rune(text.substr(start)).length;
    }
  }
}

// $1, ${1}, $name, ${name}; $$ is a dollar.
void expand(Text form, const std::vector<Text>& groups, const std::vector<std::string>& names, std::string& out) {
  while (!form.empty()) {
    const std::size_t dollar = form.find('$');
    out += form.substr(0, dollar);
    if (dollar == Text::npos) return;
    form.remove_prefix(dollar + 1);
    if (form.substr(0, 1) == "$") {
      out.push_back('$');
      form.remove_prefix(1);
      continue;
    }
    const bool braces = form.substr(0, 1) == "{";
    std::size_t end = braces ? 1 : 0;
    const auto word = [](char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; };
    while (end < form.size() && word(form[end])) ++end;
    const Text name = form.substr(braces ? 1 : 0, end - (braces ? 1 : 0));
    if (name.empty() || (braces && form.substr(end, 1) != "}")) {
      out.push_back('$');
      continue;
    }
    const auto all_digits = name.find_first_not_of("0123456789") == Text::npos && name.size() < 6;
    std::size_t group = groups.size();
    if (all_digits) group = static_cast<std::size_t>(std::stoul(std::string(name)));
    for (std::size_t i = 0; i < names.size() && !all_digits; ++i) {
      if (names[i] == name) group = i + 1;
    }
    if (group < groups.size()) out += groups[group];
    form.remove_prefix(end + (braces ? 1 : 0));
  }
}

template <bool Literal>
Result<Value> regex_replace(const TemplateCall& call) {
  TRY(pattern, call.text(0));
  TRY(text, call.text(1));
  TRY(form, call.text(2));
  TRY(regex, Regex::compile(pattern, {}));
  std::vector<Text> groups(regex.groups() + 1);
  const std::vector<std::string> names = regex.group_names();
  std::string out;
  std::size_t done = 0;
  each_match(regex, text, groups, [&](std::size_t start) {
    if (out.size() > kTemplateOutputMax) return;
    out += text.substr(done, start - done);
    if (Literal) {
      out += form;
    } else {
      expand(form, groups, names, out);
    }
    done = start + groups[0].size();
  });
  return Value(out + std::string(text.substr(done)));
}

Result<Value> count(const TemplateCall& call) {
  TRY(pattern, call.text(0));
  TRY(text, call.text(1));
  TRY(regex, Regex::compile(pattern, {}));
  std::vector<Text> groups(1);
  std::int64_t matches = 0;
  each_match(regex, text, groups, [&](std::size_t) { ++matches; });
  return Value(matches);
}

constexpr bool (*kContains)(Text, Text) = [](Text text, Text part) { return text.find(part) != Text::npos; };
constexpr bool (*kHasPrefix)(Text, Text) = [](Text text, Text part) { return text.substr(0, part.size()) == part; };

constexpr std::array<TemplateFunction, 31> kFunctions{{
    {"ToLower", 1, 1, one<lower>},
    {"ToUpper", 1, 1, one<upper>},
    {"lower", 1, 1, one<lower>},
    {"upper", 1, 1, one<upper>},
    {"title", 1, 1, one<title>},
    {"Replace", 4, 4, replace_n},
    {"replace", 3, 3, replace},
    {"Trim", 2, 2, two<trim_both>},
    {"TrimLeft", 2, 2, two<left>},
    {"TrimRight", 2, 2, two<right>},
    {"TrimPrefix", 2, 2, two<trim_prefix>},
    {"TrimSuffix", 2, 2, two<trim_suffix>},
    {"TrimSpace", 1, 1, one<trim_space>},
    {"trim", 1, 1, one<trim_space>},
    {"trimAll", 2, 2, two_swapped<trim_both>},
    {"trimPrefix", 2, 2, two_swapped<trim_prefix>},
    {"trimSuffix", 2, 2, two_swapped<trim_suffix>},
    {"trunc", 2, 2, trunc},
    {"substr", 3, 3, substr},
    {"repeat", 2, 2, repeat},
    {"contains", 2, 2, two_swapped<kContains>},
    {"hasPrefix", 2, 2, two_swapped<kHasPrefix>},
    {"hasSuffix", 2, 2, two_swapped<ends_with>},
    {"indent", 2, 2, indent<false>},
    {"nindent", 2, 2, indent<true>},
    {"alignLeft", 2, 2, align<false>},
    {"alignRight", 2, 2, align<true>},
    {"default", 1, 2, default_},
    {"regexReplaceAll", 3, 3, regex_replace<false>},
    {"regexReplaceAllLiteral", 3, 3, regex_replace<true>},
    {"count", 2, 2, count},
}};

}  // namespace

std::span<const TemplateFunction> text_functions() { return kFunctions; }

}  // namespace trilobite::logql
