#include "logs/slot_text.h"

namespace trilobite::logql {

Result<void> SlotText::open() {
  open_ = true;
  switch (slot_->kind()) {
    case columnar::SlotKind::kConstant: constant_ = slot_->constant(); break;
    case columnar::SlotKind::kDictionary: {
      TRY(dictionary, slot_->dictionary());
      dictionary_ = dictionary;
      break;
    }
    case columnar::SlotKind::kText: {
      TRY(text, slot_->text());
      text_ = text;
      break;
    }
    default: break;
  }
  return {};
}

Result<std::string_view> SlotText::at(std::size_t position) {
  if (!open_) TRY_VOID(open());
  if (dictionary_ != nullptr) return (*dictionary_)[position];
  if (text_ != nullptr) return (*text_)[position];
  if (slot_->kind() == columnar::SlotKind::kConstant) return constant_;
  rendered_.clear();
  TRY_VOID(slot_->append(position, rendered_));
  return std::string_view(rendered_);
}

}  // namespace trilobite::logql
