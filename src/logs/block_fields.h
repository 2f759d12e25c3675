// The templates of a split block as a parser sees them: which rows need no line because their template settles what the
// parser finds.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "logs/block_text.h"
#include "logs/field_parser.h"
#include "logs/template_fields.h"
#include "storage/scan_block.h"

namespace trilobite::logql {

// What the parser finds in lines of this template; nothing where that takes the line.
std::optional<BoundFields> bind_fields(FieldParser parser, const columnar::Template& lines);

// As long as the block. One thread.
class BlockFields {
 public:
  // Without fields when lines are not split or there is no such parser.
  static Result<BlockFields> open(ScanBlock& block, FieldParser parser);

  // Null: the row's line has to be read.
  TemplateFields* of(std::uint32_t row);
  std::size_t position(std::uint32_t row) const { return positions_[row]; }

 private:
  FieldParser parser_ = FieldParser::kNone;
  std::span<const columnar::Template> templates_;
  std::span<const std::uint16_t> codes_;
  std::span<const std::uint32_t> positions_;
  struct Entry {
    bool bound = false;
    std::unique_ptr<TemplateFields> fields;  // null where the line is needed
  };
  std::vector<Entry> entries_;  // by template
};

// Gives a row to the pipeline: its fields where they are known, else its line.
Result<bool> process_row(PipelineWorker& worker, TimeNs time, std::uint32_t row, BlockText& text, BlockFields& fields);

}  // namespace trilobite::logql
