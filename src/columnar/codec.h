// The encodings of a column of one block, as a table: a codec is one file and one row. Tests, fuzzing and the part file
// iterate over the table; the smallest codec by estimate is taken for each column of each block.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "columnar/column.h"

namespace trilobite::columnar {

// The numbers are on disk: they are never reused. Integers 1 to 31, doubles 32 to 63, text 64 and above; 96 to 111 are
// for lines split into templates and typed variables.
enum class Encoding : std::uint8_t {
  kIntConstant = 1,
  kIntFrame = 2,
  kIntDelta = 3,
  kIntDeltaDelta = 4,
  kIntRuns = 5,
  kIntBySeries = 6,  // series_pages.h, as the two others by series; of parts with samples only
  kDoubleConstant = 32,
  kDoublePlain = 33,
  kDoubleZstd = 34,
  kDoubleBySeries = 35,
  kTextConstant = 64,
  kTextPlain = 65,
  kTextDictionary = 66,
  kTextZstd = 67,
  kTextIds = 68,
  kTextBySeries = 69,
  kTextTemplates = 96,  // lines.h; of a part's line column only, not a row of the table
};

enum class Kind : std::uint8_t { kInt, kDouble, kText };

Kind kind_of(const Column& column);

// What a decoder may rely on once it has checked it: the footer says how many rows and raw bytes to expect.
struct DecodeShape {
  std::size_t rows = 0;
  std::size_t bytes_max = 0;  // of text; no decoder makes more
};

inline constexpr std::size_t kNotPossible = std::numeric_limits<std::size_t>::max();

struct Codec {
  Encoding id;
  std::string_view name;
  Kind kind;
  // Expected bytes, or kNotPossible. May look at a sample.
  std::size_t (*estimate)(const Column& column);
  // Appends. REQUIRES: estimate() said it is possible.
  void (*encode)(const Column& column, int zstd_level, std::string& out);
  // Text may come back as strings or as a dictionary, whichever the codec has; the values are the same.
  Result<Column> (*decode)(std::string_view bytes, DecodeShape shape);
  bool automatic = true;  // encode_column() considers it
};

std::span<const Codec* const> codecs();
const Codec* find_codec(std::uint8_t id);  // null when unknown

struct EncodedColumn {
  Encoding encoding;
  std::string bytes;
};

// The one of the table with the smallest estimate.
const Codec& best_codec(const Column& column);
EncodedColumn encode_column(const Column& column, int zstd_level);
// Every byte of `bytes` is used, or it is kCorrupt; an unknown encoding is kUnsupported.
Result<Column> decode_column(std::uint8_t encoding, std::string_view bytes, DecodeShape shape);

// Bytes of the values alone: 8 per number, the lengths of texts summed up.
std::size_t raw_bytes(const Column& column);

// A text column longer than this is refused by the part writer (a StringColumn counts in 32 bits).
inline constexpr std::size_t kTextBytesMax = std::size_t{1} << 30;

}  // namespace trilobite::columnar
