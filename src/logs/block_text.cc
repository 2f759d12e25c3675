#include "logs/block_text.h"

#include "columnar/lines.h"

namespace trilobite::logql {
namespace {

const Column* unless_empty(const Column* column) { return column->size() == 0 ? nullptr : column; }

}  // namespace

Result<BlockText> BlockText::open(ScanBlock& block, Wanted wanted) {
  BlockText out;
  if (wanted.lines) out.split_ = block.lines();
  if (wanted.lines && out.split_ == nullptr) {
    TRY(column, block.column(kLineColumn));
    out.lines_ = unless_empty(column);
  }
  if (wanted.metadata) {
    TRY(column, block.column(kMetadataColumn));
    out.metadata_ = unless_empty(column);
  }
  return out;
}

Result<std::string_view> BlockText::line(std::uint32_t row) {
  if (split_ == nullptr) return lines_ == nullptr ? std::string_view() : lines_->text(row);
  line_.clear();
  TRY_VOID(split_->lines().append(row, line_));
  return std::string_view(line_);
}

}  // namespace trilobite::logql
