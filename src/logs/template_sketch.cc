#include "logs/template_sketch.h"

#include <algorithm>

namespace trilobite::logql {
namespace {

using columnar::Slot;
using columnar::SlotKind;
using columnar::Template;

constexpr std::size_t kLevelsMax = 64;  // more values than that are no levels

// What some kinds are written with; nothing for those that may be anything.
std::optional<std::string_view> alphabet(SlotKind kind) {
  switch (kind) {
    case SlotKind::kInteger:
      return "-0123456789";
    case SlotKind::kDecimal:
      return "-.0123456789";
    case SlotKind::kIpv4:
      return ".0123456789";
    case SlotKind::kHex:
    case SlotKind::kUuid:
      return "-0123456789abcdefABCDEF";
    default:
      return std::nullopt;
  }
}

bool may_have_byte(const Slot& slot, char byte) {
  if (const auto letters = alphabet(slot.kind())) return letters->find(byte) != std::string_view::npos;
  const auto code = static_cast<unsigned char>(byte);
  return (slot.bytes_possible()[code / 64] >> code % 64 & 1) != 0;
}

bool has_words(const Template& shape) {
  return std::any_of(shape.pieces.begin(), shape.pieces.end(), [](const std::string& piece) { return !piece.empty(); });
}

// Values of these are empty for some rows, perhaps.
bool may_be_empty(const Slot& slot) {
  return slot.kind() == SlotKind::kText || slot.kind() == SlotKind::kTemplates || slot.kind() == SlotKind::kDictionary;
}

// Gaps that stand apart from each other, between words that mean themselves.
bool is_plain(const std::vector<std::string>& pieces) {
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const bool inner = i > 0 && i + 1 < pieces.size();
    if (inner && pieces[i].empty()) return false;
    if (!is_plain_literal(pieces[i])) return false;
  }
  return true;
}

}  // namespace

TemplateSketch::TemplateSketch(const Template& source, std::string_view then)
    : source_(&source), pieces_(source.pieces), by_text_(!has_words(source)) {
  pieces_.back().append(then);
  by_text_ = by_text_ || !is_plain(pieces_);
}

Result<TemplateSketch> TemplateSketch::of(const Template& source) {
  TemplateSketch out(source, "");
  TRY_VOID(out.read());
  return out;
}

Result<void> TemplateSketch::read() {
  if (by_text_) return {};
  const NotableFields notable = notable_fields(source_->fields);
  for (std::size_t i = 0; i < source_->slots.size(); ++i) {
    if (i == notable.message) {
      TRY(shown, read_message(i));
      if (shown) continue;
    }
    if (i == notable.level && source_->slots[i]->kind() == SlotKind::kDictionary) {
      TRY(levels, source_->slots[i]->dictionary());
      if (levels->dictionary.size() <= kLevelsMax) {
        level_ = i;
        level_of_ = levels;
        levels_ = static_cast<std::uint32_t>(levels->dictionary.size());
      }
    }
    TRY_VOID(check_slot(i));
    if (by_text_) return {};
  }
  return {};
}

void TemplateSketch::mark(std::size_t position) {
  if (unsafe_.empty()) unsafe_.resize(source_->rows);
  unsafe_[position] = true;
}

// Finds the rows in which a pattern filter would find the end of this slot elsewhere.
Result<void> TemplateSketch::check_slot(std::size_t index) {
  const Slot& slot = *source_->slots[index];
  const std::string_view then = pieces_[index + 1];
  if (slot.kind() == SlotKind::kConstant) {
    by_text_ = !is_safe_gap(slot.constant(), then);
    return {};
  }
  if (!may_be_empty(slot) && (then.empty() || !may_have_byte(slot, then[0]))) return {};
  if (slot.kind() == SlotKind::kDictionary) {
    TRY(values, slot.dictionary());
    std::vector<bool> bad(values->dictionary.size());
    for (std::size_t i = 0; i < bad.size(); ++i) bad[i] = !is_safe_gap(values->dictionary[i], then);
    if (std::find(bad.begin(), bad.end(), true) == bad.end()) return {};
    for (std::size_t i = 0; i < values->codes.size(); ++i) {
      if (bad[values->codes[i]]) mark(i);
    }
    return {};
  }
  if (slot.kind() == SlotKind::kText) {
    TRY(values, slot.text());
    for (std::size_t i = 0; i < values->size(); ++i) {
      if (!is_safe_gap((*values)[i], then)) mark(i);
    }
    return {};
  }
  if (slot.kind() == SlotKind::kTemplates && (then.empty() || !may_have_byte(slot, then[0]))) {
    TRY(nested, slot.templates());
    const auto all = nested->templates();
    if (std::all_of(all.begin(), all.end(), has_words)) return {};
  }
  return check_each(index, then);
}

Result<void> TemplateSketch::check_each(std::size_t index, std::string_view then) {
  std::string text;
  for (std::size_t i = 0; i < source_->rows; ++i) {
    text.clear();
    TRY_VOID(source_->slots[index]->append(i, text));
    if (!is_safe_gap(text, then)) mark(i);
  }
  return {};
}

std::optional<std::uint32_t> TemplateSketch::message_variant(std::string_view text, std::string_view then) {
  std::optional<LineSketch> sketch = sketch_message(text, then);
  return sketch ? std::optional(add_message(std::move(*sketch))) : std::nullopt;
}

void TemplateSketch::place_message(std::size_t position, std::optional<std::uint32_t> variant) {
  message_of_.resize(source_->rows);
  variant ? void(message_of_[position] = *variant) : mark(position);
}

std::uint32_t TemplateSketch::add_message(LineSketch sketch) {
  std::string key;
  sketch.append_key(key);
  const auto [at, fresh] = message_keys_.try_emplace(std::move(key), static_cast<std::uint32_t>(messages_.size()));
  if (fresh) {
    messages_.push_back(std::move(sketch));
  } else {
    messages_[at->second].merge(sketch);
  }
  return at->second;
}

// False when the slot is to be a gap like any other.
Result<bool> TemplateSketch::read_message(std::size_t index) {
  const Slot& slot = *source_->slots[index];
  const std::string_view then = pieces_[index + 1];
  if (then.empty()) return false;
  const std::size_t rows = source_->rows;
  switch (slot.kind()) {
    case SlotKind::kConstant: {
      const std::optional<std::uint32_t> variant = message_variant(slot.constant(), then);
      for (std::size_t i = 0; i < rows; ++i) place_message(i, variant);
      break;
    }
    case SlotKind::kDictionary: {
      TRY(values, slot.dictionary());
      std::vector<std::optional<std::uint32_t>> variants(values->dictionary.size());
      for (std::size_t i = 0; i < variants.size(); ++i) variants[i] = message_variant(values->dictionary[i], then);
      for (std::size_t i = 0; i < rows; ++i) place_message(i, variants[values->codes[i]]);
      break;
    }
    case SlotKind::kText: {
      TRY(values, slot.text());
      for (std::size_t i = 0; i < rows; ++i) place_message(i, message_variant((*values)[i], then));
      break;
    }
    case SlotKind::kTemplates: {
      TRY(nested, slot.templates());
      TRY_VOID(read_nested(*nested, then));
      break;
    }
    default:
      return false;
  }
  message_ = index;
  return true;
}

// Each template of the messages is a variant, but for rows that need to be looked at one by one.
Result<void> TemplateSketch::read_nested(const columnar::Templates& nested, std::string_view then) {
  TRY(codes, nested.codes());
  TRY(positions, nested.positions());
  std::vector<TemplateSketch> shapes;
  std::vector<std::optional<std::uint32_t>> variants;
  for (const Template& shape : nested.templates()) {
    TemplateSketch sketch(shape, then);
    TRY_VOID(sketch.read());
    variants.push_back(sketch.by_text_ ? std::nullopt : std::optional(add_message(sketch.sketch(0))));
    shapes.push_back(std::move(sketch));
  }
  std::string text;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (shapes[codes[i]].variant(positions[i])) {
      place_message(i, variants[codes[i]]);
      continue;
    }
    text.clear();
    TRY_VOID(nested.append(i, text));
    place_message(i, message_variant(text, then));
  }
  return {};
}

LineSketch TemplateSketch::sketch(std::uint32_t variant) const {
  LineSketch out;
  out.literals[0] = pieces_[0];
  for (std::size_t i = 0; i < source_->slots.size(); ++i) {
    if (i == message_) {
      const LineSketch& message = messages_[variant / levels_];
      out.literals.back() += message.literals[0];
      out.literals.insert(out.literals.end(), message.literals.begin() + 1, message.literals.end());
      out.gaps.insert(out.gaps.end(), message.gaps.begin(), message.gaps.end());
      continue;
    }
    const Slot& slot = *source_->slots[i];
    out.gaps.emplace_back();
    std::string_view text;
    if (slot.kind() == SlotKind::kConstant) text = slot.constant();
    if (i == level_) text = level_of_->dictionary[variant % levels_];
    if (!text.empty() && text.size() <= kGapTextMax) out.gaps.back() = std::string(text);
    out.literals.push_back(pieces_[i + 1]);
  }
  return out;
}

}  // namespace trilobite::logql
