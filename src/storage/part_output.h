// Writes one part from sorted runs: blocks, series table, label index, footer; synced and its folder too.
#pragma once

#include <functional>

#include "storage/layout.h"
#include "storage/manifest.h"
#include "storage/row_merger.h"

namespace trilobite::storage {

// `meta` has everything but `info`, which the result has as well. The file counts once the manifest names it; it is
// removed again when something fails. `between_blocks` may stop the work with an error.
Result<PartMeta> write_part(FileSystem& files, const Layout& layout, PartMeta meta, PartInput input,
                            PartOptions options, const std::function<Result<void>()>& between_blocks);

}  // namespace trilobite::storage
