// A condition on the text of one slot, answered in the slot's own domain: dictionaries once per entry, ids by their
// bits, numbers by their digits; values become text only where that does not do.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "columnar/lines.h"
#include "columnar/position_set.h"
#include "columnar/text_match.h"

namespace trilobite::columnar {

enum class Verdict : std::uint8_t { kNever, kSome, kAlways };

// What is known without reading values: from constants, bounds, the bytes that occur, the filter of ids, the pieces of
// nested templates. kSome is always a right answer.
Result<Verdict> foresee_slot(const Slot& slot, const TextMatch& match);

// Which of `candidates` (positions of the slot) hold. REQUIRES: candidates.size() == slot.size().
Result<PositionSet> search_slot(const Slot& slot, const TextMatch& match, const PositionSet& candidates);

// The same over whole texts put together from templates; `candidates` are rows.
Result<Verdict> foresee_templates(const Templates& lines, const TextMatch& match);
Result<PositionSet> search_templates(const Templates& lines, const TextMatch& match, const PositionSet& candidates);

}  // namespace trilobite::columnar
