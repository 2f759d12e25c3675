// What a query did, for its answer and for our own metrics.
#pragma once

#include <cstdint>

#include "storage/store.h"

namespace trilobite::query {

struct QueryStatistics {
  ScanStats scan;
  std::uint64_t scans = 0;
  std::uint64_t rows_passed = 0;  // after every filter
  std::uint64_t rows_returned = 0;
  double seconds = 0;  // from the start of the query

  void add(const ScanStats& stats) {
    ++scans;
    scan.parts += stats.parts;
    scan.blocks += stats.blocks;
    scan.blocks_skipped += stats.blocks_skipped;
    scan.rows += stats.rows;
    scan.bytes += stats.bytes;
    scan.bytes_compressed += stats.bytes_compressed;
    scan.head_rows += stats.head_rows;
    scan.head_bytes += stats.head_bytes;
  }
};

}  // namespace trilobite::query
