// What a query did, for its answer and for our own metrics.
#pragma once

#include <algorithm>
#include <cstdint>

#include "storage/store.h"

namespace trilobite::query {

// What a query had from results of earlier ones, in slices of time.
struct CacheStatistics {
  std::uint64_t slices_asked = 0, slices_found = 0, slices_kept = 0;
  std::uint64_t bytes_found = 0, bytes_kept = 0;
  TimeNs time_found = 0;  // that the slices found are long
};

struct QueryStatistics {
  ScanStats scan;
  std::uint64_t scans = 0;
  std::uint64_t rows_passed = 0;  // after every filter
  std::uint64_t rows_returned = 0;
  CacheStatistics cache;
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
    for (const std::string& warning : stats.warnings) {
      if (std::find(scan.warnings.begin(), scan.warnings.end(), warning) == scan.warnings.end())
        scan.warnings.push_back(warning);
    }
  }
};

}  // namespace trilobite::query
