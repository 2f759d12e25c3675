// Rows of one block as a scan found them. Unlike a Batch nothing is copied or decoded before somebody asks for it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/batch.h"

namespace trilobite::columnar {
class LineBlock;  // columnar/lines.h
}

namespace trilobite {

// One thread at a time.
class ScanBlock {
 public:
  virtual ~ScanBlock() = default;

  // Rows begin .. end - 1 of the block, of one label set, times ascending.
  struct Run {
    std::uint32_t label_set = 0;  // index into label_sets
    std::uint32_t begin = 0, end = 0;
  };
  std::vector<LabelSetRef> label_sets;
  std::vector<Run> runs;           // ascending; rows of other series and beyond the time range are in none
  std::span<const TimeNs> times;   // of all rows of the block
  // Which rows of the runs are left after predicates, duplicates and deletes, ascending; none: all of them.
  std::optional<std::vector<std::uint32_t>> rows;

  std::size_t count() const;  // of rows that are left

  // The lines where they are stored split into templates; null: take column(kLineColumn).
  virtual const columnar::LineBlock* lines() const = 0;
  // One value for each row of the block (lines are put together for it); of size 0 when the block has no such column.
  virtual Result<const Column*> column(std::string_view name) = 0;
};

// The rows that are left, copied, with these columns.
Result<Batch> to_batch(ScanBlock& block, const std::vector<std::string>& columns);

// The other way round, for a store that has nothing but batches. Rows are by (label set, time).
std::unique_ptr<ScanBlock> block_of(Batch batch);

}  // namespace trilobite
