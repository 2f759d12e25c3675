#include "columnar/line_time.h"

#include <array>
#include <chrono>
#include <cstring>

namespace trilobite::columnar {
namespace {

constexpr std::array<std::int64_t, 10> kPowersOfTen{1,       10,        100,        1'000,       10'000,
                                                    100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr int kYearMin = 1700, kYearMax = 2199;  // far inside of what 64 bits of nanoseconds hold
constexpr std::size_t kDateBytes[] = {10, 11};   // by layout

bool number(const char* at, std::size_t digits, int& out) {
  out = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const unsigned digit = static_cast<unsigned char>(at[i]) - unsigned{'0'};
    if (digit > 9) return false;
    out = out * 10 + static_cast<int>(digit);
  }
  return true;
}

std::optional<std::int64_t> date_seconds(TimeFormat::Layout layout, const char* at) {
  int year = 0, month = 0, day = 0;
  if (layout == TimeFormat::Layout::kIso) {
    if (!number(at, 4, year) || at[4] != '-' || !number(at + 5, 2, month) || at[7] != '-' || !number(at + 8, 2, day))
      return {};
  } else {
    if (!number(at, 2, day) || at[2] != '/' || at[6] != '/' || !number(at + 7, 4, year)) return {};
    for (std::size_t i = 0; i < 12; ++i) {
      if (std::memcmp(at + 3, kMonths.data() + i * 3, 3) == 0) month = static_cast<int>(i) + 1;
    }
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (year < kYearMin || year > kYearMax || !date.ok()) return {};
  return std::chrono::sys_days(date).time_since_epoch().count() * std::int64_t{86'400};
}

// "Z", an offset with or without colon, a blank in front; false when it is none of them.
bool zone_of(std::string_view text, TimeFormat& format) {
  format.zone = text;
  format.zone_seconds = 0;
  if (text.empty() || text == "Z") return true;
  if (text[0] == ' ') text.remove_prefix(1);
  int hours = 0, minutes = 0;
  const bool colon = text.size() == 6 && text[3] == ':';
  if ((text.size() != 5 && !colon) || (text[0] != '+' && text[0] != '-')) return false;
  if (!number(text.data() + 1, 2, hours) || !number(text.data() + (colon ? 4 : 3), 2, minutes)) return false;
  if (hours > 23 || minutes > 59) return false;
  format.zone_seconds = (hours * 3600 + minutes * 60) * (text[0] == '-' ? -1 : 1);
  return true;
}

char* two(int value, char* out) {
  out[0] = static_cast<char>('0' + value / 10);
  out[1] = static_cast<char>('0' + value % 10);
  return out + 2;
}

}  // namespace

std::int64_t TimeFormat::unit_ns() const { return kPowersOfTen[9 - digits]; }

std::optional<TimeFormat> detect_time_format(std::string_view text) {
  TimeFormat format;
  if (text.size() < 19 || text.size() > kTimeTextBytesMax) return {};
  if (text[4] == '-') {
    format.between = text[10];
    if (format.between != 'T' && format.between != ' ') return {};
    text.remove_prefix(11);
  } else if (text[2] == '/' && text.size() >= 20) {
    format.layout = TimeFormat::Layout::kCommonLog;
    format.between = ':';
    text.remove_prefix(12);
  } else {
    return {};
  }
  if (text.size() < 8) return {};
  text.remove_prefix(8);
  if (text.size() >= 2 && (text[0] == '.' || text[0] == ',')) {
    format.point = text[0];
    std::size_t end = 1;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
    if (end == 1 || end > 10) return {};
    format.digits = static_cast<std::uint8_t>(end - 1);
    text.remove_prefix(end);
  }
  if (!zone_of(text, format)) return {};
  return format;
}

std::optional<TimeNs> TimeParser::parse(std::string_view text) {
  const std::size_t date_bytes = kDateBytes[static_cast<std::size_t>(format_.layout)];
  const std::size_t fraction_bytes = format_.digits == 0 ? 0 : format_.digits + 1u;
  if (text.size() != date_bytes + 9 + fraction_bytes + format_.zone.size()) return {};
  const char* at = text.data();
  if (!has_date_ || std::memcmp(at, date_, date_bytes) != 0) {
    const auto seconds = date_seconds(format_.layout, at);
    if (!seconds) return {};
    date_seconds_ = *seconds;
    has_date_ = true;
    std::memcpy(date_, at, date_bytes);
  }
  at += date_bytes;
  int hour = 0, minute = 0, second = 0, fraction = 0;
  if (at[0] != format_.between || at[3] != ':' || at[6] != ':') return {};
  if (!number(at + 1, 2, hour) || !number(at + 4, 2, minute) || !number(at + 7, 2, second)) return {};
  if (hour > 23 || minute > 59 || second > 59) return {};
  at += 9;
  if (fraction_bytes != 0 && (at[0] != format_.point || !number(at + 1, format_.digits, fraction))) return {};
  at += fraction_bytes;
  if (std::memcmp(at, format_.zone.data(), format_.zone.size()) != 0) return {};
  const std::int64_t seconds = date_seconds_ + hour * 3600 + minute * 60 + second - format_.zone_seconds;
  return seconds * kNsPerSecond + fraction * unit_ns_;
}

char* render_time(const TimeFormat& format, TimeNs time, char* out) {
  std::int64_t seconds = time / kNsPerSecond, rest = time % kNsPerSecond;
  if (rest < 0) {
    rest += kNsPerSecond;
    --seconds;
  }
  seconds += format.zone_seconds;
  std::int64_t days = seconds / 86'400, of_day = seconds % 86'400;
  if (of_day < 0) {
    of_day += 86'400;
    --days;
  }
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  const int year = static_cast<int>(date.year());
  const int month = static_cast<int>(static_cast<unsigned>(date.month()));
  const int day = static_cast<int>(static_cast<unsigned>(date.day()));
  if (format.layout == TimeFormat::Layout::kIso) {
    out = two(year % 100, two(year / 100, out));
    *out++ = '-';
    out = two(month, out);
    *out++ = '-';
    out = two(day, out);
  } else {
    out = two(day, out);
    *out++ = '/';
    std::memcpy(out, kMonths.data() + (month - 1) * 3, 3);
    out[3] = '/';
    out = two(year % 100, two(year / 100, out + 4));
  }
  *out++ = format.between;
  const int second_of_day = static_cast<int>(of_day);
  out = two(second_of_day / 3600, out);
  *out++ = ':';
  out = two(second_of_day / 60 % 60, out);
  *out++ = ':';
  out = two(second_of_day % 60, out);
  if (format.digits > 0) {
    *out++ = format.point;
    std::int64_t fraction = rest / format.unit_ns();
    for (int i = format.digits - 1; i >= 0; --i, fraction /= 10) out[i] = static_cast<char>('0' + fraction % 10);
    out += format.digits;
  }
  std::memcpy(out, format.zone.data(), format.zone.size());
  return out + format.zone.size();
}

void append_time_format(const TimeFormat& format, std::string& out) {
  ByteWriter writer(out);
  writer.fixed(static_cast<std::uint8_t>(format.layout));
  writer.fixed(format.between);
  writer.fixed(format.point);
  writer.fixed(format.digits);
  writer.text(format.zone);
}

Result<TimeFormat> read_time_format(ByteReader& in) {
  TimeFormat format;
  TRY(layout, in.fixed<std::uint8_t>());
  TRY(between, in.fixed<char>());
  TRY(point, in.fixed<char>());
  TRY(digits, in.fixed<std::uint8_t>());
  TRY(zone, in.text());
  if (layout > 1 || digits > 9 || zone.size() > 7 || !zone_of(zone, format))
    return error(Code::kCorrupt, "time format of layout {}, {} digits, zone of {} bytes", layout, digits, zone.size());
  format.layout = static_cast<TimeFormat::Layout>(layout);
  format.between = between;
  format.point = point;
  format.digits = digits;
  return format;
}

}  // namespace trilobite::columnar
