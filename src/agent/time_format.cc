#include "agent/time_format.h"

#include <date/tz.h>

#include <array>
#include <chrono>

#include "agent/duration.h"
#include "logs/go_time.h"

namespace trilobite::agent {
namespace {

struct Named {
  std::string_view name, layout;
};
constexpr std::array kNamed{
    Named{"ANSIC", "Mon Jan _2 15:04:05 2006"},          Named{"UnixDate", "Mon Jan _2 15:04:05 MST 2006"},
    Named{"RubyDate", "Mon Jan 02 15:04:05 -0700 2006"}, Named{"RFC822", "02 Jan 06 15:04 MST"},
    Named{"RFC822Z", "02 Jan 06 15:04 -0700"},           Named{"RFC850", "Monday, 02-Jan-06 15:04:05 MST"},
    Named{"RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"},   Named{"RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"},
    Named{"RFC3339", "2006-01-02T15:04:05Z07:00"},       Named{"RFC3339Nano", "2006-01-02T15:04:05.999999999Z07:00"},
};
struct Unix {
  std::string_view name;
  TimeNs unit;
};
constexpr std::array kUnix{Unix{"Unix", kNsPerSecond}, Unix{"UnixMs", 1'000'000}, Unix{"UnixUs", 1'000},
                           Unix{"UnixNs", 1}};

constexpr TimeNs kDay = 86400 * kNsPerSecond;

// Two moments that differ in everything; and one that differs from the first only in the part asked about.
constexpr logql::GoTime kMoment{.seconds = 1257894062, .nanos = 123456789};  // 2009-11-10 23:01:02
constexpr logql::GoTime kOther{.seconds = 1534567891, .nanos = 987654321};   // 2018-08-18 04:51:31
constexpr logql::GoTime kNextYear{.seconds = 1257894062 + 365 * 86400, .nanos = 123456789};
constexpr logql::GoTime kNextMonths{.seconds = 1257894062 - 63 * 86400, .nanos = 123456789};  // 2009-09-08

bool tells_apart(std::string_view layout, const logql::GoTime& a, const logql::GoTime& b) {
  return logql::format_time(a, layout) != logql::format_time(b, layout);
}

std::optional<TimeNs> parse_unix(std::string_view text, TimeNs unit) {
  if (auto whole = parse_integer(text); whole.ok()) {
    if (*whole > INT64_MAX / unit || *whole < INT64_MIN / unit) return std::nullopt;
    return *whole * unit;
  }
  // Only seconds may have a fraction; its digits are taken as they are, because a double has too few.
  const std::size_t dot = text.find('.');
  if (unit != kNsPerSecond || dot == std::string_view::npos || dot + 1 == text.size()) return std::nullopt;
  auto seconds = parse_integer(text.substr(0, dot));
  std::string digits(text.substr(dot + 1, 9));
  digits.resize(9, '0');
  auto fraction = parse_integer(digits);
  if (!seconds.ok() || !fraction.ok() || *fraction < 0 || *seconds < 0 || *seconds > INT64_MAX / unit - 1) {
    return std::nullopt;
  }
  return *seconds * unit + *fraction;
}

}  // namespace

Result<TimeFormat> TimeFormat::compile(std::string_view format, std::string_view zone) {
  TimeFormat out;
  if (!zone.empty()) {
    try {
      static_cast<void>(date::locate_zone(std::string(zone)));
    } catch (const std::exception&) {
      return error(Code::kInvalid, "unknown time zone \"{}\"", zone);
    }
  }
  out.zone_ = zone;
  for (const Unix& each : kUnix) {
    if (each.name == format) out.unix_unit_ = each.unit;
  }
  if (out.unix_unit_ != 0) return out;
  out.layout_ = format;
  for (const Named& each : kNamed) {
    if (each.name == format) out.layout_ = each.layout;
  }
  if (!tells_apart(out.layout_, kMoment, kOther)) {
    return error(Code::kInvalid, "\"{}\" is not a layout: it has no part of Mon Jan 2 15:04:05 MST 2006", format);
  }
  // Looked for by name: a weekday would differ from year to year, too.
  out.has_year_ = out.layout_.find("2006") != std::string::npos || out.layout_.find("06") != std::string::npos;
  out.has_day_ =
      tells_apart(out.layout_, kMoment, kNextMonths) || (out.has_year_ && tells_apart(out.layout_, kMoment, kNextYear));
  return out;
}

std::optional<TimeNs> TimeFormat::parse_layout(std::string_view layout, std::string_view text) const {
  const auto time = logql::parse_time(layout, text, zone_);
  if (!time) return std::nullopt;
  constexpr std::int64_t kSecondsMax = INT64_MAX / kNsPerSecond - 1;
  if (time->seconds > kSecondsMax || time->seconds < -kSecondsMax) return std::nullopt;
  return time->unix_nanos();
}

std::int64_t TimeFormat::local_days(TimeNs now) const {
  std::chrono::nanoseconds local(now);
  if (!zone_.empty()) {
    const date::sys_time<std::chrono::nanoseconds> time{local};
    local = date::locate_zone(zone_)->to_local(time).time_since_epoch();
  }
  return date::floor<date::days>(local).count();
}

std::optional<TimeNs> TimeFormat::parse(std::string_view text, TimeNs now) const {
  if (unix_unit_ != 0) return parse_unix(text, unix_unit_);
  if (has_year_) return parse_layout(layout_, text);
  const logql::CivilTime today = logql::civil_of(logql::GoTime{.seconds = local_days(now) * 86400});
  if (!has_day_) {
    return parse_layout("2006-01-02 " + layout_,
                        fmt::format("{:04}-{:02}-{:02} {}", today.year, today.month, today.day, text));
  }
  // Feb 29 may be several years back.
  for (std::int64_t year = today.year + 1; year > today.year - 9; --year) {
    const auto time = parse_layout("2006 " + layout_, fmt::format("{:04} {}", year, text));
    if (time && *time <= now + kDay) return time;
  }
  return std::nullopt;
}

}  // namespace trilobite::agent
