#include "columnar/line_pages_check.h"

namespace trilobite::columnar {
namespace {

Result<void> read_all_pages(const Slot& slot) {
  switch (slot.kind()) {
    case SlotKind::kConstant: return {};
    case SlotKind::kDictionary: TRY_VOID(slot.dictionary()); return {};
    case SlotKind::kInteger:
    case SlotKind::kDecimal:
    case SlotKind::kTime:
    case SlotKind::kIpv4: TRY_VOID(slot.integers()); return {};
    case SlotKind::kHex:
    case SlotKind::kUuid:
      TRY_VOID(slot.ids());
      TRY_VOID(slot.may_have(std::string(slot.width(), '\0')));
      return {};
    case SlotKind::kText: TRY_VOID(slot.text()); return {};
    case SlotKind::kTemplates: {
      TRY(nested, slot.templates());
      return read_all_pages(*nested);
    }
  }
  return error(Code::kCorrupt, "slot of kind {}", static_cast<int>(slot.kind()));
}

}  // namespace

Result<void> read_all_pages(const Templates& lines) {
  TRY_VOID(lines.codes());
  for (const Template& shape : lines.templates()) {
    for (const auto& slot : shape.slots) TRY_VOID(read_all_pages(*slot));
  }
  return {};
}

}  // namespace trilobite::columnar
