// Numbers in slots, compared and read as if their text had been parsed to the nearest double, without any text.
#pragma once

#include <cstdint>
#include <vector>

#include "columnar/line_search.h"
#include "columnar/lines.h"

namespace trilobite::columnar {

enum class NumberOp : std::uint8_t { kEqual, kNotEqual, kGreater, kGreaterEqual, kLess, kLessEqual };

// The double nearest to value / 10^scale, ties to even: what parsing the decimal text gives.
double number_of(std::int64_t value, unsigned scale);

// Keeps those of `positions` whose number compares so with `bound`; nothing compares with NaN but by kNotEqual.
// Values are read only where the slot's bounds do not settle it.
// REQUIRES: slot.kind() is kInteger or kDecimal; positions.size() == slot.size().
Result<void> select_numbers(const Slot& slot, NumberOp op, double bound, RowSelection& positions);

// All numbers of a slot by position. REQUIRES: slot.kind() is kInteger or kDecimal.
Result<std::vector<double>> slot_numbers(const Slot& slot);

}  // namespace trilobite::columnar
