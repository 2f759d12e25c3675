// What a query did, for its answer and for our own metrics.
#pragma once

#include <cstdint>

#include "storage/scan_stats.h"

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
    add_to(scan, stats);
  }
};

}  // namespace trilobite::query
