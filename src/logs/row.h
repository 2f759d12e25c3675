// The row that a pipeline works on: its labels by where they come from, its error, and scratch memory. One per worker.
//
// Names are interned: a label name is a small number, the names that the plan mentions are 0..n-1 in every worker. What
// a name means in the current row is found through stamps, so that nothing has to be cleared between rows.
//
// Precedence of one name: parsed, then structured metadata, then stream. A name that a parser finds although stream or
// metadata have it is extracted as NAME_extracted.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "logs/arena.h"
#include "logs/pipeline.h"

namespace trilobite::logql {

using NameId = std::uint32_t;
inline constexpr NameId kNoName = ~NameId{0};
inline constexpr std::string_view kExtractedSuffix = "_extracted";

// What a parser does next after a label was put.
enum class Extracted : std::uint8_t {
  kGoOn,
  kComplete,  // everything wanted is there: stop parsing
  kDrop,      // a filter further on refuses the row
};

// The plan's word on labels.
struct LabelPlan {
  std::vector<std::string> names;  // ids 0..n-1
  bool all_wanted = true;
  bool none_wanted = false;        // parsers have nothing to do
  std::vector<bool> wanted;        // per name, where not all are
  std::size_t wanted_count = 0;

  NameId id(std::string_view name) {
    for (NameId i = 0; i < names.size(); ++i) {
      if (names[i] == name) return i;
    }
    names.emplace_back(name);
    return static_cast<NameId>(names.size() - 1);
  }
};

class Row;

// Conditions that can refuse a row as soon as a label is known, before the rest of the line is parsed.
class EarlyFilter {
 public:
  virtual ~EarlyFilter() = default;
  // False: the row will be dropped whatever else the line holds.
  virtual bool may_pass(NameId name, const Row& row) const = 0;
};

class Row {
 public:
  // `plan` and `filter` (may be null) must outlive the row.
  Row(const LabelPlan& plan, const EarlyFilter* filter);

  // ---- Life of a row ----
  void begin_stream(const LabelSet& labels);
  void begin(TimeNs time, std::string_view metadata);

  TimeNs time() const { return time_; }

  // Which element of an array `unroll` shows in this row, and which it will show in the next one made of the same line.
  // Offsets in the array's text; 0: the first, or none. Survives begin(): whoever runs the stages sets it.
  struct Unrolled {
    std::size_t at = 0, next = 0;
  };
  Unrolled& unrolled() { return unrolled_; }
  Arena& arena() { return arena_; }

  // ---- Names ----
  NameId intern(std::string_view name);
  // Changes when names are forgotten: numbers of names that are not the plan's have another meaning from then on.
  std::uint64_t names_generation() const { return names_generation_; }
  // The label name of a field as a line spells it; kNoName where nothing is left of it. Fields come in the same order
  // in most lines, so the n-th field of a row is first compared with the n-th of the row before.
  NameId field(std::string_view raw);
  std::string_view name(NameId id) const { return names_[id].text; }

  // ---- Labels ----
  struct Found {
    std::string_view value;
    LabelCategory category = LabelCategory::kStream;
    bool present = false;
  };
  Found find(NameId id) const;
  Found find(std::string_view name) const;

  // Sets under the rules of precedence; a view must live as long as the row.
  void set(NameId id, LabelCategory category, std::string_view value);
  void remove(NameId id);
  template <class Function>
  void for_each(Function function) const;  // (NameId, value, category), in no order

  // ---- For parsers ----
  // All labels that are wanted have been found already, or none is wanted.
  bool parse_nothing() const { return plan_.none_wanted || complete(); }
  bool complete() const { return !plan_.all_wanted && wanted_found_ == plan_.wanted_count && plan_.wanted_count > 0; }
  // Some wanted name starts with the prefix.
  bool wants_prefix(std::string_view prefix) const;
  // Under which name the value of field `id` is to be put; kNoName: not wanted, or there already.
  NameId target(NameId id);
  Extracted put(NameId id, std::string_view value);
  // Stream or structured metadata have it.
  bool base_has(NameId id) const { return names_[id].stream == stream_no_ || names_[id].metadata_row == row_no_; }
  NameId extracted_name(NameId id);

  // ---- The error ----
  std::string_view error() const { return error_; }
  std::string_view error_details() const { return error_details_; }
  void fail(std::string_view error, std::string_view details);  // static text; details are copied
  void clear_error() { error_ = {}; }
  void clear_error_details() { error_details_ = {}; }

  // ---- Results ----
  // Sorted by name, with the error as labels.
  const std::vector<RowLabel>& sorted();
  // No label differs from the stream's.
  bool stream_only() const { return slots_.empty() && error_.empty() && error_details_.empty(); }

 private:
  struct Name {
    std::string text;
    NameId extracted = kNoName;
    bool wanted = false;
    std::uint64_t row = 0;           // row of the slot
    std::uint64_t extracted_row = 0; // row in which a parser or formatter set it
    std::uint64_t metadata_row = 0;  // row whose metadata has it
    std::uint64_t stream = 0;        // begin_stream() number of the stream that has it
    std::uint32_t slot = 0;
    std::uint32_t stream_slot = 0;
  };
  struct Slot {
    NameId id = kNoName;
    std::string_view value;
    LabelCategory category = LabelCategory::kParsed;
    bool removed = false;
  };
  struct Pair {
    NameId id = kNoName;
    std::string_view value;
  };
  struct Stream {
    std::vector<Pair> labels;
  };

  void forget_names();
  void load_metadata(std::string_view bytes);
  void add_metadata();
  Slot& slot(NameId id);

  const LabelPlan& plan_;
  const EarlyFilter* filter_;
  std::uint64_t names_generation_ = 0;
  std::deque<Name> names_;  // stable addresses: views of the text are handed out
  std::unordered_map<std::string_view, NameId, TextHash> index_;
  std::unordered_map<std::string, NameId, TextHash, std::equal_to<>> fields_;
  struct Expected {
    std::string_view raw;
    NameId id = kNoName;
  };
  std::vector<Expected> expected_;
  std::size_t field_no_ = 0;
  std::unordered_map<const LabelSet*, Stream> streams_;
  const LabelSet* stream_set_ = nullptr;
  const Stream* stream_ = nullptr;
  std::uint64_t stream_no_ = 0, row_no_ = 0;
  std::vector<Slot> slots_;
  std::string metadata_bytes_;      // of the last row that had any: rows in a row often have the same
  std::vector<Pair> metadata_;      // views into metadata_bytes_
  std::size_t wanted_found_ = 0;
  std::string_view error_, error_details_;
  TimeNs time_ = 0;
  Unrolled unrolled_;
  Arena arena_;
  std::vector<RowLabel> sorted_;
};

template <class Function>
void Row::for_each(Function function) const {
  if (stream_ != nullptr) {
    for (const Pair& pair : stream_->labels) {
      if (names_[pair.id].row != row_no_) function(pair.id, pair.value, LabelCategory::kStream);
    }
  }
  for (const Slot& slot : slots_) {
    if (!slot.removed) function(slot.id, slot.value, slot.category);
  }
}

// Names as labels allow them: blanks around are cut, other characters become "_", a leading digit gets "_" in front.
// Appends to `out`; with `continues`, `out` already holds the beginning of the name.
void append_label_name(std::string& out, std::string_view raw, bool continues);

}  // namespace trilobite::logql
