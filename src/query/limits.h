// What one query may cost, and what a tenant may ask at all. Zero means no limit where it says so.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace trilobite::query {

struct QueryLimits {
  std::chrono::nanoseconds timeout = std::chrono::minutes(1);
  std::chrono::nanoseconds length_max = std::chrono::hours(721);  // end - start; 0: none
  std::uint64_t bytes_read_max = 0;                               // decoded by scans; 0: none
  std::size_t points_max = 11'000;      // per series: what a browser can draw, and Prometheus' limit
  std::size_t series_max = 500;         // in an answer
  std::size_t entries_max = 5'000;      // log lines in an answer
  std::size_t memory_max = 512u << 20;  // held by aggregation states and kept rows of one query

  std::chrono::nanoseconds interval_max{0};  // the range of [5m]; 0: none
  std::chrono::nanoseconds lookback_max{0};  // how far before now data is looked at; 0: all of it
  std::vector<std::string> required_labels;  // every selector must name them
  std::size_t matchers_min = 0;              // of a selector
  std::size_t matchers_max = 1'000;          // of a query; 0: none
  std::vector<std::string> blocked;          // expressions; a query whose whole text matches one is refused
  std::size_t patterns_max = 300;            // of an answer of patterns
  std::size_t volumes_max = 1'000;           // of an answer of index/volume
  std::size_t tails_max = 10;                // live at once
};

// For a query over the data of both: whatever either refuses is refused.
QueryLimits strictest(const QueryLimits& a, const QueryLimits& b);

}  // namespace trilobite::query
