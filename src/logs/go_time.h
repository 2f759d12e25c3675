// Times as Go's templates see them: seconds and nanoseconds since 1970, written and read with Go's layouts
// ("2006-01-02T15:04:05.000Z07:00").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace trilobite::logql {

struct GoTime {
  std::int64_t seconds = -62135596800;  // Go's zero time: year 1
  std::int32_t nanos = 0;

  static GoTime from_ns(TimeNs ns);
  std::int64_t unix_nanos() const {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(seconds) * 1'000'000'000U +
                                     static_cast<std::uint64_t>(nanos));
  }
  std::int64_t unix_millis() const { return seconds * 1000 + nanos / 1'000'000; }
  friend bool operator==(const GoTime&, const GoTime&) = default;
};

struct CivilTime {
  std::int64_t year = 1970;
  int month = 1, day = 1;       // from 1
  int hour = 0, minute = 0, second = 0, nanos = 0;
  int weekday = 4, yearday = 1; // Sunday is 0; January 1st is 1
};
CivilTime civil_of(const GoTime& time);  // UTC

std::string format_time(const GoTime& time, std::string_view layout);  // in UTC
// `zone` is an IANA name for texts without an offset of their own; an unknown one is UTC. Nothing when the text does
// not fit the layout.
std::optional<GoTime> parse_time(std::string_view layout, std::string_view text, std::string_view zone);

}  // namespace trilobite::logql
