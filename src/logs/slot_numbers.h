// Numbers of a slot by position, read as parsing their texts would read them: plain ones, and "12.5ms" or "10KiB" that
// are a number and a unit.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "columnar/line_search.h"
#include "columnar/lines.h"

namespace trilobite::logql {

enum class NumberUnit : std::uint8_t { kNone, kDuration /* nanoseconds */, kBytes };

struct SlotNumbers {
  std::vector<double> values;         // one for each selected position
  std::vector<std::uint8_t> settled;  // which of them are there; none: all
};

// Whether read_slot_numbers() has something to say; else texts have to be read.
bool has_slot_numbers(const columnar::Slot& slot, NumberUnit unit);

// REQUIRES: has_slot_numbers(slot, unit). Durations and sizes are whole and below 2^53.
Result<SlotNumbers> read_slot_numbers(const columnar::Slot& slot, NumberUnit unit,
                                      const columnar::RowSelection& positions);

}  // namespace trilobite::logql
