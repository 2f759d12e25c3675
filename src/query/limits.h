// What one query may cost. Zero means no limit where it says so.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace trilobite::query {

struct QueryLimits {
  std::chrono::nanoseconds timeout = std::chrono::minutes(1);
  std::chrono::nanoseconds length_max = std::chrono::hours(721);  // end - start; 0: none
  std::uint64_t bytes_read_max = 0;                               // decoded by scans; 0: none
  std::size_t points_max = 11'000;      // per series: what a browser can draw, and Prometheus' limit
  std::size_t series_max = 500;         // in an answer
  std::size_t entries_max = 5'000;      // log lines in an answer
  std::size_t memory_max = 512u << 20;  // held by aggregation states and kept rows of one query
};

}  // namespace trilobite::query
