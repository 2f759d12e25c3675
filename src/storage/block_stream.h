// Blocks for a part, one after the other: rows by (series, time), equal rows once.
#pragma once

#include <optional>

#include "base/result.h"
#include "columnar/part.h"

namespace trilobite::storage {

class BlockStream {
 public:
  virtual ~BlockStream() = default;
  // At most kBlockRowsMax rows and about kBlockBytesMax of text; nothing at the end.
  virtual Result<std::optional<Block>> next() = 0;
};

}  // namespace trilobite::storage
