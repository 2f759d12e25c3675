// How a time is written, as the timestamp stage is configured: a layout of Go's, a name such as RFC3339, or Unix
// counts. The layouts themselves are read by logs/go_time.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace trilobite::agent {

// Immutable; any thread.
class TimeFormat {
 public:
  // `format`: Unix, UnixMs, UnixUs, UnixNs, ANSIC ... RFC3339Nano, or a layout. `zone` is for texts without an offset
  // of their own; "" is UTC.
  static Result<TimeFormat> compile(std::string_view format, std::string_view zone);

  // Nothing when the text is not so. A layout without a year means the latest one that is not in the future (by more
  // than a day: clocks differ), so December is read rightly in January; a layout without a date means today.
  std::optional<TimeNs> parse(std::string_view text, TimeNs now) const;

 private:
  TimeFormat() = default;
  std::optional<TimeNs> parse_layout(std::string_view layout, std::string_view text) const;
  std::int64_t local_days(TimeNs now) const;

  TimeNs unix_unit_ = 0;  // 0: a layout
  std::string layout_;
  std::string zone_;
  bool has_year_ = false;
  bool has_day_ = false;
};

}  // namespace trilobite::agent
