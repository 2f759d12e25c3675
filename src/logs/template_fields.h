// The fields of the lines of one template, put into rows as their parser would put them, without a line.
#pragma once

#include <vector>

#include "logs/bound_fields.h"
#include "logs/row.h"
#include "logs/slot_text.h"

namespace trilobite::logql {

// As long as the block and the row. One thread.
class TemplateFields {
 public:
  TemplateFields(const columnar::Template& lines, BoundFields fields);

  // False: a filter refuses the row. `position` is that of the line among those of the template.
  Result<bool> put_into(Row& row, std::size_t position);

 private:
  BoundFields fields_;
  std::vector<SlotText> texts_;  // by field
  std::vector<NameId> ids_;      // by field, of the row's names of `generation_`
  std::uint64_t generation_ = 0;
};

}  // namespace trilobite::logql
