#include "scrape/failure_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/json_writer.h"

namespace trilobite::scrape {
namespace {

std::string utc(TimeNs time) {
  using namespace std::chrono;
  const sys_time<milliseconds> at{floor<milliseconds>(nanoseconds(time))};
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss clock(at - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

}  // namespace

std::string failure_line(const ScrapeFailure& failure) {
  std::string line = fmt::format("{{\"time\":\"{}\",\"level\":\"ERROR\",\"msg\":", utc(failure.time));
  append_json_string(line, failure.error);
  line += ",\"job_name\":";
  append_json_string(line, failure.job);
  line += ",\"target\":";
  append_json_string(line, failure.target);
  return line + "}\n";
}

Result<void> append_failure(const std::string& path, const ScrapeFailure& failure) {
  const auto failed = [&] { return error(Code::kIo, "cannot write {}: {}", path, std::strerror(errno)); };
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return failed();
  const std::string line = failure_line(failure);
  // One write: lines of several threads do not mix.
  const bool written = ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  Result<void> outcome;
  if (!written) outcome = failed();
  ::close(file);
  return outcome;
}

}  // namespace trilobite::scrape
