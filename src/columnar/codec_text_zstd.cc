// Lengths, then the bytes in zstd frames (frame.h) that end at the end of a row.
#include <algorithm>

#include "columnar/codec_table.h"
#include "columnar/frame.h"
#include "columnar/int_packing.h"

namespace trilobite::columnar {
namespace {

constexpr std::size_t kEstimateBytes = 64;  // for lengths, below which other codecs should win

std::size_t estimate(const Column& column) {
  const std::size_t bytes = raw_bytes(column);
  if (bytes > kTextBytesMax) return kNotPossible;
  if (const auto* text = std::get_if<StringColumn>(&column.values())) {
    return sampled_zstd_bytes(text->bytes) + column.size() + kEstimateBytes;
  }
  std::string sample;
  for (std::size_t row = 0; row < column.size() && sample.size() < (std::size_t{64} << 10); ++row)
    sample += column.text(row);
  const double ratio =
      sample.empty() ? 1.0 : static_cast<double>(sampled_zstd_bytes(sample)) / static_cast<double>(sample.size());
  return static_cast<std::size_t>(ratio * static_cast<double>(bytes)) + column.size() + kEstimateBytes;
}

void encode(const Column& column, int level, std::string& out) {
  std::vector<std::int64_t> lengths(column.size());
  for (std::size_t row = 0; row < lengths.size(); ++row)
    lengths[row] = static_cast<std::int64_t>(column.text(row).size());
  pack_ints(lengths, out);
  std::string frame;
  for (std::size_t row = 0; row < column.size(); ++row) {
    frame += column.text(row);
    if (frame.size() >= kFrameBytes || (row + 1 == column.size() && !frame.empty())) {
      append_frame(frame, level, out);
      frame.clear();
    }
  }
}

Result<Column> decode(std::string_view bytes, DecodeShape shape) {
  ByteReader in(bytes);
  StringColumn out;
  TRY(ends, unpack_lengths(in, shape.rows, shape.bytes_max));
  out.ends = std::move(ends);
  const std::size_t expected = out.ends.empty() ? 0 : out.ends.back();
  std::string scratch;
  while (!in.done()) {
    TRY(frame, read_frame(in, expected - out.bytes.size(), scratch));
    if (frame.empty()) return error(Code::kCorrupt, "a frame of no bytes");
    // After a first frame the lengths are likely true, so the memory may be taken at once.
    if (out.bytes.empty() && frame.size() < expected) out.bytes.reserve(std::min(expected, frame.size() * 64));
    out.bytes += frame;
  }
  if (out.bytes.size() != expected)
    return error(Code::kCorrupt, "{} bytes of text instead of {}", out.bytes.size(), expected);
  return Column(std::move(out));
}

}  // namespace

const Codec kTextZstdCodec{Encoding::kTextZstd, "text-zstd", Kind::kText, estimate, encode, decode};

}  // namespace trilobite::columnar
