// The rows of one block that a scan hands out: stretches of matching series, then one condition after the other.
#pragma once

#include <vector>

#include "columnar/line_search.h"
#include "storage/block_reader.h"
#include "storage/scan_block.h"
#include "storage/series_set.h"
#include "storage/store.h"

namespace trilobite::storage {

// The rows of matching series within the range; `label_set` of a run is the series number.
std::vector<ScanBlock::Run> select_runs(const SeriesSet& matching, TimeRange range, const BlockKeys& keys);

// At first all rows of the runs. Row numbers are made only when a condition looks at rows one by one.
class WantedRows {
 public:
  WantedRows(std::size_t block_rows, std::vector<ScanBlock::Run> runs);

  bool empty() const { return selection_ ? selection_->empty() : runs_.empty(); }
  void clear();
  const std::vector<ScanBlock::Run>& runs() const { return runs_; }
  columnar::RowSelection& selection();         // for conditions that may keep "all"
  std::vector<std::uint32_t>& row_numbers();   // ascending
  // Into the block: runs that have rows left, and the rows unless it is all of theirs.
  void move_into(ScanBlock& block);

 private:
  std::size_t block_rows_;
  std::size_t run_rows_ = 0;
  std::vector<ScanBlock::Run> runs_;
  std::optional<columnar::RowSelection> selection_;
};

// Takes the rows out that fail one of the predicates that are to be applied.
Result<void> apply_conditions(const std::vector<Predicate>& predicates, const std::vector<bool>& applied,
                              BlockReader& reader, WantedRows& rows);

}  // namespace trilobite::storage
