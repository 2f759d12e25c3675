// What a span adds to each JSONL line inside it, written once: a request logs several lines in the same span.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "event.h"
#include "json_fields.h"
#include "padded_text.h"

namespace trilobite::log {

class SpanPieces {
 public:
  struct Piece {
    std::string key;
    PaddedText text;  // `,"key":"value"`
  };
  // By key. Requires span.version; valid until the next call.
  std::span<const Piece> of(const SpanView& span);

 private:
  struct Slot {
    std::uint64_t version = 0;
    std::vector<Piece> pieces;
  };
  static constexpr std::size_t kSlots = 16;  // spans that threads log in by turns

  Slot slots_[kSlots];
  JsonFields fields_;
};

}  // namespace trilobite::log
