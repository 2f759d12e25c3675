#include "agent/go_time.h"

#include <date/tz.h>

#include <array>
#include <chrono>
#include <optional>

namespace trilobite::agent {
namespace {

enum class Part : std::uint8_t {
  kLiteral, kYear, kYear2, kMonthName, kMonthShort, kMonth, kMonth2, kWeekday, kWeekdayShort, kDay, kDay2, kDaySpace,
  kDayOfYear, kHour, kHour12, kHour12Two, kMinute, kMinute2, kSecond, kSecond2, kAmPm, kAmPmLower, kZoneName,
  kOffset, kOffsetColon, kOffsetHours, kOffsetSeconds, kOffsetColonSeconds, kFractionFixed, kFractionAny,
};

struct Token {
  Part part = Part::kLiteral;
  std::string_view text;  // as in the layout
  bool z_is_utc = false;  // offsets that start with Z in the layout
};

struct Pattern {
  std::string_view text;
  Part part;
  bool z_is_utc = false;
};

// The longer of two with the same beginning comes first.
constexpr std::array kPatterns{
    Pattern{"January", Part::kMonthName}, Pattern{"Jan", Part::kMonthShort}, Pattern{"Monday", Part::kWeekday},
    Pattern{"Mon", Part::kWeekdayShort}, Pattern{"MST", Part::kZoneName}, Pattern{"002", Part::kDayOfYear},
    Pattern{"01", Part::kMonth2}, Pattern{"02", Part::kDay2}, Pattern{"03", Part::kHour12Two},
    Pattern{"04", Part::kMinute2}, Pattern{"05", Part::kSecond2}, Pattern{"06", Part::kYear2},
    Pattern{"15", Part::kHour}, Pattern{"1", Part::kMonth}, Pattern{"2006", Part::kYear}, Pattern{"2", Part::kDay},
    Pattern{"_2", Part::kDaySpace}, Pattern{"3", Part::kHour12}, Pattern{"4", Part::kMinute},
    Pattern{"5", Part::kSecond}, Pattern{"PM", Part::kAmPm}, Pattern{"pm", Part::kAmPmLower},
    Pattern{"-07:00:00", Part::kOffsetColonSeconds}, Pattern{"-07:00", Part::kOffsetColon},
    Pattern{"-070000", Part::kOffsetSeconds}, Pattern{"-0700", Part::kOffset}, Pattern{"-07", Part::kOffsetHours},
    Pattern{"Z07:00:00", Part::kOffsetColonSeconds, true}, Pattern{"Z07:00", Part::kOffsetColon, true},
    Pattern{"Z070000", Part::kOffsetSeconds, true}, Pattern{"Z0700", Part::kOffset, true},
    Pattern{"Z07", Part::kOffsetHours, true},
};

constexpr std::array<std::string_view, 12> kMonths{"January", "February", "March",     "April",   "May",      "June",
                                                   "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kWeekdays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                    "Thursday", "Friday", "Saturday"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// ".000" or ",999": a fraction, unless more digits follow.
std::size_t fraction_length(std::string_view layout) {
  if (layout.size() < 2 || (layout[0] != '.' && layout[0] != ',') || (layout[1] != '0' && layout[1] != '9')) return 0;
  std::size_t end = 1;
  while (end < layout.size() && layout[end] == layout[1]) ++end;
  return end < layout.size() && is_digit(layout[end]) ? 0 : end;
}

std::optional<Token> token_at(std::string_view layout) {
  if (const std::size_t length = fraction_length(layout)) {
    return Token{layout[1] == '0' ? Part::kFractionFixed : Part::kFractionAny, layout.substr(0, length)};
  }
  if (layout.starts_with("_2006")) return std::nullopt;  // a literal underscore in front of the year
  for (const Pattern& pattern : kPatterns) {
    if (!layout.starts_with(pattern.text)) continue;
    // "Jan" within a word such as "Janet" is text, as Go has it.
    const bool short_name = pattern.part == Part::kMonthShort || pattern.part == Part::kWeekdayShort;
    if (short_name && layout.size() > 3 && layout[3] >= 'a' && layout[3] <= 'z') continue;
    return Token{pattern.part, pattern.text, pattern.z_is_utc};
  }
  return std::nullopt;
}

// Splits the next token off the layout; text up to it comes first, as a literal.
Token next_token(std::string_view& layout) {
  for (std::size_t i = 0; i < layout.size(); ++i) {
    if (auto token = token_at(layout.substr(i))) {
      if (i > 0) {
        const Token literal{Part::kLiteral, layout.substr(0, i)};
        layout.remove_prefix(i);
        return literal;
      }
      layout.remove_prefix(token->text.size());
      return *token;
    }
  }
  const Token literal{Part::kLiteral, layout};
  layout = {};
  return literal;
}

struct Fields {
  std::optional<int> year, month, day, day_of_year;
  int hour = 0, minute = 0, second = 0;
  std::int64_t nanosecond = 0;
  std::optional<bool> afternoon;
  std::optional<int> offset_seconds;
};

class Parser {
 public:
  Parser(std::string_view layout, std::string_view text) : layout_(layout), text_(text) {}

  // False: the text is not as the layout says.
  bool run() {
    while (!layout_.empty()) {
      if (!take(next_token(layout_))) return false;
    }
    return text_.empty();
  }
  const Fields& fields() const { return fields_; }

 private:
  std::optional<int> digits(std::size_t min, std::size_t max) {
    std::size_t n = 0;
    int value = 0;
    while (n < max && n < text_.size() && is_digit(text_[n])) value = value * 10 + (text_[n++] - '0');
    if (n < min) return std::nullopt;
    text_.remove_prefix(n);
    return value;
  }
  bool number(std::size_t min, std::size_t max, int low, int high, std::optional<int>& out) {
    out = digits(min, max);
    return out && *out >= low && *out <= high;
  }
  bool number(std::size_t min, std::size_t max, int low, int high, int& out) {
    std::optional<int> value;
    if (!number(min, max, low, high, value)) return false;
    out = *value;
    return true;
  }
  template <std::size_t N>
  std::optional<int> name(const std::array<std::string_view, N>& names, std::size_t length) {
    for (std::size_t i = 0; i < N; ++i) {
      const std::string_view wanted = names[i].substr(0, length);
      if (text_.size() < wanted.size()) continue;
      bool same = true;
      for (std::size_t k = 0; k < wanted.size(); ++k) same = same && lower(text_[k]) == lower(wanted[k]);
      if (!same) continue;
      text_.remove_prefix(wanted.size());
      return static_cast<int>(i);
    }
    return std::nullopt;
  }

  bool take(const Token& token);
  bool literal(std::string_view wanted);
  bool second(std::size_t min);
  bool fraction(std::size_t digits_exact);
  bool offset(const Token& token);
  bool zone_name();

  std::string_view layout_;
  std::string_view text_;
  Fields fields_;
};

// Blanks of the layout match any number of blanks, as in Go.
bool Parser::literal(std::string_view wanted) {
  while (!wanted.empty()) {
    if (wanted.front() == ' ') {
      if (!text_.empty() && text_.front() != ' ') return false;
      while (!wanted.empty() && wanted.front() == ' ') wanted.remove_prefix(1);
      while (!text_.empty() && text_.front() == ' ') text_.remove_prefix(1);
      continue;
    }
    if (text_.empty() || text_.front() != wanted.front()) return false;
    wanted.remove_prefix(1);
    text_.remove_prefix(1);
  }
  return true;
}

bool Parser::fraction(std::size_t digits_exact) {
  if (text_.size() < 2 || (text_[0] != '.' && text_[0] != ',') || !is_digit(text_[1])) return digits_exact == 0;
  std::size_t end = 1;
  std::int64_t value = 0;
  std::int64_t scale = kNsPerSecond;
  while (end < text_.size() && is_digit(text_[end])) {
    if (scale > 1) {
      value = value * 10 + (text_[end] - '0');
      scale /= 10;
    }
    ++end;
  }
  if (digits_exact > 0 && end != digits_exact + 1) return false;
  fields_.nanosecond = value * scale;
  text_.remove_prefix(end);
  return true;
}

// A fraction may follow the seconds although the layout has none.
bool Parser::second(std::size_t min) {
  if (!number(min, 2, 0, 60, fields_.second)) return false;
  if (fields_.second == 60) fields_.second = 59;  // a leap second; the time line has none
  return fraction_length(layout_) > 0 || fraction(0);
}

bool Parser::offset(const Token& token) {
  if (token.z_is_utc && text_.starts_with('Z')) {
    text_.remove_prefix(1);
    fields_.offset_seconds = 0;
    return true;
  }
  if (text_.empty() || (text_[0] != '+' && text_[0] != '-')) return false;
  const int sign = text_[0] == '-' ? -1 : 1;
  text_.remove_prefix(1);
  const bool colon = token.part == Part::kOffsetColon || token.part == Part::kOffsetColonSeconds;
  const int parts = token.part == Part::kOffsetHours                                                      ? 1
                    : token.part == Part::kOffsetSeconds || token.part == Part::kOffsetColonSeconds ? 3
                                                                                                          : 2;
  int total = 0;
  for (int i = 0, unit = 3600; i < parts; ++i, unit /= 60) {
    if (i > 0 && colon) {
      if (!text_.starts_with(':')) return false;
      text_.remove_prefix(1);
    }
    int value = 0;
    if (!number(2, 2, 0, i == 0 ? 24 : 59, value)) return false;
    total += value * unit;
  }
  fields_.offset_seconds = sign * total;
  return true;
}

// Go knows the offset of UTC only, and of GMT+3; other names are read and mean nothing.
bool Parser::zone_name() {
  std::size_t end = 0;
  while (end < text_.size() && text_[end] >= 'A' && text_[end] <= 'Z') ++end;
  if (end < 3 || end > 5) return false;
  const std::string_view zone = text_.substr(0, end);
  text_.remove_prefix(end);
  if (zone == "UTC" || zone == "GMT") fields_.offset_seconds = 0;
  if (zone == "GMT" && text_.size() >= 2 && (text_[0] == '+' || text_[0] == '-') && is_digit(text_[1])) {
    const int sign = text_[0] == '-' ? -1 : 1;
    text_.remove_prefix(1);
    const auto hours = digits(1, 2);
    fields_.offset_seconds = sign * hours.value_or(0) * 3600;
  }
  return true;
}

bool Parser::take(const Token& token) {
  switch (token.part) {
    case Part::kLiteral: return literal(token.text);
    case Part::kYear: return number(4, 4, 0, 9999, fields_.year);
    case Part::kYear2:
      if (!number(2, 2, 0, 99, fields_.year)) return false;
      *fields_.year += *fields_.year >= 69 ? 1900 : 2000;
      return true;
    case Part::kMonthName:
    case Part::kMonthShort: {
      const auto month = name(kMonths, token.part == Part::kMonthName ? std::string_view::npos : 3);
      if (month) fields_.month = *month + 1;
      return month.has_value();
    }
    case Part::kMonth: return number(1, 2, 1, 12, fields_.month);
    case Part::kMonth2: return number(2, 2, 1, 12, fields_.month);
    case Part::kWeekday: return name(kWeekdays, std::string_view::npos).has_value();
    case Part::kWeekdayShort: return name(kWeekdays, 3).has_value();
    case Part::kDaySpace:
      if (text_.starts_with(' ')) text_.remove_prefix(1);
      return number(1, 2, 1, 31, fields_.day);
    case Part::kDay: return number(1, 2, 1, 31, fields_.day);
    case Part::kDay2: return number(2, 2, 1, 31, fields_.day);
    case Part::kDayOfYear: return number(3, 3, 1, 366, fields_.day_of_year);
    case Part::kHour: return number(2, 2, 0, 23, fields_.hour);
    case Part::kHour12: return number(1, 2, 0, 12, fields_.hour);
    case Part::kHour12Two: return number(2, 2, 0, 12, fields_.hour);
    case Part::kMinute: return number(1, 2, 0, 59, fields_.minute);
    case Part::kMinute2: return number(2, 2, 0, 59, fields_.minute);
    case Part::kSecond: return second(1);
    case Part::kSecond2: return second(2);
    case Part::kAmPm:
    case Part::kAmPmLower: {
      if (text_.size() < 2 || lower(text_[1]) != 'm' || (lower(text_[0]) != 'a' && lower(text_[0]) != 'p')) return false;
      fields_.afternoon = lower(text_[0]) == 'p';
      text_.remove_prefix(2);
      return true;
    }
    case Part::kZoneName: return zone_name();
    case Part::kFractionFixed: return fraction(token.text.size() - 1);
    case Part::kFractionAny: return fraction(0);
    case Part::kOffset:
    case Part::kOffsetColon:
    case Part::kOffsetHours:
    case Part::kOffsetSeconds:
    case Part::kOffsetColonSeconds: return offset(token);
  }
  return false;
}

// Times that a nanosecond count can hold.
constexpr int kYearMin = 1678, kYearMax = 2261;

std::optional<date::sys_days> date_of(const Fields& fields, int year) {
  if (year < kYearMin || year > kYearMax) return std::nullopt;
  if (fields.day_of_year) {
    const auto first = date::sys_days(date::year(year) / 1 / 1);
    const int days = date::year(year).is_leap() ? 366 : 365;
    if (*fields.day_of_year > days) return std::nullopt;
    return first + date::days(*fields.day_of_year - 1);
  }
  const auto ymd = date::year(year) / date::month(static_cast<unsigned>(fields.month.value_or(1))) /
                   date::day(static_cast<unsigned>(fields.day.value_or(1)));
  if (!ymd.ok()) return std::nullopt;
  return date::sys_days(ymd);
}

TimeNs ns_of(date::sys_days day) { return day.time_since_epoch().count() * 86400 * kNsPerSecond; }

date::sys_days day_of(TimeNs time) {
  return date::floor<date::days>(date::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(time)));
}

std::optional<TimeNs> resolve(const Fields& fields, const TimeZone* zone, TimeNs now) {
  int hour = fields.hour;
  if (fields.afternoon) hour = hour % 12 + (*fields.afternoon ? 12 : 0);
  const TimeNs clock =
      ((hour * 60LL + fields.minute) * 60 + fields.second) * kNsPerSecond + fields.nanosecond;
  const auto utc = [&](date::sys_days day) {
    const TimeNs local = ns_of(day) + clock;
    if (fields.offset_seconds) return local - *fields.offset_seconds * kNsPerSecond;
    return zone == nullptr ? local : zone->to_utc(local);
  };
  const date::sys_days today = day_of(zone == nullptr ? now : zone->to_local(now));
  if (!fields.year && !fields.month && !fields.day && !fields.day_of_year) return utc(today);
  if (fields.year) {
    const auto day = date_of(fields, *fields.year);
    return day ? std::optional(utc(*day)) : std::nullopt;
  }
  const int this_year = static_cast<int>(date::year_month_day(today).year());
  const auto candidate = date_of(fields, this_year);
  if (candidate && utc(*candidate) <= now + 86400 * kNsPerSecond) return utc(*candidate);
  // Feb 29 may be several years back.
  for (int year = this_year - 1; year > this_year - 9; --year) {
    if (const auto day = date_of(fields, year)) return utc(*day);
  }
  return std::nullopt;
}

class DateTimeZone final : public TimeZone {
 public:
  explicit DateTimeZone(const date::time_zone* zone) : zone_(zone) {}

  TimeNs to_utc(TimeNs local) const override {
    const date::local_time<std::chrono::nanoseconds> time{std::chrono::nanoseconds(local)};
    return zone_->to_sys(time, date::choose::earliest).time_since_epoch().count();
  }
  TimeNs to_local(TimeNs utc) const override {
    const date::sys_time<std::chrono::nanoseconds> time{std::chrono::nanoseconds(utc)};
    return zone_->to_local(time).time_since_epoch().count();
  }

 private:
  const date::time_zone* zone_;  // owned by the library, for ever
};

struct NamedLayout {
  std::string_view name, layout;
};
constexpr std::array kNamedLayouts{
    NamedLayout{"ANSIC", "Mon Jan _2 15:04:05 2006"},
    NamedLayout{"UnixDate", "Mon Jan _2 15:04:05 MST 2006"},
    NamedLayout{"RubyDate", "Mon Jan 02 15:04:05 -0700 2006"},
    NamedLayout{"RFC822", "02 Jan 06 15:04 MST"},
    NamedLayout{"RFC822Z", "02 Jan 06 15:04 -0700"},
    NamedLayout{"RFC850", "Monday, 02-Jan-06 15:04:05 MST"},
    NamedLayout{"RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"},
    NamedLayout{"RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"},
    NamedLayout{"RFC3339", "2006-01-02T15:04:05Z07:00"},
    NamedLayout{"RFC3339Nano", "2006-01-02T15:04:05.999999999Z07:00"},
};

}  // namespace

std::string_view layout_of_name(std::string_view format) {
  for (const NamedLayout& named : kNamedLayouts) {
    if (named.name == format) return named.layout;
  }
  return format;
}

Result<void> check_layout(std::string_view layout) {
  std::string_view rest = layout;
  while (!rest.empty()) {
    if (next_token(rest).part != Part::kLiteral) return {};
  }
  return error(Code::kInvalid, "\"{}\" is not a layout: it has no part of Mon Jan 2 15:04:05 MST 2006", layout);
}

Result<std::shared_ptr<const TimeZone>> TimeZone::find(std::string_view name) {
  try {
    return std::shared_ptr<const TimeZone>(std::make_shared<DateTimeZone>(date::locate_zone(std::string(name))));
  } catch (const std::exception&) {
    return error(Code::kInvalid, "unknown time zone \"{}\"", name);
  }
}

Result<TimeNs> parse_time(std::string_view layout, std::string_view text, const TimeZone* zone, TimeNs now) {
  Parser parser(layout, text);
  if (!parser.run()) return error(Code::kInvalid, "\"{}\" is not a time laid out as \"{}\"", text, layout);
  const auto time = resolve(parser.fields(), zone, now);
  if (!time) return error(Code::kInvalid, "\"{}\" is not a day that exists", text);
  return *time;
}

}  // namespace trilobite::agent
