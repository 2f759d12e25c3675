// The kinds of slots, behind `Slot`: how each is written (one encode_* per kind) and read. Only lines_*.cc, slot_*.cc
// and their tests include this.
//
// The tree of templates in the header is written and read in one order, depth first; each slot takes its streams in
// that order as well, so nothing refers to anything by number.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "columnar/line_pages.h"
#include "columnar/line_shape.h"
#include "columnar/lines.h"

namespace trilobite::columnar {

inline constexpr std::uint8_t kLinesVersion = 1;

using ByteSet = std::array<std::uint64_t, 4>;

inline constexpr std::size_t kSlotsMax = 2048;       // of a block, nested ones included
inline constexpr std::size_t kTemplateRowsMin = 16;  // a template of fewer rows costs more than it saves

// ---- Writing ------------------------------------------------------------------------------------------------------

struct SlotValues {
  const char* base = nullptr;  // what the spans are of
  std::span<const TextSpan> spans;
  std::span<const std::uint32_t> rows;  // of the block, one for each value
  std::span<const TimeNs> times;        // of all rows of the block; none: all 0
  unsigned depth = 1;                   // of the Templates that the slot is in

  std::size_t size() const { return spans.size(); }
  std::string_view operator[](std::size_t i) const { return {base + spans[i].begin, spans[i].size}; }
  // Going through a column touches a line of memory for each row; asked for early, they come in parallel.
  void prefetch(std::size_t i) const {
    constexpr std::size_t kAhead = 16;
    if (i + kAhead < spans.size()) __builtin_prefetch(base + spans[i + kAhead].begin);
  }
};

struct LinesWriter {
  std::string tree;
  PageWriter pages;
  std::size_t slots = 0;  // written or promised so far
  std::vector<std::int64_t> numbers;  // of the slot being written; kept for its memory
  int zstd_level = 3;
};

// Each writes the values and returns true, or leaves the writer as it was and returns false because not every value is
// of its kind. REQUIRES: at least one value.
bool encode_constant(const SlotValues& values, LinesWriter& writer);
bool encode_integer(const SlotValues& values, LinesWriter& writer);
bool encode_decimal(const SlotValues& values, LinesWriter& writer);
bool encode_time(const SlotValues& values, LinesWriter& writer);
bool encode_ids(const SlotValues& values, LinesWriter& writer);  // kHex, kUuid
bool encode_ipv4(const SlotValues& values, LinesWriter& writer);
bool encode_dictionary(const SlotValues& values, std::size_t entries_max, LinesWriter& writer);
bool encode_nested(const SlotValues& values, LinesWriter& writer);
void encode_text(const SlotValues& values, LinesWriter& writer);

// The smallest of them that gives back every value.
void encode_slot(const SlotValues& values, LinesWriter& writer);

// Splits and writes a Templates. With `if_worth_it`, false and nothing written when most values fit no template.
bool encode_templates(const SlotValues& values, bool if_worth_it, LinesWriter& writer);

// ---- Reading ------------------------------------------------------------------------------------------------------

// What everything that belongs to one open block shares.
struct BlockState {
  LineSource source;
  DecodeShape shape;
  std::unique_ptr<PageReader> pages;
  mutable std::atomic<std::size_t> bytes{0};

  Result<StreamBytes> read(std::size_t stream) const { return pages->read(source, stream, bytes); }
};

class OpenTemplates;

// Where the reader of the tree is.
struct TreeReader {
  ByteReader in;
  const BlockState& state;
  std::size_t next_stream = 0;
  std::size_t slots = 0;

  Result<std::size_t> take_stream();
};

// Which values a slot has.
struct SlotPlace {
  const OpenTemplates* parent = nullptr;
  std::size_t index = 0;  // of the template in it
  std::size_t rows = 0;
};

class SlotReader : public Slot {
 public:
  SlotReader(SlotKind kind, const BlockState& state, SlotPlace place) : state_(state), place_(place), kind_(kind) {}

  SlotKind kind() const final { return kind_; }
  std::size_t size() const final { return place_.rows; }
  std::string_view constant() const override;
  Result<const DictionaryColumn*> dictionary() const override;
  Result<std::span<const std::int64_t>> integers() const override;
  Result<std::string_view> ids() const override;
  Result<const StringColumn*> text() const override;
  Result<const Templates*> templates() const override;
  unsigned scale() const override { return 0; }
  unsigned digits() const override { return 0; }
  unsigned width() const override { return 0; }
  bool upper_case() const override { return false; }
  Bounds bounds() const override { return {}; }
  const ByteSet& bytes_possible() const final { return possible_; }
  Result<bool> may_have(std::string_view) const override { return true; }

  // All lines at once: load() once, then render() each value into memory of at least bytes_longest().
  virtual Result<void> load() const = 0;
  virtual std::size_t bytes_longest() const = 0;
  virtual char* render(std::size_t position, char* out) const = 0;

 protected:
  const BlockState& state_;
  SlotPlace place_;
  ByteSet possible_{~0ull, ~0ull, ~0ull, ~0ull};

 private:
  SlotKind kind_;
};

// Each reads what its encode_* wrote behind the kind.
Result<std::unique_ptr<SlotReader>> read_constant(TreeReader& tree, SlotPlace place);
Result<std::unique_ptr<SlotReader>> read_dictionary(TreeReader& tree, SlotPlace place);
Result<std::unique_ptr<SlotReader>> read_number(SlotKind kind, TreeReader& tree, SlotPlace place);
Result<std::unique_ptr<SlotReader>> read_ids(SlotKind kind, TreeReader& tree, SlotPlace place);
Result<std::unique_ptr<SlotReader>> read_text(TreeReader& tree, SlotPlace place);
Result<std::unique_ptr<SlotReader>> read_nested(TreeReader& tree, SlotPlace place, unsigned depth);
Result<std::unique_ptr<SlotReader>> read_slot(TreeReader& tree, SlotPlace place, unsigned depth);

class OpenTemplates final : public Templates {
 public:
  // `place` is the slot that these are in; without a parent they are the lines.
  static Result<std::unique_ptr<OpenTemplates>> read(TreeReader& tree, SlotPlace place, unsigned depth);
  OpenTemplates(const BlockState& state, SlotPlace place) : state_(state), place_(place) {}

  std::size_t rows() const override { return place_.rows; }
  std::span<const Template> templates() const override { return templates_; }
  Result<std::span<const std::uint16_t>> codes() const override;
  Result<std::span<const std::uint32_t>> positions() const override;
  Result<std::span<const std::uint32_t>> rows_of(std::size_t index) const override;
  Result<void> append(std::size_t row, std::string& out) const override;
  Result<StringColumn> all() const override;

  // Of the block's rows that have these values.
  Result<std::span<const TimeNs>> times() const;

  Result<void> load() const;
  std::size_t bytes_longest() const;               // after load()
  char* render(std::size_t row, char* out) const;  // after load()

 private:
  struct Loaded {
    std::vector<std::size_t> longest;  // by template
    const std::uint16_t* codes = nullptr;
    const std::uint32_t* positions = nullptr;
  };
  Result<const Loaded*> loaded() const;
  Result<std::vector<std::uint16_t>> read_codes() const;

  const BlockState& state_;
  SlotPlace place_;
  std::vector<Template> templates_;
  std::size_t codes_stream_ = 0;  // with more than one template
  Lazy<std::vector<std::uint16_t>> codes_;
  Lazy<std::vector<std::uint32_t>> positions_;
  Lazy<std::vector<std::vector<std::uint32_t>>> rows_of_;
  Lazy<std::vector<TimeNs>> times_;
  Lazy<Loaded> loaded_;
};

// ---- Small things of both -----------------------------------------------------------------------------------------

inline void add_byte(ByteSet& set, unsigned char byte) { set[byte / 64] |= 1ull << byte % 64; }
inline void add_bytes(ByteSet& set, std::string_view text) {
  for (const char c : text) add_byte(set, static_cast<unsigned char>(c));
}
void write_byte_set(const ByteSet& set, std::string& out);
Result<ByteSet> read_byte_set(ByteReader& in);

}  // namespace trilobite::columnar
