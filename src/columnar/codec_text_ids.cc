// Lines with random ids in them: the ids as bits, the rest through zstd (id_split.h). Row ends are marks in the text,
// so no lengths are stored: after "}" the end of a row is as good as free.
//
// varint raw bytes; then frames until all rows are there: varint rows, varint raw bytes, frame of text, frame of ids.
#include <algorithm>

#include "columnar/codec_table.h"
#include "columnar/frame.h"
#include "columnar/id_split.h"

namespace trilobite::columnar {
namespace {

constexpr std::size_t kSampleBytes = 64 << 10;
constexpr std::size_t kSampleParts = 4;

// Rows from a few places of the block, joined.
StringColumn sample_rows(const Column& column) {
  StringColumn sample;
  for (std::size_t part = 0; part < kSampleParts; ++part) {
    const std::size_t from = column.size() * part / kSampleParts, to = column.size() * (part + 1) / kSampleParts;
    const std::size_t enough = kSampleBytes * (part + 1) / kSampleParts;
    for (std::size_t row = from; row < to && sample.bytes.size() < enough; ++row) sample.push_back(column.text(row));
  }
  return sample;
}

std::size_t estimate(const Column& column) {
  const std::size_t bytes = raw_bytes(column);
  if (bytes > kTextBytesMax || column.size() == 0) return kNotPossible;
  const StringColumn sample = sample_rows(column);
  SplitText split;
  for (std::size_t row = 0; row < sample.size(); ++row) split_row(sample[row], split);
  const std::size_t packed = sampled_zstd_bytes(split.text) + std::min(split.ids.size(), sampled_zstd_bytes(split.ids));
  return static_cast<std::size_t>(static_cast<double>(packed) * static_cast<double>(bytes) /
                                  static_cast<double>(std::max<std::size_t>(sample.bytes.size(), 1))) + 16;
}

void encode(const Column& column, int level, std::string& out) {
  ByteWriter writer(out);
  writer.varint(raw_bytes(column));
  SplitText split;
  std::size_t rows = 0, bytes = 0;
  for (std::size_t row = 0; row < column.size(); ++row) {
    const std::string_view value = column.text(row);
    split_row(value, split);
    ++rows;
    bytes += value.size();
    if (bytes < kFrameBytes && row + 1 < column.size()) continue;
    writer.varint(rows);
    writer.varint(bytes);
    append_frame(split.text, level, out);
    append_frame(split.ids, level, out);
    split.clear();
    rows = bytes = 0;
  }
}

// Memory that one frame hands to the next.
struct Scratch {
  std::string text, ids;
};

Result<void> decode_frame(ByteReader& in, std::size_t rows_left, std::size_t bytes_left, Scratch& scratch,
                          StringColumn& out) {
  TRY(rows, in.varint());
  TRY(bytes, in.varint());
  if (rows == 0 || rows > rows_left)
    return error(Code::kCorrupt, "frame of {} rows where {} are left", rows, rows_left);
  if (bytes > bytes_left) return error(Code::kCorrupt, "frame of {} bytes where {} are left", bytes, bytes_left);
  // Escapes and marks of ids: each raw byte makes at most two of the text; ids are half of theirs.
  TRY(text, read_frame(in, 2 * bytes + rows, scratch.text));
  TRY(ids, read_frame(in, bytes, scratch.ids));
  // The longest id has 36 bytes for one mark and 16 packed: a claim of more is a lie, not worth the memory.
  if (bytes > text.size() + ids.size() * 3) return error(Code::kCorrupt, "{} bytes cannot come from this frame", bytes);
  return join_rows(text, ids, static_cast<std::size_t>(rows), static_cast<std::size_t>(bytes), out.bytes, out.ends);
}

Result<Column> decode(std::string_view bytes, DecodeShape shape) {
  ByteReader in(bytes);
  TRY(total, in.varint());
  if (total > shape.bytes_max) return error(Code::kCorrupt, "{} bytes exceed {}", total, shape.bytes_max);
  StringColumn out;
  Scratch scratch;
  out.ends.reserve(shape.rows);
  while (!in.done()) {
    const std::size_t before = out.bytes.size();
    TRY_VOID(decode_frame(in, shape.rows - out.size(), static_cast<std::size_t>(total) - before, scratch, out));
    // After a first frame the total is likely true, so the memory may be taken at once; a lie costs 64 frames.
    if (before == 0) out.bytes.reserve(std::min<std::size_t>(total + 16, out.bytes.size() * 64));
  }
  if (out.bytes.size() != total)
    return error(Code::kCorrupt, "{} bytes of text instead of {}", out.bytes.size(), total);
  return Column(std::move(out));
}

}  // namespace

const Codec kTextIdsCodec{Encoding::kTextIds, "text-ids", Kind::kText, estimate, encode, decode};

}  // namespace trilobite::columnar
