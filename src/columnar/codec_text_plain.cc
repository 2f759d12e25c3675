// Lengths, then bytes, uncompressed: for text that zstd does not shrink.
#include "columnar/codec_table.h"
#include "columnar/int_packing.h"

namespace trilobite::columnar {
namespace {

void pack_lengths(const Column& column, std::string& out) {
  std::vector<std::int64_t> lengths(column.size());
  for (std::size_t row = 0; row < lengths.size(); ++row)
    lengths[row] = static_cast<std::int64_t>(column.text(row).size());
  pack_ints(lengths, out);
}

std::size_t estimate(const Column& column) {
  const std::size_t bytes = raw_bytes(column);
  if (bytes > kTextBytesMax) return kNotPossible;
  std::string lengths;
  pack_lengths(column, lengths);
  return bytes + lengths.size();
}

void encode(const Column& column, int, std::string& out) {
  pack_lengths(column, out);
  for (std::size_t row = 0; row < column.size(); ++row) out += column.text(row);
}

Result<Column> decode(std::string_view bytes, DecodeShape shape) {
  ByteReader in(bytes);
  TRY(ends, unpack_lengths(in, shape.rows, shape.bytes_max));
  const std::size_t expected = ends.empty() ? 0 : ends.back();
  if (in.left() != expected) return error(Code::kCorrupt, "{} bytes of text instead of {}", in.left(), expected);
  TRY(text, in.bytes(expected));
  return Column(StringColumn{std::string(text), std::move(ends)});
}

}  // namespace

const Codec kTextPlainCodec{Encoding::kTextPlain, "text-plain", Kind::kText, estimate, encode, decode};

}  // namespace trilobite::columnar
