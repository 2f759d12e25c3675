// The text columns of a scanned block, row by row: lines are put together for the rows that are asked for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/scan_block.h"

namespace trilobite::logql {

// As long as the block. One thread.
class BlockText {
 public:
  struct Wanted {
    bool lines = true;
    bool metadata = true;
  };
  // A column that is not wanted is empty text.
  static Result<BlockText> open(ScanBlock& block, Wanted wanted);

  // Valid until the next call.
  Result<std::string_view> line(std::uint32_t row);
  std::string_view metadata(std::uint32_t row) const {
    return metadata_ == nullptr ? std::string_view() : metadata_->text(row);
  }
  // Null where no row has any, or it is not wanted.
  const Column* metadata_column() const { return metadata_; }

 private:
  const columnar::LineBlock* split_ = nullptr;
  const Column* lines_ = nullptr;
  const Column* metadata_ = nullptr;
  std::string line_;
};

// Calls visit(run, row) for every row that is left, ascending; it returns a Result<void>.
template <class Visit>
Result<void> for_each_row(const ScanBlock& block, Visit visit) {
  if (!block.rows) {
    for (const ScanBlock::Run& run : block.runs) {
      for (std::uint32_t row = run.begin; row < run.end; ++row) TRY_VOID(visit(run, row));
    }
    return {};
  }
  auto run = block.runs.begin();
  for (const std::uint32_t row : *block.rows) {
    while (row >= run->end) ++run;
    TRY_VOID(visit(*run, row));
  }
  return {};
}

}  // namespace trilobite::logql
