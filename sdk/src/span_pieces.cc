#include "span_pieces.h"

#include "json.h"
#include "json_value.h"

namespace trilobite::log {

std::span<const SpanPieces::Piece> SpanPieces::of(const SpanView& span) {
  Slot& slot = slots_[span.version % kSlots];
  if (slot.version == span.version) return slot.pieces;
  slot.version = 0;
  slot.pieces.clear();
  fields_.clear();
  fields_.put_span(span);
  for (const Field& field : fields_.sorted()) {
    std::string text = ",";
    append_json_string(text, field.key);
    text += ':';
    append_json_value(text, field.value);
    slot.pieces.push_back({std::string(field.key), PaddedText(text)});
  }
  slot.version = span.version;
  return slot.pieces;
}

}  // namespace trilobite::log
