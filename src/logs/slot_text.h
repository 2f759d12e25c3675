// The texts of a slot, one after another: opened when the first one is asked for.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "columnar/lines.h"

namespace trilobite::logql {

// As long as the block. One thread.
class SlotText {
 public:
  explicit SlotText(const columnar::Slot& slot) : slot_(&slot) {}

  const columnar::Slot& slot() const { return *slot_; }
  // Valid until the next call.
  Result<std::string_view> at(std::size_t position);

 private:
  Result<void> open();

  const columnar::Slot* slot_;
  bool open_ = false;
  std::string_view constant_;
  const DictionaryColumn* dictionary_ = nullptr;
  const StringColumn* text_ = nullptr;
  std::string rendered_;
};

}  // namespace trilobite::logql
