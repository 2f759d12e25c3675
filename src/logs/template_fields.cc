#include "logs/template_fields.h"

namespace trilobite::logql {

TemplateFields::TemplateFields(const columnar::Template& lines, BoundFields fields) : fields_(std::move(fields)) {
  texts_.reserve(fields_.size());
  for (const BoundField& field : fields_) texts_.emplace_back(*lines.slots[field.slot]);
}

Result<bool> TemplateFields::put_into(Row& row, std::size_t position) {
  if (row.parse_nothing()) return true;
  if (generation_ != row.names_generation()) {
    generation_ = row.names_generation();
    ids_.clear();
    for (const BoundField& field : fields_) ids_.push_back(row.intern(field.name));
  }
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const NameId target = row.target(ids_[i]);
    if (target == kNoName) continue;
    TRY(raw, texts_[i].at(position));
    const auto value = field_value(fields_[i].text, row.arena().copy(raw), row.arena());
    if (!value) continue;
    const Extracted extracted = row.put(target, *value);
    if (extracted != Extracted::kGoOn) return extracted == Extracted::kComplete;
  }
  return true;
}

}  // namespace trilobite::logql
