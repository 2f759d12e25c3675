#include "columnar/codec.h"

#include <array>

#include "columnar/codec_table.h"

namespace trilobite::columnar {

Kind kind_of(const Column& column) {
  switch (column.values().index()) {
    case 0: return Kind::kInt;
    case 1: return Kind::kDouble;
    default: return Kind::kText;
  }
}

std::span<const Codec* const> codecs() {
  static constinit const std::array kTable{
      &kIntConstantCodec,    &kIntFrameCodec,    &kIntDeltaCodec,    &kIntDeltaDeltaCodec, &kIntRunsCodec,
      &kDoubleConstantCodec, &kDoublePlainCodec, &kDoubleZstdCodec,  &kTextConstantCodec,  &kTextPlainCodec,
      &kTextDictionaryCodec, &kTextZstdCodec,    &kTextIdsCodec,
      &kIntBySeriesCodec,    &kDoubleBySeriesCodec, &kTextBySeriesCodec, &kTextTemplatesCodec};
  return kTable;
}

const Codec* find_codec(std::uint8_t id) {
  for (const Codec* codec : codecs()) {
    if (static_cast<std::uint8_t>(codec->id) == id) return codec;
  }
  return nullptr;
}

const Codec& best_codec(const Column& column) {
  const Kind kind = kind_of(column);
  const Codec* best = nullptr;
  std::size_t best_bytes = kNotPossible;
  for (const Codec* codec : codecs()) {
    if (codec->kind != kind || !codec->automatic) continue;
    const std::size_t bytes = codec->estimate(column);
    if (bytes < best_bytes) {
      best = codec;
      best_bytes = bytes;
    }
  }
  CHECK(best != nullptr);  // text beyond kTextBytesMax is refused by the caller
  return *best;
}

EncodedColumn encode_column(const Column& column, int zstd_level) {
  const Codec& best = best_codec(column);
  EncodedColumn out{best.id, {}};
  best.encode(column, zstd_level, out.bytes);
  return out;
}

Result<Column> decode_column(std::uint8_t encoding, std::string_view bytes, DecodeShape shape) {
  const Codec* codec = find_codec(encoding);
  if (codec == nullptr) return error(Code::kUnsupported, "encoding {} is not known to this version", encoding);
  auto column = codec->decode(bytes, shape);
  if (!column.ok()) return error(Code::kCorrupt, "cannot decode {}: {}", codec->name, column.error().message);
  if (column->size() != shape.rows) {
    return error(Code::kCorrupt, "cannot decode {}: {} rows instead of {}", codec->name, column->size(), shape.rows);
  }
  return column;
}

std::size_t raw_bytes(const Column& column) {
  if (!column.is_text()) return column.size() * 8;
  if (const auto* text = std::get_if<StringColumn>(&column.values())) return text->bytes.size();
  const auto& coded = std::get<DictionaryColumn>(column.values());
  const std::vector<std::uint32_t>& ends = coded.dictionary.ends;
  if (coded.dictionary.size() == 1) return coded.codes.size() * ends[0];
  std::size_t total = 0;
  for (const std::uint32_t code : coded.codes) total += ends[code] - (code == 0 ? 0 : ends[code - 1]);
  return total;
}

}  // namespace trilobite::columnar
