#include "logs/go_time.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <array>

namespace trilobite::logql {

namespace {

enum class Part : std::uint8_t {
  kText,
  kLongMonth,
  kMonth,
  kMonthNumber,
  kMonthTwo,
  kLongDay,
  kDayName,
  kDay,
  kDayBlank,
  kDayTwo,
  kYearDay,
  kYearDayBlank,
  kHour,
  kHour12,
  kHour12Two,
  kMinute,
  kMinuteTwo,
  kSecond,
  kSecondTwo,
  kYear,
  kYearTwo,
  kUpperPm,
  kLowerPm,
  kZoneName,
  kZ,
  kZColon,
  kOffset,
  kOffsetColon,
  kOffsetHour,
  kFraction,
  kFractionTrimmed,
};

struct Piece {
  std::string_view text;
  Part part;
};
// Longer pieces in front of those they begin with.
constexpr std::array<Piece, 28> kPieces{{
    {"January", Part::kLongMonth}, {"Jan", Part::kMonth},          {"Monday", Part::kLongDay},
    {"Mon", Part::kDayName},       {"MST", Part::kZoneName},       {"2006", Part::kYear},
    {"002", Part::kYearDay},       {"__2", Part::kYearDayBlank},   {"_2", Part::kDayBlank},
    {"01", Part::kMonthTwo},       {"02", Part::kDayTwo},          {"03", Part::kHour12Two},
    {"04", Part::kMinuteTwo},      {"05", Part::kSecondTwo},       {"06", Part::kYearTwo},
    {"15", Part::kHour},           {"1", Part::kMonthNumber},      {"2", Part::kDay},
    {"3", Part::kHour12},          {"4", Part::kMinute},           {"5", Part::kSecond},
    {"PM", Part::kUpperPm},        {"pm", Part::kLowerPm},         {"Z07:00", Part::kZColon},
    {"Z0700", Part::kZ},           {"-07:00", Part::kOffsetColon}, {"-0700", Part::kOffset},
    {"-07", Part::kOffsetHour},
}};
constexpr std::array<std::string_view, 12> kMonths{"January",   "February", "March",    "April",
                                                   "May",       "June",     "July",     "August",
                                                   "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kDays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                "Thursday", "Friday", "Saturday"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The next piece of a layout; removes it. Text comes byte by byte.
Piece next_piece(std::string_view& layout) {
  if ((layout[0] == '.' || layout[0] == ',') && layout.size() > 1 && (layout[1] == '0' || layout[1] == '9')) {
    std::size_t end = 1;
    while (end < layout.size() && layout[end] == layout[1]) ++end;
    if (end == layout.size() || !is_digit(layout[end])) {
      const Piece out{layout.substr(0, end), layout[1] == '0' ? Part::kFraction : Part::kFractionTrimmed};
      layout.remove_prefix(end);
      return out;
    }
  }
  if (layout.substr(0, 5) == "_2006") {
    layout.remove_prefix(1);
    return {"_", Part::kText};
  }
  for (const Piece& piece : kPieces) {
    if (piece.part != Part::kText && layout.substr(0, piece.text.size()) == piece.text) {
      layout.remove_prefix(piece.text.size());
      return piece;
    }
  }
  const Piece out{layout.substr(0, 1), Part::kText};
  layout.remove_prefix(1);
  return out;
}

std::string fraction(const CivilTime& civil, std::string_view piece, bool trimmed) {
  std::string digits = fmt::format("{:09}", civil.nanos).substr(0, std::min<std::size_t>(9, piece.size() - 1));
  if (trimmed) {
    while (!digits.empty() && digits.back() == '0') digits.pop_back();
    if (digits.empty()) return "";
  }
  return std::string(1, piece[0]) + digits;
}

std::string format_piece(const CivilTime& c, const Piece& piece) {
  const int hour12 = c.hour % 12 == 0 ? 12 : c.hour % 12;
  switch (piece.part) {
    case Part::kText: return std::string(piece.text);
    case Part::kLongMonth: return std::string(kMonths[static_cast<std::size_t>(c.month - 1)]);
    case Part::kMonth: return std::string(kMonths[static_cast<std::size_t>(c.month - 1)].substr(0, 3));
    case Part::kMonthNumber: return fmt::format("{}", c.month);
    case Part::kMonthTwo: return fmt::format("{:02}", c.month);
    case Part::kLongDay: return std::string(kDays[static_cast<std::size_t>(c.weekday)]);
    case Part::kDayName: return std::string(kDays[static_cast<std::size_t>(c.weekday)].substr(0, 3));
    case Part::kDay: return fmt::format("{}", c.day);
    case Part::kDayBlank: return fmt::format("{:2}", c.day);
    case Part::kDayTwo: return fmt::format("{:02}", c.day);
    case Part::kYearDay: return fmt::format("{:03}", c.yearday);
    case Part::kYearDayBlank: return fmt::format("{:3}", c.yearday);
    case Part::kHour: return fmt::format("{:02}", c.hour);
    case Part::kHour12: return fmt::format("{}", hour12);
    case Part::kHour12Two: return fmt::format("{:02}", hour12);
    case Part::kMinute: return fmt::format("{}", c.minute);
    case Part::kMinuteTwo: return fmt::format("{:02}", c.minute);
    case Part::kSecond: return fmt::format("{}", c.second);
    case Part::kSecondTwo: return fmt::format("{:02}", c.second);
    case Part::kYear: return fmt::format("{:04}", c.year);
    case Part::kYearTwo: return fmt::format("{:02}", ((c.year % 100) + 100) % 100);
    case Part::kUpperPm: return c.hour >= 12 ? "PM" : "AM";
    case Part::kLowerPm: return c.hour >= 12 ? "pm" : "am";
    case Part::kZoneName: return "UTC";
    case Part::kZ:
    case Part::kZColon: return "Z";
    case Part::kOffset: return "+0000";
    case Part::kOffsetColon: return "+00:00";
    case Part::kOffsetHour: return "+00";
    case Part::kFraction: return fraction(c, piece.text, false);
    case Part::kFractionTrimmed: return fraction(c, piece.text, true);
  }
  return "";
}

// ---- Reading ----

struct Parsed {
  std::int64_t year = 0;  // Go's default is year 0, January 1st
  int month = 1, day = 1, yearday = 0, hour = 0, minute = 0, second = 0, nanos = 0;
  bool pm = false, pm_set = false;
  std::optional<int> offset_seconds;
};

bool take_number(std::string_view& text, std::size_t min, std::size_t max, int& out) {
  std::size_t length = 0;
  int value = 0;
  while (length < max && length < text.size() && is_digit(text[length])) value = value * 10 + (text[length++] - '0');
  if (length < min) return false;
  text.remove_prefix(length);
  out = value;
  return true;
}

template <class Names>
bool take_name(std::string_view& text, const Names& names, std::size_t length, int& out) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string_view name = length == 0 ? names[i] : names[i].substr(0, length);
    if (text.substr(0, name.size()) != name) continue;
    text.remove_prefix(name.size());
    out = static_cast<int>(i);
    return true;
  }
  return false;
}

bool take_offset(std::string_view& text, bool z, bool colon, bool minutes, Parsed& parsed) {
  if (z && !text.empty() && text.front() == 'Z') {
    text.remove_prefix(1);
    parsed.offset_seconds = 0;
    return true;
  }
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return false;
  const int sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  int hour = 0, minute = 0;
  if (!take_number(text, 2, 2, hour)) return false;
  if (colon) {
    if (text.empty() || text.front() != ':') return false;
    text.remove_prefix(1);
  }
  if (minutes && !take_number(text, 2, 2, minute)) return false;
  parsed.offset_seconds = sign * (hour * 3600 + minute * 60);
  return true;
}

// A fraction of a second, its separator included.
bool take_fraction(std::string_view& text, Parsed& parsed) {
  std::size_t length = 1;
  int value = 0;
  int digits = 0;
  while (length < text.size() && is_digit(text[length])) {
    if (digits < 9) {
      value = value * 10 + (text[length] - '0');
      ++digits;
    }
    ++length;
  }
  if (digits == 0) return false;
  for (; digits < 9; ++digits) value *= 10;
  parsed.nanos = value;
  text.remove_prefix(length);
  return true;
}

bool take_piece(const Piece& piece, std::string_view next_layout, std::string_view& text, Parsed& p) {
  int number = 0;
  switch (piece.part) {
    case Part::kText:
      if (text.empty() || text.front() != piece.text.front()) return false;
      text.remove_prefix(1);
      return true;
    case Part::kLongMonth: return take_name(text, kMonths, 0, number) && (p.month = number + 1, true);
    case Part::kMonth: return take_name(text, kMonths, 3, number) && (p.month = number + 1, true);
    case Part::kLongDay: return take_name(text, kDays, 0, number);
    case Part::kDayName: return take_name(text, kDays, 3, number);
    case Part::kMonthNumber: return take_number(text, 1, 2, p.month);
    case Part::kMonthTwo: return take_number(text, 2, 2, p.month);
    case Part::kDayBlank:
      if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
      return take_number(text, 1, 2, p.day);
    case Part::kDay: return take_number(text, 1, 2, p.day);
    case Part::kDayTwo: return take_number(text, 2, 2, p.day);
    case Part::kYearDayBlank:
      while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
      return take_number(text, 1, 3, p.yearday);
    case Part::kYearDay: return take_number(text, 3, 3, p.yearday);
    case Part::kHour: return take_number(text, 2, 2, p.hour);
    case Part::kHour12: return take_number(text, 1, 2, p.hour);
    case Part::kHour12Two: return take_number(text, 2, 2, p.hour);
    case Part::kMinute: return take_number(text, 1, 2, p.minute);
    case Part::kMinuteTwo: return take_number(text, 2, 2, p.minute);
    case Part::kSecond:
    case Part::kSecondTwo: {
      if (!take_number(text, piece.part == Part::kSecond ? 1 : 2, 2, p.second)) return false;
      // Go takes a fraction here even where the layout has none.
      const bool fraction_next = !next_layout.empty() && (next_layout[0] == '.' || next_layout[0] == ',');
      if (!fraction_next && text.size() > 1 && (text[0] == '.' || text[0] == ',') && is_digit(text[1]))
        take_fraction(text, p);
      return true;
    }
    case Part::kYear: return take_number(text, 4, 4, number) && (p.year = number, true);
    case Part::kYearTwo:
      return take_number(text, 2, 2, number) && (p.year = number + (number >= 69 ? 1900 : 2000), true);
    case Part::kUpperPm:
    case Part::kLowerPm: {
      const std::string_view word = text.substr(0, 2);
      const bool upper = piece.part == Part::kUpperPm;
      if (word != (upper ? "PM" : "pm") && word != (upper ? "AM" : "am")) return false;
      p.pm = word[0] == 'P' || word[0] == 'p';
      p.pm_set = true;
      text.remove_prefix(2);
      return true;
    }
    case Part::kZoneName: {
      std::size_t length = 0;
      while (length < text.size() && text[length] >= 'A' && text[length] <= 'Z') ++length;
      if (length < 3 || length > 5) return false;
      if (text.substr(0, length) == "UTC") p.offset_seconds = 0;
      text.remove_prefix(length);
      return true;
    }
    case Part::kZ: return take_offset(text, true, false, true, p);
    case Part::kZColon: return take_offset(text, true, true, true, p);
    case Part::kOffset: return take_offset(text, false, false, true, p);
    case Part::kOffsetColon: return take_offset(text, false, true, true, p);
    case Part::kOffsetHour: return take_offset(text, false, false, false, p);
    case Part::kFraction: {
      if (text.empty() || text.front() != piece.text.front()) return false;
      const std::size_t before = text.size();
      return take_fraction(text, p) && before - text.size() == piece.text.size();
    }
    case Part::kFractionTrimmed:
      if (text.size() > 1 && text.front() == piece.text.front() && is_digit(text[1])) return take_fraction(text, p);
      return true;
  }
  return false;
}

std::int64_t zone_offset(std::string_view zone, std::int64_t local_seconds) {
  if (zone.empty() || zone == "UTC" || zone == "Local") return 0;
  try {
    const date::time_zone* found = date::locate_zone(std::string(zone));
    const date::local_seconds local{std::chrono::seconds(local_seconds)};
    return local_seconds - found->to_sys(local, date::choose::earliest).time_since_epoch().count();
  } catch (const std::exception&) {
    return 0;
  }
}

}  // namespace

GoTime GoTime::from_ns(TimeNs ns) {
  GoTime out;
  out.seconds = ns / kNsPerSecond;
  out.nanos = static_cast<std::int32_t>(ns % kNsPerSecond);
  if (out.nanos < 0) {
    --out.seconds;
    out.nanos += static_cast<std::int32_t>(kNsPerSecond);
  }
  return out;
}

CivilTime civil_of(const GoTime& time) {
  CivilTime out;
  std::int64_t days = time.seconds / 86400;
  std::int64_t seconds = time.seconds % 86400;
  if (seconds < 0) {
    --days;
    seconds += 86400;
  }
  // Days of the proleptic Gregorian calendar in eras of 400 years that begin on March 1st.
  const std::int64_t shifted = days + 719468;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const std::int64_t day_of_era = shifted - era * 146097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month = (5 * day_of_year + 2) / 153;
  out.day = static_cast<int>(day_of_year - (153 * month + 2) / 5 + 1);
  out.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
  out.year = year_of_era + era * 400 + (out.month <= 2 ? 1 : 0);
  out.hour = static_cast<int>(seconds / 3600);
  out.minute = static_cast<int>(seconds / 60 % 60);
  out.second = static_cast<int>(seconds % 60);
  out.nanos = time.nanos;
  out.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
  const bool leap = (out.year % 4 == 0 && out.year % 100 != 0) || out.year % 400 == 0;
  static constexpr std::array<int, 12> kBefore{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  out.yearday = kBefore[static_cast<std::size_t>(out.month - 1)] + out.day + (leap && out.month > 2 ? 1 : 0);
  return out;
}

std::string format_time(const GoTime& time, std::string_view layout) {
  const CivilTime civil = civil_of(time);
  std::string out;
  while (!layout.empty()) out += format_piece(civil, next_piece(layout));
  return out;
}

std::optional<GoTime> parse_time(std::string_view layout, std::string_view text, std::string_view zone) {
  Parsed p;
  while (!layout.empty()) {
    const Piece piece = next_piece(layout);
    if (!take_piece(piece, layout, text, p)) return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  if (p.pm_set && p.hour <= 12) p.hour = p.hour % 12 + (p.pm ? 12 : 0);
  if (p.month < 1 || p.month > 12 || p.day < 1 || p.hour > 23 || p.minute > 59 || p.second > 59) return std::nullopt;
  const date::year_month_day ymd{date::year(static_cast<int>(p.year)), date::month(static_cast<unsigned>(p.month)),
                                 date::day(static_cast<unsigned>(p.day))};
  if (!ymd.ok()) return std::nullopt;
  std::int64_t days = date::sys_days(ymd).time_since_epoch().count();
  if (p.yearday > 0)
    days = date::sys_days(date::year(static_cast<int>(p.year)) / 1 / 1).time_since_epoch().count() + p.yearday - 1;
  const std::int64_t local = days * 86400 + p.hour * 3600 + p.minute * 60 + p.second;
  GoTime out;
  out.seconds = local - (p.offset_seconds ? *p.offset_seconds : zone_offset(zone, local));
  out.nanos = p.nanos;
  return out;
}

}  // namespace trilobite::logql
