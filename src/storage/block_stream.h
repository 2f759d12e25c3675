// Blocks for a part, one after the other: rows by (series, time), equal rows once.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "columnar/label_set.h"
#include "columnar/part.h"

namespace trilobite::storage {

class BlockStream {
 public:
  virtual ~BlockStream() = default;
  // At most kBlockRowsMax rows and about kBlockBytesMax of text; nothing at the end.
  virtual Result<std::optional<Block>> next() = 0;
};

// What a part is made of.
struct PartInput {
  std::vector<LabelSetRef> sets;  // sorted; a block's series numbers are indexes into it
  std::unique_ptr<BlockStream> blocks;
};

}  // namespace trilobite::storage
