#include "columnar/line_slots.h"

namespace trilobite::columnar {

// Asking a slot for what its kind does not have is a bug of the caller.
std::string_view SlotReader::constant() const {
  CHECK(kind_ == SlotKind::kConstant);
  return {};
}
Result<const DictionaryColumn*> SlotReader::dictionary() const {
  CHECK(kind_ == SlotKind::kDictionary);
  return nullptr;
}
Result<std::span<const std::int64_t>> SlotReader::integers() const {
  CHECK(kind_ == SlotKind::kInteger);
  return std::span<const std::int64_t>{};
}
Result<std::string_view> SlotReader::ids() const {
  CHECK(kind_ == SlotKind::kHex);
  return std::string_view{};
}
Result<const StringColumn*> SlotReader::text() const {
  CHECK(kind_ == SlotKind::kText);
  return nullptr;
}
Result<const Templates*> SlotReader::templates() const {
  CHECK(kind_ == SlotKind::kTemplates);
  return nullptr;
}

Result<std::size_t> TreeReader::take_stream() {
  if (next_stream == state.pages->streams())
    return error(Code::kCorrupt, "the templates need more than {} streams", next_stream);
  return next_stream++;
}

Result<std::unique_ptr<SlotReader>> read_slot(TreeReader& tree, SlotPlace place, unsigned depth) {
  if (++tree.slots > kSlotsMax) return error(Code::kCorrupt, "more than {} slots", kSlotsMax);
  TRY(kind, tree.in.fixed<std::uint8_t>());
  switch (static_cast<SlotKind>(kind)) {
    case SlotKind::kConstant:
      return read_constant(tree, place);
    case SlotKind::kDictionary:
      return read_dictionary(tree, place);
    case SlotKind::kInteger:
    case SlotKind::kDecimal:
    case SlotKind::kTime:
    case SlotKind::kIpv4:
      return read_number(static_cast<SlotKind>(kind), tree, place);
    case SlotKind::kHex:
    case SlotKind::kUuid:
      return read_ids(static_cast<SlotKind>(kind), tree, place);
    case SlotKind::kText:
      return read_text(tree, place);
    case SlotKind::kTemplates:
      return read_nested(tree, place, depth + 1);
  }
  return error(Code::kCorrupt, "a slot of an unknown kind {}", kind);
}

void write_byte_set(const ByteSet& set, std::string& out) {
  for (const std::uint64_t word : set) ByteWriter(out).fixed(word);
}

Result<ByteSet> read_byte_set(ByteReader& in) {
  ByteSet out;
  for (std::uint64_t& word : out) {
    TRY(value, in.fixed<std::uint64_t>());
    word = value;
  }
  return out;
}

}  // namespace trilobite::columnar
