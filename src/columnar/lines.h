// Log lines of one block, split losslessly into templates and typed variables. Byte for byte: putting a line together
// from its template's pieces and its slots' texts gives the line.
//
// A `Templates` says for each row which template it has; a template is `pieces[0] slot[0] pieces[1] slot[1] ...
// pieces[n]`, and each of its slots is a column of values, one for each row that has the template, in row order. A slot
// whose values are free text may be a `Templates` again (at most kNestingMax deep). What fits nothing is a template of
// no pieces with one slot of kind kText. So every line, whatever it holds, is found in the same way.
//
// Forms. kJson: one JSON object (strict JSON, valid UTF-8, at most 16 objects deep); every scalar (and every array,
// whole) is a slot, keys and punctuation are pieces, a string's quotes are pieces. kLogfmt: `key=value key="value" ...`
// with single blanks, unique clean keys, valid UTF-8; values (perhaps empty) are slots, quotes are pieces. kText: words
// with digits, ids, addresses, and quoted or bracketed stretches are slots.
//
// Everything is read lazily: opening a block decodes its header (templates, kinds, dictionaries' places), a slot's
// values are fetched, checked and decoded when first asked for, and kept. Any number of threads. Anything damaged is
// kCorrupt. Ideas: CLP (OSDI'21) and LogGrep (EuroSys'23) for templates and typed variables.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "columnar/codec.h"
#include "columnar/column.h"

namespace trilobite::columnar {

inline constexpr unsigned kNestingMax = 2;           // line, and text within one of its slots
inline constexpr std::size_t kTemplatesMax = 1024;   // of one Templates; what exceeds it is text
inline constexpr std::size_t kSplitLineBytesMax = 64u << 10;  // longer lines are text

enum class SlotKind : std::uint8_t {
  kConstant = 0,    // the same text in every row
  kDictionary = 1,  // few distinct texts
  kInteger = 2,     // decimal integer that fits 63 bits; canonical, or `digits` digits with zeros in front
  kDecimal = 3,     // -?digits.digits with always `scale` digits behind the point and no needless zero in front
  kTime = 4,        // a point in time in one of the formats of line_time.h
  kHex = 5,         // 2 * `width` hex digits, all of one case
  kUuid = 6,        // 8-4-4-4-12 hex digits of one case; width 16
  kIpv4 = 7,        // dotted quad, canonical
  kText = 8,        // anything
  kTemplates = 9,   // anything, split further
};

enum class LineForm : std::uint8_t { kText = 0, kJson = 1, kLogfmt = 2 };

class Templates;

// The values that one slot has in the rows of its template: position p is the p-th row that has the template.
class Slot {
 public:
  virtual ~Slot() = default;

  virtual SlotKind kind() const = 0;
  virtual std::size_t size() const = 0;

  // By kind; asking for what a kind does not have is a bug. Spans and views live as long as the block.
  virtual std::string_view constant() const = 0;                          // kConstant
  virtual Result<const DictionaryColumn*> dictionary() const = 0;         // kDictionary
  // kInteger, kDecimal (value * 10^scale), kTime (ns since the epoch), kIpv4 (host order).
  virtual Result<std::span<const std::int64_t>> integers() const = 0;
  virtual Result<std::string_view> ids() const = 0;                       // kHex, kUuid: size() * width() bytes
  virtual Result<const StringColumn*> text() const = 0;                   // kText
  virtual Result<const Templates*> templates() const = 0;                 // kTemplates

  virtual unsigned scale() const = 0;      // kDecimal
  virtual unsigned digits() const = 0;     // kInteger: 0 for canonical ones, else how many digits each has
  virtual unsigned width() const = 0;      // kHex, kUuid: bytes of one id
  virtual bool upper_case() const = 0;     // kHex, kUuid

  // Known without reading the values.
  struct Bounds {
    std::int64_t min = 0, max = 0;  // of integers()
  };
  virtual Bounds bounds() const = 0;            // kInteger, kDecimal, kTime, kIpv4
  // Every byte that occurs in some value is in this set (all bits set where nobody counted).
  virtual const std::array<std::uint64_t, 4>& bytes_possible() const = 0;
  // kHex, kUuid: false if no value is this id (`id` has width() bytes). One in some hundred answers is wrongly true.
  virtual Result<bool> may_have(std::string_view id) const = 0;

  // The exact text of one value. Cheap for a single position where the encoding allows it.
  virtual Result<void> append(std::size_t position, std::string& out) const = 0;
};

// What a slot of a kJson or kLogfmt template is the value of.
struct Field {
  std::vector<std::string> path;  // keys as the line spells them, outermost first; one for logfmt
  enum class Value : std::uint8_t {
    kString,  // between quotes, escapes as in the line
    kBare,    // JSON: number, true, false or null; logfmt: without quotes
    kArray,   // JSON array, whole
  };
  Value value = Value::kString;
};

struct Template {
  LineForm form = LineForm::kText;
  std::vector<std::string> pieces;          // one more than slots
  std::vector<std::unique_ptr<Slot>> slots;
  std::vector<Field> fields;                // as many as slots, in their order; none for kText
  std::uint32_t rows = 0;                   // that have it
};

class Templates {
 public:
  virtual ~Templates() = default;

  virtual std::size_t rows() const = 0;
  virtual std::span<const Template> templates() const = 0;  // none without rows
  // Which template each row has.
  virtual Result<std::span<const std::uint16_t>> codes() const = 0;
  // Per row: its position in the slots of its template.
  virtual Result<std::span<const std::uint32_t>> positions() const = 0;
  // The rows of one template, ascending: the inverse of positions().
  virtual Result<std::span<const std::uint32_t>> rows_of(std::size_t index) const = 0;

  // The exact text of one row, or of all. REQUIRES for append: row < rows().
  virtual Result<void> append(std::size_t row, std::string& out) const = 0;
  virtual Result<StringColumn> all() const = 0;
};

// The lines of a block of a part, open for reading.
class LineBlock {
 public:
  virtual ~LineBlock() = default;
  virtual const Templates& lines() const = 0;
  virtual std::size_t bytes() const = 0;  // of memory, by now; grows as values are asked for
  virtual std::size_t stored_bytes() const = 0;  // header and pages, as the header says
};

// ---- Bytes --------------------------------------------------------------------------------------------------------

// A header that names pages behind it by size and hash; header and pages back to back are the column's bytes.
struct EncodedLines {
  std::string bytes;
  std::size_t header_bytes = 0;
};

// `times` are the rows' times (a time in a line is stored as its distance from the row's); none: all 0.
EncodedLines encode_lines(const Column& lines, std::span<const TimeNs> times, int zstd_level);

// How long the header is, found from its first bytes, for who has not kept it.
Result<std::size_t> lines_header_bytes(std::string_view bytes);

// Where an open block gets its bytes and the rows' times from, when it needs them. Any thread.
struct LineSource {
  std::function<Result<std::string>(std::uint64_t offset, std::size_t bytes)> read;  // of the column, header included
  std::function<Result<std::span<const TimeNs>>()> times;                            // null: all 0
  std::string name;  // of the file and block, for messages; may be empty
  std::function<void(const Error&)> on_damage = {};  // is told of pages that do not pass their check; may be null
};

// `header` has been checked by its hash; pages are checked when they are read. `shape` as for other columns.
Result<std::shared_ptr<const LineBlock>> open_lines(std::string_view header, DecodeShape shape, LineSource source);

}  // namespace trilobite::columnar
