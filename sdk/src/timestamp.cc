#include "timestamp.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "number.h"

namespace trilobite::log {

TimestampWriter::TimestampWriter(Zone zone) : zone_(zone) { tzset(); }  // localtime_r does not read TZ itself

void TimestampWriter::start_second(std::int64_t second) {
  second_ = second;
  const std::time_t time = second;
  std::tm parts{};
  const bool known = zone_ == Zone::kUtc ? gmtime_r(&time, &parts) != nullptr : localtime_r(&time, &parts) != nullptr;
  if (!known) parts = std::tm{.tm_mday = 1, .tm_year = 70};
  const int written =
      std::snprintf(date_time_, sizeof date_time_, "%04ld-%02d-%02dT%02d:%02d:%02d.", parts.tm_year + 1900L,
                    parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  date_time_size_ = static_cast<std::size_t>(written);
  if (zone_ == Zone::kUtc) {
    offset_[0] = 'Z';
    offset_size_ = 1;
    return;
  }
  const long minutes = std::labs(parts.tm_gmtoff) / 60;
  offset_size_ =
      static_cast<std::size_t>(std::snprintf(offset_, sizeof offset_, "%c%02d:%02d", parts.tm_gmtoff < 0 ? '-' : '+',
                                             static_cast<int>(minutes / 60 % 100), static_cast<int>(minutes % 60)));
}

std::size_t TimestampWriter::put(char* out, std::int64_t time_ns) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  std::int64_t second = time_ns / kSecond;
  std::int64_t rest = time_ns % kSecond;
  if (rest < 0) {  // before 1970: towards the past
    rest += kSecond;
    --second;
  }
  if (second != second_) start_second(second);
  std::memcpy(out, date_time_, sizeof date_time_);  // of a known size, as out has room for it
  char* digits = out + date_time_size_;
  put_six_digits(digits, static_cast<std::uint32_t>(rest / 1000));
  std::memcpy(digits + 6, offset_, sizeof offset_);
  return date_time_size_ + 6 + offset_size_;
}

void TimestampWriter::append(std::string& out, std::int64_t time_ns) {
  char text[kTimestampMax];
  out.append(text, put(text, time_ns));
}

}  // namespace trilobite::log
