// Rows are kept by window of time: two hours for logs and spans, a day for samples. A part never crosses one, so that
// time bounds prune parts, merges stay small and retention drops whole files. Windows are aligned to UTC.
#pragma once

#include <limits>

#include "storage/store.h"

namespace trilobite::storage {

inline constexpr TimeNs kHourNs = 3600 * kNsPerSecond;
inline constexpr TimeNs kDayNs = 24 * kHourNs;

inline constexpr TimeNs window_length(Signal signal) { return signal == Signal::kMetrics ? kDayNs : 2 * kHourNs; }

// Number of the window; rounds towards the past, also before 1970.
inline constexpr std::int64_t window_of(Signal signal, TimeNs time) {
  const TimeNs length = window_length(signal);
  return time / length - (time % length < 0 ? 1 : 0);
}

// Of the first window there may be no such time; then the least there is.
inline constexpr TimeNs start_of_window(Signal signal, std::int64_t window) {
  const TimeNs length = window_length(signal), least = std::numeric_limits<TimeNs>::min();
  return window <= least / length ? least / length * length : window * length;
}

inline constexpr bool overlaps(TimeNs time_min, TimeNs time_max, TimeRange range) {
  return time_min < range.end && time_max >= range.start;
}

}  // namespace trilobite::storage
