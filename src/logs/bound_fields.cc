#include "logs/bound_fields.h"

#include <algorithm>
#include <charconv>

#include "logs/json_walk.h"
#include "logs/stage_logfmt.h"

namespace trilobite::logql {
namespace {

// The template as a line whose slots hold their own numbers.
std::string skeleton(const columnar::Template& lines) {
  std::string out;
  for (std::size_t i = 0; i < lines.slots.size(); ++i) {
    const bool array = lines.fields[i].value == columnar::Field::Value::kArray;
    out += lines.pieces[i];
    if (array) out += '[';
    out += std::to_string(i);
    if (array) out += ']';
  }
  return out + lines.pieces.back();
}

// Checks that the slots of a skeleton are met in their order.
class SlotOrder {
 public:
  explicit SlotOrder(const columnar::Template& lines) : lines_(lines) {}
  // Which slot a value of the skeleton is; nothing if it is not the next one.
  std::optional<std::size_t> take(std::string_view number) {
    std::size_t slot = 0;
    const auto parsed = std::from_chars(number.data(), number.data() + number.size(), slot);
    if (parsed.ec != std::errc() || parsed.ptr != number.data() + number.size() || slot != next_) return std::nullopt;
    if (slot >= lines_.slots.size()) return std::nullopt;
    ++next_;
    return slot;
  }
  bool complete() const { return next_ == lines_.slots.size(); }

 private:
  const columnar::Template& lines_;
  std::size_t next_ = 0;
};

class JsonBinder {
 public:
  explicit JsonBinder(const columnar::Template& lines) : lines_(lines), order_(lines) {}

  bool enter(std::string_view) const { return true; }

  bool field(std::string_view name, bool nested, const json::Value& value) {
    using Value = columnar::Field::Value;
    const bool array = value.kind == json::Kind::kArray;
    const auto slot = order_.take(array ? value.text.substr(1, value.text.size() - 2) : value.text);
    if (!slot) return false;
    const Value kind = lines_.fields[*slot].value;
    const bool as_told = array ? kind == Value::kArray
                               : value.kind == json::Kind::kString ? kind == Value::kString : kind == Value::kBare;
    if (!as_told) return false;
    if (array) return true;
    BoundField field;
    if (nested) {
      field.name = name;
    } else {
      append_label_name(field.name, name, false);
    }
    field.slot = *slot;
    field.text = kind == Value::kString ? BoundField::Text::kJsonString : BoundField::Text::kJsonBare;
    if (!field.name.empty()) fields_.push_back(std::move(field));
    return true;
  }

  bool complete() const { return order_.complete(); }
  BoundFields take() { return std::move(fields_); }

 private:
  const columnar::Template& lines_;
  SlotOrder order_;
  BoundFields fields_;
};

// A value that holds one of these is not read as one.
bool may_break_value(const std::array<std::uint64_t, 4>& bytes) {
  const auto has = [&](unsigned char c) { return (bytes[c / 64] >> (c % 64) & 1) != 0; };
  if (has('=') || has('"')) return true;
  for (unsigned char c = 0; c <= ' '; ++c) {
    if (has(c)) return true;
  }
  return false;
}

}  // namespace

std::optional<BoundFields> bind_json(const columnar::Template& lines) {
  if (lines.form != columnar::LineForm::kJson || lines.fields.size() != lines.slots.size()) return std::nullopt;
  JsonBinder binder(lines);
  std::string key, prefix;
  JsonWalk<JsonBinder> walk(binder, key, prefix);
  if (!walk.walk(skeleton(lines)).empty() || walk.stopped() || !binder.complete()) return std::nullopt;
  return binder.take();
}

std::optional<BoundFields> bind_logfmt(const columnar::Template& lines) {
  if (lines.form != columnar::LineForm::kLogfmt || lines.fields.size() != lines.slots.size()) return std::nullopt;
  const std::string line = skeleton(lines);
  LogfmtScanner scanner(line);
  SlotOrder order(lines);
  BoundFields out;
  while (scanner.next()) {
    if (!scanner.ok() || scanner.escaped()) return std::nullopt;
    if (scanner.value().empty()) continue;
    const auto slot = order.take(scanner.value());
    if (!slot) return std::nullopt;
    const bool quoted = lines.fields[*slot].value == columnar::Field::Value::kString;
    if (quoted != (scanner.value().data()[-1] == '"')) return std::nullopt;
    if (!quoted && may_break_value(lines.slots[*slot]->bytes_possible())) return std::nullopt;
    BoundField field{{}, *slot, quoted ? BoundField::Text::kLogfmtQuoted : BoundField::Text::kLogfmtBare,
                     {}};
    append_label_name(field.name, scanner.key(), false);
    if (!field.name.empty()) out.push_back(std::move(field));
  }
  if (!order.complete()) return std::nullopt;
  return out;
}

bool is_never_json(const columnar::Template& lines) {
  constexpr std::string_view kMayBegin = "{ \n\t\r";
  // True for the empty text: what comes then is not known here.
  const auto may_begin = [&](std::string_view text) {
    return text.empty() || kMayBegin.find(text.front()) != std::string_view::npos;
  };
  if (!lines.pieces[0].empty()) return !may_begin(lines.pieces[0]);
  if (lines.slots.empty() || may_begin(lines.pieces[1])) return false;  // the first slot may be empty
  const auto& bytes = lines.slots[0]->bytes_possible();
  return std::none_of(kMayBegin.begin(), kMayBegin.end(), [&](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (bytes[byte / 64] >> (byte % 64) & 1) != 0;
  });
}

std::optional<std::string_view> field_value(BoundField::Text text, std::string_view raw, Arena& arena) {
  switch (text) {
    case BoundField::Text::kRaw: return json::valid_utf8(raw, arena);
    case BoundField::Text::kJsonString: return json::label_value(raw, arena);
    case BoundField::Text::kJsonBare:
      if (raw == "null") return std::nullopt;
      return raw;
    case BoundField::Text::kLogfmtQuoted: {
      std::string_view value;
      if (!json::unescape(raw, arena, value) || value.empty()) return std::nullopt;
      return value;
    }
    case BoundField::Text::kLogfmtBare: {
      const std::string_view value = json::valid_utf8(raw, arena);
      if (value.empty()) return std::nullopt;
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace trilobite::logql
