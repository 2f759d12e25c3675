#include "cli/local_time.h"

#include <fmt/format.h>

#include <cstdlib>
#include <ctime>

#include "api/loki_parameters.h"
#include "logs/text.h"

namespace trilobite::cli {
namespace {

std::string zone_text(long seconds) {
  if (seconds == 0) return "Z";
  const long minutes = std::labs(seconds) / 60;
  return fmt::format("{}{:02}:{:02}", seconds < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

std::string fraction_text(TimeNs nanoseconds) {
  if (nanoseconds == 0) return "";
  std::string digits = fmt::format(".{:09}", nanoseconds);
  while (digits.back() == '0') digits.pop_back();
  return digits;
}

}  // namespace

std::string format_time(TimeNs time, const TimeStyle& style) {
  if (style.form == TimeForm::kUnixNs) return std::to_string(time);
  const TimeNs nanoseconds = ((time % kNsPerSecond) + kNsPerSecond) % kNsPerSecond;
  const auto seconds = static_cast<std::time_t>((time - nanoseconds) / kNsPerSecond);
  std::tm parts{};
  style.zone == Zone::kUtc ? gmtime_r(&seconds, &parts) : localtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}{}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec,
                     style.form == TimeForm::kNanoseconds ? fraction_text(nanoseconds) : "",
                     zone_text(style.zone == Zone::kUtc ? 0 : parts.tm_gmtoff));
}

Result<TimeNs> parse_time(std::string_view text, TimeNs now) {
  if (text == "now") return now;
  if (text.starts_with("now-")) {
    const auto before = logql::parse_prometheus_duration(text.substr(4));
    if (before.ok()) return now - *before;
  }
  const bool date = text.size() == 10 && text[4] == '-' && text[7] == '-';
  auto time = api::parse_loki_time(date ? std::string(text) + "T00:00:00Z" : std::string(text));
  if (time.ok()) return time;
  return error(Code::kInvalid, "\"{}\" is no time such as 2026-01-15T08:00:00Z, 2026-01-15, now-2h, or a Unix time",
               text);
}

}  // namespace trilobite::cli
