// Times in text, as Go's time package lays them out: a layout is how the reference time, Mon Jan 2 15:04:05 MST 2006,
// would be written.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace trilobite::agent {

// "RFC3339" and the other names that Promtail knows, to their layouts; any other text is a layout itself.
std::string_view layout_of_name(std::string_view format);

// Checks that the layout has at least one part of a time in it.
Result<void> check_layout(std::string_view layout);

// Of the tz database: "Europe/Berlin".
class TimeZone {
 public:
  static Result<std::shared_ptr<const TimeZone>> find(std::string_view name);
  virtual ~TimeZone() = default;
  virtual TimeNs to_utc(TimeNs local) const = 0;  // the earlier one where clocks go back
  virtual TimeNs to_local(TimeNs utc) const = 0;
};

// The time in `text`. Without an offset in it, it is local time of `zone` (null: UTC). A layout without a year means
// the year that puts the time nearest before tomorrow: logs of December are read in January. A layout without a date
// means today.
Result<TimeNs> parse_time(std::string_view layout, std::string_view text, const TimeZone* zone, TimeNs now);

}  // namespace trilobite::agent
