// Points in time as log lines spell them. A format is exact: what parses gives the same text when rendered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"

namespace trilobite::columnar {

struct TimeFormat {
  enum class Layout : std::uint8_t {
    kIso = 0,        // 2026-01-15T00:00:01.5Z
    kCommonLog = 1,  // 15/Jan/2026:00:00:01 +0000
  };
  Layout layout = Layout::kIso;
  char between = 'T';       // date and time of day; for kIso
  char point = '.';         // in front of the fraction
  std::uint8_t digits = 0;  // of the fraction, 0 to 9
  std::string zone;         // as spelled: "", "Z", "+02:00", "+0200", " +0200"
  std::int32_t zone_seconds = 0;

  std::int64_t unit_ns() const;  // the format's resolution
  friend bool operator==(const TimeFormat&, const TimeFormat&) = default;
};

inline constexpr std::size_t kTimeTextBytesMax = 40;

// What format this text has; none when it is not a time between the years 1700 and 2199.
std::optional<TimeFormat> detect_time_format(std::string_view text);

// Remembers the last date, since neighbours share it. One thread.
class TimeParser {
 public:
  explicit TimeParser(const TimeFormat& format) : format_(format), unit_ns_(format.unit_ns()) {}
  std::optional<TimeNs> parse(std::string_view text);

 private:
  const TimeFormat& format_;
  std::int64_t unit_ns_;
  char date_[12] = {};  // as text; meaningful once has_date_
  bool has_date_ = false;
  std::int64_t date_seconds_ = 0;
};

// Writes at most kTimeTextBytesMax bytes; returns the end. Any number of nanoseconds gives some text.
char* render_time(const TimeFormat& format, TimeNs time, char* out);

void append_time_format(const TimeFormat& format, std::string& out);
Result<TimeFormat> read_time_format(ByteReader& in);

}  // namespace trilobite::columnar
