// Few distinct texts: the dictionary in the order of first use (bytes through zstd where that helps), then the codes as
// an integer column of their own, so that a value which is constant per series costs a run, not a code per row.
#include <algorithm>
#include <unordered_map>

#include "base/hash.h"
#include "columnar/codec_table.h"
#include "columnar/frame.h"
#include "columnar/int_packing.h"

namespace trilobite::columnar {
namespace {

constexpr std::size_t kEntriesMax = 16'384;
constexpr std::size_t kSampleRows = 1024;

struct Coded {
  std::vector<std::string_view> entries;
  std::vector<std::int64_t> codes;
};

// False when there are more than `entries_max` distinct texts.
bool code_strings(const Column& column, std::size_t rows, std::size_t entries_max, Coded& out) {
  std::unordered_map<std::string_view, std::int64_t, TextHash> code_of;
  out.codes.reserve(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::string_view value = column.text(row);
    const auto [at, added] = code_of.try_emplace(value, static_cast<std::int64_t>(out.entries.size()));
    if (added) {
      if (out.entries.size() == entries_max) return false;
      out.entries.push_back(value);
    }
    out.codes.push_back(at->second);
  }
  return true;
}

// Already coded: entries that no row uses are dropped, the others get the order of first use.
bool renumber(const DictionaryColumn& column, std::size_t entries_max, Coded& out) {
  std::vector<std::int64_t> code_of(column.dictionary.size(), -1);
  out.codes.reserve(column.size());
  for (const std::uint32_t code : column.codes) {
    if (code_of[code] < 0) {
      if (out.entries.size() == entries_max) return false;
      code_of[code] = static_cast<std::int64_t>(out.entries.size());
      out.entries.push_back(column.dictionary[code]);
    }
    out.codes.push_back(code_of[code]);
  }
  return true;
}

// False when a dictionary does not pay. A sample answers first, so that unique lines cost next to nothing.
bool code_column(const Column& column, Coded& out) {
  const std::size_t entries_max = std::min(kEntriesMax, column.size() / 2 + 1);
  if (const auto* coded = std::get_if<DictionaryColumn>(&column.values())) return renumber(*coded, entries_max, out);
  if (column.size() > 2 * kSampleRows) {
    Coded sample;
    if (!code_strings(column, kSampleRows, kSampleRows / 2, sample)) return false;
  }
  return code_strings(column, column.size(), entries_max, out);
}

void encode_coded(Coded coded, int level, std::string& out) {
  ByteWriter writer(out);
  writer.varint(coded.entries.size());
  std::string bytes;
  std::vector<std::int64_t> lengths;
  for (const std::string_view entry : coded.entries) {
    bytes += entry;
    lengths.push_back(static_cast<std::int64_t>(entry.size()));
  }
  pack_ints(lengths, out);
  append_frame(bytes, level, out);
  const EncodedColumn codes = encode_column(Column(std::move(coded.codes)), level);
  writer.fixed(static_cast<std::uint8_t>(codes.encoding));
  writer.bytes(codes.bytes);
}

std::size_t estimate(const Column& column) {
  Coded coded;
  if (column.size() == 0 || !code_column(column, coded)) return kNotPossible;
  std::size_t entry_bytes = 0;
  for (const std::string_view entry : coded.entries) entry_bytes += entry.size();
  if (entry_bytes > kTextBytesMax) return kNotPossible;
  std::string scratch;
  encode_coded(std::move(coded), 1, scratch);
  return scratch.size();
}

void encode(const Column& column, int level, std::string& out) {
  Coded coded;
  CHECK(code_column(column, coded));
  encode_coded(std::move(coded), level, out);
}

Result<Column> decode(std::string_view bytes, DecodeShape shape) {
  ByteReader in(bytes);
  TRY(entry_count, in.varint());
  if (entry_count > shape.rows) return error(Code::kCorrupt, "{} entries for {} rows", entry_count, shape.rows);
  DictionaryColumn out;
  TRY(ends, unpack_lengths(in, static_cast<std::size_t>(entry_count), shape.bytes_max));
  out.dictionary.ends = std::move(ends);
  std::string scratch;
  TRY(text, read_frame(in, shape.bytes_max, scratch));
  if (text.size() != (entry_count == 0 ? 0 : out.dictionary.ends.back())) {
    return error(Code::kCorrupt, "{} bytes of entries do not fit their lengths", text.size());
  }
  out.dictionary.bytes = text;
  TRY(encoding, in.fixed<std::uint8_t>());
  const Codec* codec = find_codec(encoding);
  if (codec == nullptr || codec->kind != Kind::kInt) return error(Code::kCorrupt, "encoding {} of the codes", encoding);
  TRY(rest, in.bytes(in.left()));
  TRY(codes, decode_column(encoding, rest, {.rows = shape.rows}));
  out.codes.reserve(shape.rows);
  for (const std::int64_t code : std::get<std::vector<std::int64_t>>(codes.values())) {
    if (code < 0 || static_cast<std::uint64_t>(code) >= entry_count) {
      return error(Code::kCorrupt, "code {} of a dictionary of {} entries", code, entry_count);
    }
    out.codes.push_back(static_cast<std::uint32_t>(code));
  }
  return Column(std::move(out));
}

}  // namespace

const Codec kTextDictionaryCodec{Encoding::kTextDictionary, "text-dictionary", Kind::kText, estimate, encode, decode};

}  // namespace trilobite::columnar
