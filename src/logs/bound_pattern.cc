#include "logs/bound_pattern.h"

#include <algorithm>

namespace trilobite::logql {
namespace {

using columnar::SlotKind;

constexpr std::size_t kEntriesMax = 4096;  // of a dictionary that is looked at entry by entry

// A place between two bytes of the template: in front of a byte of an element (2 * n: piece n, 2 * n + 1: slot n). In a
// slot of known texts each of them has its own offset.
struct Place {
  std::size_t element = 0;
  std::size_t offset = 0;             // in a piece
  std::vector<std::size_t> offsets;   // in a slot, by text
};

enum class Search : std::uint8_t { kFound, kMissing, kUnsettled };

class PatternBinder {
 public:
  PatternBinder(const Pattern& pattern, const columnar::Template& lines,
                const std::function<bool(std::string_view)>& wanted)
      : pattern_(pattern), lines_(lines), wanted_(wanted), texts_(lines.slots.size()) {}

  Result<std::optional<BoundFields>> run() {
    const std::vector<Pattern::Piece>& pieces = pattern_.pieces();
    Place at;
    std::size_t i = 0;
    if (!pieces.front().capture) {
      // The line has to begin with it.
      const std::string& literal = pieces.front().text;
      if (!std::string_view(lines_.pieces[0]).starts_with(literal)) return std::optional<BoundFields>();
      at.offset = literal.size();
      i = 1;
    }
    for (; i < pieces.size(); i += 2) {
      Place begin = at, end;
      Search search = Search::kMissing;
      if (i + 1 < pieces.size()) {
        TRY(found, find(pieces[i + 1].text, at, end));
        search = found;
      }
      if (search == Search::kUnsettled) return std::optional<BoundFields>();
      if (search == Search::kMissing) end = {2 * lines_.slots.size(), lines_.pieces.back().size(), {}};
      if (!pieces[i].is_unnamed() && wanted_(pieces[i].text) && !capture(pieces[i].text, begin, end)) {
        return std::optional<BoundFields>();
      }
      if (search == Search::kMissing) break;
    }
    return std::optional<BoundFields>(std::move(fields_));
  }

 private:
  // The texts that a slot may have; null: many.
  Result<const std::vector<std::string_view>*> texts(std::size_t slot) {
    auto& known = texts_[slot];
    if (!known.read) {
      known.read = true;
      const columnar::Slot& values = *lines_.slots[slot];
      if (values.kind() == SlotKind::kConstant) {
        known.values.push_back(values.constant());
      } else if (values.kind() == SlotKind::kDictionary) {
        TRY(column, values.dictionary());
        for (std::size_t i = 0; i < column->dictionary.size() && i <= kEntriesMax; ++i) {
          known.values.push_back(column->dictionary[i]);
        }
        if (known.values.size() > kEntriesMax) known.values.clear();
      }
    }
    return known.values.empty() ? nullptr : &known.values;
  }

  bool may_hold(std::size_t slot, char c) const {
    const auto byte = static_cast<unsigned char>(c);
    return (lines_.slots[slot]->bytes_possible()[byte / 64] >> (byte % 64) & 1) != 0;
  }

  bool is_never_empty(std::size_t slot) {
    switch (lines_.slots[slot]->kind()) {
      case SlotKind::kText:
      case SlotKind::kTemplates: return false;
      case SlotKind::kConstant:
      case SlotKind::kDictionary: {
        const auto& known = texts_[slot];
        return known.read && !known.values.empty() &&
               std::none_of(known.values.begin(), known.values.end(), [](std::string_view v) { return v.empty(); });
      }
      default: return true;
    }
  }

  // The first place behind `at` where the literal is. `at` becomes the place behind it, `start` the one in front of it.
  Result<Search> find(const std::string& literal, Place& at, Place& start) {
    for (; at.element <= 2 * lines_.slots.size(); ++at.element, at.offset = 0, at.offsets.clear()) {
      Search search = Search::kMissing;
      if (at.element % 2 == 0) {
        TRY(found, find_in_piece(literal, at, start));
        search = found;
      } else {
        TRY(found, find_in_slot(literal, at, start));
        search = found;
      }
      if (search != Search::kMissing) return search;
    }
    return Search::kMissing;
  }

  Result<Search> find_in_piece(const std::string& literal, Place& at, Place& start) {
    const std::string_view piece = lines_.pieces[at.element / 2];
    const std::size_t found = piece.find(literal, at.offset);
    if (found != std::string_view::npos) {
      start = {at.element, found, {}};
      at.offset = found + literal.size();
      return Search::kFound;
    }
    // It might begin here and go on in what follows.
    const std::size_t slot = at.element / 2;
    if (slot == lines_.slots.size()) return Search::kMissing;
    TRY_VOID(texts(slot));  // for is_never_empty
    const std::size_t longest = std::min(literal.size() - 1, piece.size() - at.offset);
    for (std::size_t length = 1; length <= longest; ++length) {
      if (!piece.ends_with(std::string_view(literal).substr(0, length))) continue;
      if (may_hold(slot, literal[length]) || !is_never_empty(slot)) return Search::kUnsettled;
    }
    return Search::kMissing;
  }

  Result<Search> find_in_slot(const std::string& literal, Place& at, Place& start) {
    const std::size_t slot = at.element / 2;
    TRY(known, texts(slot));
    if (known == nullptr) return may_hold(slot, literal.front()) ? Search::kUnsettled : Search::kMissing;
    const std::string_view behind = lines_.pieces[slot + 1];
    start = {at.element, 0, std::vector<std::size_t>(known->size())};
    at.offsets.resize(known->size());
    std::vector<std::size_t> ends(known->size());
    std::size_t hits = 0;
    for (std::size_t i = 0; i < known->size(); ++i) {
      const std::string_view text = (*known)[i];
      const std::size_t found = text.find(literal, at.offsets[i]);
      if (found != std::string_view::npos) {
        ++hits;
        start.offsets[i] = found;
        ends[i] = found + literal.size();
        continue;
      }
      // It might begin at the end of the text; what is behind the next piece is not looked at.
      const std::size_t longest = std::min(literal.size() - 1, text.size() - at.offsets[i]);
      for (std::size_t length = 1; length <= longest; ++length) {
        if (!text.ends_with(std::string_view(literal).substr(0, length))) continue;
        const std::string_view rest = std::string_view(literal).substr(length);
        if (behind.substr(0, rest.size()) == rest.substr(0, behind.size())) return Search::kUnsettled;
      }
    }
    if (hits == 0) return Search::kMissing;
    if (hits < known->size()) return Search::kUnsettled;
    at.offsets = std::move(ends);
    return Search::kFound;
  }

  // False: it is not (part of) one slot.
  bool capture(const std::string& name, const Place& begin, const Place& end) {
    Place from = begin;
    if (from.element % 2 == 0) {
      if (from.offset != lines_.pieces[from.element / 2].size()) return false;
      if (++from.element > 2 * lines_.slots.size()) return false;
      from.offsets.clear();
    }
    const std::size_t slot = from.element / 2;
    const bool to_end = end.element == from.element + 1 && end.offset == 0;
    if (!to_end && end.element != from.element) return false;
    const bool from_start = std::all_of(from.offsets.begin(), from.offsets.end(), [](auto at) { return at == 0; });
    BoundField field{name, slot, BoundField::Text::kRaw, {}};
    if (!(to_end && from_start)) {
      const std::vector<std::string_view>& known = texts_[slot].values;
      for (std::size_t i = 0; i < known.size(); ++i) {
        const std::size_t first = from.offsets.empty() ? 0 : from.offsets[i];
        const std::size_t last = to_end ? known[i].size() : end.offsets[i];
        field.parts.push_back(known[i].substr(first, last - first));
      }
      if (field.parts.empty()) return false;
    }
    fields_.push_back(std::move(field));
    return true;
  }

  struct Texts {
    bool read = false;
    std::vector<std::string_view> values;
  };

  const Pattern& pattern_;
  const columnar::Template& lines_;
  const std::function<bool(std::string_view)>& wanted_;
  std::vector<Texts> texts_;  // by slot
  BoundFields fields_;
};

}  // namespace

Result<std::optional<BoundFields>> bind_pattern(const Pattern& pattern, const columnar::Template& lines,
                                                const std::function<bool(std::string_view name)>& wanted) {
  return PatternBinder(pattern, lines, wanted).run();
}

}  // namespace trilobite::logql
