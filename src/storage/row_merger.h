// Merges sorted runs of rows, the blocks of parts, into blocks sorted by (series, time), equal rows once. Holds one
// block per run, however long the runs are.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <unordered_set>
#include <vector>

#include "storage/block_stream.h"
#include "storage/column_builder.h"
#include "storage/row_source.h"

namespace trilobite::storage {

struct MergeRun {
  std::shared_ptr<const RowSource> source;
  std::vector<std::size_t> blocks;         // one after the other in sort order
  std::vector<std::uint32_t> series_map;   // number in the source -> number in the result; monotonic
};

// Rows of the same series and time that differ. Equal ones always come out once.
enum class SameTime : std::uint8_t {
  kKeepAll,
  kKeepLast,  // the one of the last run; REQUIRES: within a run no two rows have the same series and time
};

class RowMerger final : public BlockStream {
 public:
  // Of rows with equal keys, those of earlier runs come first.
  RowMerger(std::span<const ColumnSchema> schema, std::vector<MergeRun> runs, SameTime same_time = SameTime::kKeepAll);
  ~RowMerger() override;

  Result<std::optional<Block>> next() override;
  std::uint64_t duplicates() const { return duplicates_; }

 private:
  struct Key {
    std::uint32_t series = 0;
    TimeNs time = 0;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Cursor;
  struct HashOfHash {
    std::size_t operator()(const Hash128& hash) const { return hash.low; }
  };

  Result<void> start();
  Result<void> load_block(Cursor& cursor);
  Result<void> advance(Cursor& cursor, std::size_t rows);
  void copy(const Cursor& cursor, std::size_t rows);
  void sift_first();
  bool before(const Cursor* a, const Cursor* b) const;
  bool full() const;
  Block finish_block();

  std::span<const ColumnSchema> schema_;
  SameTime same_time_;
  std::vector<std::unique_ptr<Cursor>> cursors_;
  std::vector<Cursor*> heap_;  // of cursors that have rows; the first has the smallest key
  std::vector<ColumnBuilder> builders_;
  Block block_;
  std::uint64_t loads_ = 0;
  bool started_ = false;
  std::uint64_t duplicates_ = 0;
  // Rows seen of the key that several runs have just now.
  std::optional<Key> shared_key_;
  std::unordered_set<Hash128, HashOfHash> shared_rows_;
};

}  // namespace trilobite::storage
