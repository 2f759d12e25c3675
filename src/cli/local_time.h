// Times as a person at a terminal writes and reads them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace trilobite::cli {

enum class TimeForm : std::uint8_t { kSeconds, kNanoseconds, kUnixNs };  // RFC 3339, RFC 3339 with a fraction, a number
enum class Zone : std::uint8_t { kLocal, kUtc };

struct TimeStyle {
  TimeForm form = TimeForm::kSeconds;
  Zone zone = Zone::kLocal;
};
std::string format_time(TimeNs time, const TimeStyle& style);  // 2026-01-15T09:00:00+01:00

// What Loki takes (RFC 3339, Unix seconds or nanoseconds), "now", a time before now ("now-2h"), or a date.
Result<TimeNs> parse_time(std::string_view text, TimeNs now);

}  // namespace trilobite::cli
