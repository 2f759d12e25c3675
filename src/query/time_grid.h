// The points in time at which a metric query is evaluated: start, start + step, ... up to and including end.
#pragma once

#include <cstddef>

#include "base/check.h"
#include "base/clock.h"

namespace trilobite::query {

struct TimeGrid {
  TimeNs start = 0;
  TimeNs end = 0;   // last point is the greatest start + k * step not after end
  TimeNs step = 0;  // 0: one point, at start

  static TimeGrid instant(TimeNs at) { return {at, at, 0}; }

  std::size_t steps() const {
    return step <= 0 || end <= start ? 1 : static_cast<std::size_t>((end - start) / step) + 1;
  }
  TimeNs at(std::size_t index) const { return start + static_cast<TimeNs>(index) * step; }
  TimeNs last() const { return at(steps() - 1); }

  friend bool operator==(const TimeGrid&, const TimeGrid&) = default;
};

}  // namespace trilobite::query
