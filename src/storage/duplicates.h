// Equal rows in different sources: a client repeated itself across a flush, or late data was sent twice. Found while
// scanning, and only where two sources have rows of one series in one stretch of time.
#pragma once

#include "storage/block_reader.h"
#include "storage/scan_plan.h"
#include "storage/scan_rows.h"

namespace trilobite::storage {

// Takes those of `rows` out that an earlier source has, too. Adds what it had to decode of others to `bytes`.
Result<void> drop_duplicates(const ScanPlan& plan, const SourcePlan& mine, std::span<const ColumnSchema> schema,
                             BlockReader& reader, WantedRows& rows, std::uint64_t& bytes);

}  // namespace trilobite::storage
