// The functions that Go's templates bring along: comparison, printing, indexing, escaping.
#include <fmt/format.h>

#include <array>

#include "logs/template_functions.h"
#include "logs/text.h"

namespace trilobite::logql {

namespace {

using Value = TemplateValue;

// ---- Comparison ----

bool is_number(const Value& value) {
  return std::holds_alternative<std::int64_t>(value.data) || std::holds_alternative<double>(value.data);
}

Result<bool> equal(const Value& a, const Value& b) {
  if (a.is_nil() || b.is_nil()) return a.is_nil() && b.is_nil();
  if (std::holds_alternative<bool>(a.data) && std::holds_alternative<bool>(b.data))
    return a.data.index() == b.data.index() && std::get<bool>(a.data) == std::get<bool>(b.data);
  if (const auto* time = std::get_if<GoTime>(&a.data)) {
    const auto* other = std::get_if<GoTime>(&b.data);
    return other != nullptr && *time == *other;
  }
  TRY(order, compare_values(a, b));
  return order == 0;
}

Result<Value> eq(const TemplateCall& call) {
  for (std::size_t i = 1; i < call.arguments.size(); ++i) {
    TRY(same, equal(call[0], call[i]));
    if (same) return Value(true);
  }
  return Value(false);
}

Result<Value> ne(const TemplateCall& call) {
  TRY(same, equal(call[0], call[1]));
  return Value(!same);
}

template <bool (*Holds)(int)>
Result<Value> ordered(const TemplateCall& call) {
  TRY(order, compare_values(call[0], call[1]));
  return Value(Holds(order));
}

Result<Value> not_(const TemplateCall& call) { return Value(!truth(call[0])); }
Result<Value> never(const TemplateCall&) { return error(Code::kInternal, "and, or are run by the template itself"); }
Result<Value> call_(const TemplateCall&) { return error(Code::kInvalid, "non-function of type string"); }

// ---- Lengths and parts ----

Result<Value> len(const TemplateCall& call) {
  const auto count = [](std::size_t n) { return Value(static_cast<std::int64_t>(n)); };
  if (const std::string* text = call[0].text()) return count(text->size());
  if (const auto* list = std::get_if<std::shared_ptr<const TemplateList>>(&call[0].data)) return count((*list)->size());
  if (const auto* map = std::get_if<std::shared_ptr<const TemplateMap>>(&call[0].data)) return count((*map)->size());
  if (std::holds_alternative<RootLabels>(call[0].data)) return count(call.input.labels().size());
  return error(Code::kInvalid, "len of type {}", call[0].type_name());
}

Result<Value> index(const TemplateCall& call) {
  Value value = call[0];
  for (std::size_t i = 1; i < call.arguments.size(); ++i) {
    TRY(next, index_value(value, call[i], call.input));
    value = std::move(next);
  }
  return value;
}

Result<Value> slice(const TemplateCall& call) {
  const std::string* text = call[0].text();
  const auto* list = std::get_if<std::shared_ptr<const TemplateList>>(&call[0].data);
  if (text == nullptr && list == nullptr)
    return error(Code::kInvalid, "can't slice item of type {}", call[0].type_name());
  const auto size = static_cast<std::int64_t>(text != nullptr ? text->size() : (*list)->size());
  std::int64_t from = 0, to = size;
  if (call.arguments.size() > 1) from = to_int(call[1]);
  if (call.arguments.size() > 2) to = to_int(call[2]);
  if (from < 0 || to < from || to > size)
    return error(Code::kInvalid, "slice index out of range: {}", from < 0 || from > size ? from : to);
  if (text != nullptr) return Value(text->substr(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from)));
  return Value(std::make_shared<const TemplateList>((*list)->begin() + from, (*list)->begin() + to));
}

// ---- Printing ----

// Like fmt.Sprint: a blank between operands when neither is a string.
Result<Value> print(const TemplateCall& call) {
  std::string out;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    if (i > 0 && call[i].text() == nullptr && call[i - 1].text() == nullptr) out += " ";
    out += print_any(call[i], call.input);
  }
  return Value(std::move(out));
}

Result<Value> println(const TemplateCall& call) {
  std::string out;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    if (i > 0) out += " ";
    out += print_any(call[i], call.input);
  }
  return Value(out + "\n");
}

struct Verb {
  bool minus = false, plus = false, zero = false, blank = false, sharp = false;
  int width = -1, precision = -1;
  char letter = '\0';
};

std::string padded(std::string text, const Verb& verb) {
  std::size_t runes = 0;
  for (const char c : text) runes += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  if (verb.width <= 0 || runes >= static_cast<std::size_t>(verb.width)) return text;
  const std::size_t missing = static_cast<std::size_t>(verb.width) - runes;
  if (verb.minus) return text + std::string(missing, ' ');
  if (!verb.zero) return std::string(missing, ' ') + text;
  const std::size_t sign = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  return text.insert(sign, missing, '0');
}

std::string format_integer(std::int64_t value, const Verb& verb) {
  const std::uint64_t size = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  std::string digits;
  switch (verb.letter) {
    case 'x': digits = fmt::format("{:x}", size); break;
    case 'X': digits = fmt::format("{:X}", size); break;
    case 'o': digits = fmt::format("{:o}", size); break;
    case 'b': digits = fmt::format("{:b}", size); break;
    default: digits = fmt::format("{}", size);
  }
  return (value < 0 ? "-" : verb.plus ? "+" : verb.blank ? " " : "") + digits;
}

std::string format_real(double value, const Verb& verb) {
  std::string out;
  if (verb.precision < 0 && (verb.letter == 'g' || verb.letter == 'v')) {
    out = format_float(value);
  } else {
    const std::string spec = fmt::format("{{:.{}{}}}", verb.precision < 0 ? 6 : std::min(verb.precision, 100),
                                         verb.letter == 'v' ? 'g' : verb.letter == 'F' ? 'f' : verb.letter);
    out = fmt::format(fmt::runtime(spec), value);
  }
  return value >= 0 && verb.plus ? "+" + out : out;
}

std::string hex(std::string_view text, bool upper) {
  std::string out;
  for (const char c : text)
    out += upper ? fmt::format("{:02X}", static_cast<unsigned char>(c))
                 : fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

std::string format_verb(const Value& value, const Verb& verb, const TemplateInput& input) {
  const auto wrong = [&] {
    return fmt::format("%!{}({}={})", verb.letter,
                       std::holds_alternative<std::int64_t>(value.data) ? "int" : value.type_name(),
                       print_any(value, input));
  };
  const std::string_view letters(&verb.letter, 1);
  if (verb.letter == 'T') return padded(std::string(value.type_name()), verb);
  if (verb.letter == 'v' && !std::holds_alternative<double>(value.data)) {
    return padded(value.is_nil() ? "<nil>" : print_any(value, input), verb);
  }
  if (const std::string* text = value.text()) {
    if (verb.letter == 's') {
      std::string shown = *text;
      if (verb.precision >= 0) {
        std::size_t bytes = 0;
        for (int runes = 0; runes < verb.precision && bytes < shown.size(); ++runes)
          bytes += decode_rune(std::string_view(shown).substr(bytes)).length;
        shown.resize(bytes);
      }
      return padded(std::move(shown), verb);
    }
    if (verb.letter == 'q') return padded(quote(*text), verb);
    if (verb.letter == 'x' || verb.letter == 'X') return padded(hex(*text, verb.letter == 'X'), verb);
    return wrong();
  }
  if (const auto* whole = std::get_if<std::int64_t>(&value.data)) {
    if (verb.letter == 'c') {
      std::string rune;
      append_rune(rune, static_cast<char32_t>(*whole));
      return padded(std::move(rune), verb);
    }
    if (letters.find_first_of("dxXob") != std::string_view::npos) return padded(format_integer(*whole, verb), verb);
    return wrong();
  }
  if (const auto* real = std::get_if<double>(&value.data)) {
    if (letters.find_first_of("vgGeEfF") != std::string_view::npos) return padded(format_real(*real, verb), verb);
    return wrong();
  }
  if (std::holds_alternative<bool>(value.data)) return verb.letter == 't' ? padded(to_text(value), verb) : wrong();
  return verb.letter == 's' ? padded(print_any(value, input), verb) : wrong();
}

Result<Value> printf_(const TemplateCall& call) {
  TRY(format, call.text(0));
  std::string out;
  std::size_t next = 1;
  constexpr int kWidthMax = 10'000;
  const auto number = [&](std::size_t& at, int& value) {
    if (at < format.size() && format[at] == '*') {
      ++at;
      value =
          next < call.arguments.size() ? static_cast<int>(std::min<std::int64_t>(to_int(call[next++]), kWidthMax)) : 0;
      return;
    }
    value = 0;
    while (at < format.size() && format[at] >= '0' && format[at] <= '9')
      value = std::min(kWidthMax, value * 10 + (format[at++] - '0'));
  };
  for (std::size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '%') {
      out.push_back(format[at]);
      continue;
    }
    Verb verb;
    for (++at; at < format.size(); ++at) {
      if (format[at] == '-') verb.minus = true;
      else if (format[at] == '+') verb.plus = true;
      else if (format[at] == '0') verb.zero = true;
      else if (format[at] == ' ') verb.blank = true;
      else if (format[at] == '#') verb.sharp = true;
      else break;
    }
    number(at, verb.width);
    if (at < format.size() && format[at] == '.') number(++at, verb.precision);
    if (at >= format.size()) {
      out += "%!(NOVERB)";
      break;
    }
    verb.letter = format[at];
    if (verb.letter == '%') {
      out.push_back('%');
    } else if (next >= call.arguments.size()) {
      out += fmt::format("%!{}(MISSING)", verb.letter);
    } else {
      out += format_verb(call[next++], verb, call.input);
    }
  }
  if (next < call.arguments.size()) {
    out += "%!(EXTRA ";
    for (std::size_t i = next; i < call.arguments.size(); ++i) {
      out += fmt::format("{}{}={}", i > next ? ", " : "", call[i].type_name(), print_any(call[i], call.input));
    }
    out += ")";
  }
  return Value(std::move(out));
}

// ---- Escaping ----

using Replacement = std::pair<char, std::string_view>;

std::string escape(std::string_view text, std::span<const Replacement> table) {
  std::string out;
  for (const char c : text) {
    std::string_view replacement(&c, 1);
    for (const auto& [from, to] : table) {
      if (from == c) replacement = to;
    }
    out += replacement;
  }
  return out;
}

std::string printed(const TemplateCall& call) {
  return call.arguments.size() == 1 ? print_any(call[0], call.input) : *print(call).value().text();
}

Result<Value> html(const TemplateCall& call) {
  static constexpr std::array<Replacement, 6> kTable{
      {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&#34;"}, {'\'', "&#39;"}, {'\0', "\xEF\xBF\xBD"}}};
  return Value(escape(printed(call), kTable));
}

Result<Value> js(const TemplateCall& call) {
  static constexpr std::array<Replacement, 11> kTable{{{'\\', "\\\\"},
                                                       {'\'', "\\'"},
                                                       {'"', "\\\""},
                                                       {'<', "\\u003C"},
                                                       {'>', "\\u003E"},
                                                       {'&', "\\u0026"},
                                                       {'=', "\\u003D"},
                                                       {'\n', "\\u000A"},
                                                       {'\r', "\\u000D"},
                                                       {'\t', "\\u0009"},
                                                       {'\0', "\\u0000"}}};
  return Value(escape(printed(call), kTable));
}

Result<Value> urlquery(const TemplateCall& call) {
  const Value text(printed(call));
  return find_template_function("urlencode")->call({std::span(&text, 1), call.input});
}

constexpr std::array<TemplateFunction, 20> kFunctions{{
    {"and", 1, kAnyCount, never},
    {"or", 1, kAnyCount, never},
    {"not", 1, 1, not_},
    {"eq", 2, kAnyCount, eq},
    {"ne", 2, 2, ne},
    {"lt", 2, 2, ordered<[](int order) { return order < 0; }>},
    {"le", 2, 2, ordered<[](int order) { return order <= 0; }>},
    {"gt", 2, 2, ordered<[](int order) { return (order > 0); }>},
    {"ge", 2, 2, ordered<[](int order) { return (order >= 0); }>},
    {"len", 1, 1, len},
    {"index", 1, kAnyCount, index},
    {"slice", 1, 4, slice},
    {"print", 0, kAnyCount, print},
    {"printf", 1, kAnyCount, printf_},
    {"println", 0, kAnyCount, println},
    {"html", 1, kAnyCount, html},
    {"js", 1, kAnyCount, js},
    {"urlquery", 1, kAnyCount, urlquery},
    {"call", 1, kAnyCount, call_},
    {"__line__", 0, 0, [](const TemplateCall& call) -> Result<Value> { return Value(std::string(call.input.line)); }},
}};

}  // namespace

std::span<const TemplateFunction> builtin_functions() { return kFunctions; }

Result<int> compare_values(const TemplateValue& a, const TemplateValue& b) {
  const auto order = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
  if (a.text() != nullptr && b.text() != nullptr) return order(*a.text(), *b.text());
  const bool whole = std::holds_alternative<std::int64_t>(a.data);
  if (is_number(a) && is_number(b) && whole == std::holds_alternative<std::int64_t>(b.data)) {
    return whole ? order(std::get<std::int64_t>(a.data), std::get<std::int64_t>(b.data))
                 : order(std::get<double>(a.data), std::get<double>(b.data));
  }
  const bool basic = (a.text() != nullptr || is_number(a)) && (b.text() != nullptr || is_number(b));
  return error(Code::kInvalid, "{}", basic ? "incompatible types for comparison" : "invalid type for comparison");
}

Result<TemplateValue> index_value(const TemplateValue& value, const TemplateValue& key, const TemplateInput& input) {
  if (std::holds_alternative<RootLabels>(value.data) && key.text() != nullptr)
    return Value(std::string(input.label(*key.text())));
  if (const auto* map = std::get_if<std::shared_ptr<const TemplateMap>>(&value.data);
      map != nullptr && key.text() != nullptr) {
    const auto found = (*map)->find(*key.text());
    return found == (*map)->end() ? Value() : found->second;
  }
  const auto* place = std::get_if<std::int64_t>(&key.data);
  if (place == nullptr) return error(Code::kInvalid, "cannot index slice/array with type {}", key.type_name());
  if (const auto* list = std::get_if<std::shared_ptr<const TemplateList>>(&value.data)) {
    if (*place < 0 || *place >= static_cast<std::int64_t>((*list)->size()))
      return error(Code::kInvalid, "index out of range: {}", *place);
    return (**list)[static_cast<std::size_t>(*place)];
  }
  if (const std::string* text = value.text()) {
    if (*place < 0 || *place >= static_cast<std::int64_t>(text->size()))
      return error(Code::kInvalid, "index out of range: {}", *place);
    return Value(static_cast<std::int64_t>(static_cast<unsigned char>((*text)[static_cast<std::size_t>(*place)])));
  }
  return error(Code::kInvalid, "can't index item of type {}", value.type_name());
}

}  // namespace trilobite::logql
