// Several workers pull blocks of one scan at the same time, each with its own state; the caller merges those states.
#pragma once

#include <cstddef>
#include <functional>

#include "query/context.h"

namespace trilobite::query {

// How many workers a scan gets: one per thread of the pool.
std::size_t scan_workers(const QueryContext& context);

// Calls consume(worker, batch) with worker in [0, workers): at the same time for different workers, never for one.
// Stops at the end of the scan, at the first error or when the query is over its limits. A worker that returns false is
// done, the others go on.
// Adds the scan's statistics to the context.
Result<void> scan_parallel(QueryContext& context, Scan& scan, std::size_t workers,
                           const std::function<Result<bool>(std::size_t worker, const Batch& batch)>& consume);

// The same with blocks whose columns are read when somebody asks for them.
Result<void> scan_blocks(QueryContext& context, Scan& scan, std::size_t workers,
                         const std::function<Result<bool>(std::size_t worker, ScanBlock& block)>& consume);

}  // namespace trilobite::query
