#include "server/process_readings.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace trilobite::server {
namespace {

// Fields of /proc/self/stat behind the name, which may hold blanks.
std::vector<std::string> process_stat() {
  std::ifstream in("/proc/self/stat");
  std::string line;
  std::getline(in, line);
  std::vector<std::string> fields;
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return fields;
  std::istringstream rest(line.substr(name_end + 1));
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

double number_of(const std::string& text) { return std::strtod(text.c_str(), nullptr); }

double boot_time() {
  std::ifstream in("/proc/stat");
  for (std::string word; in >> word;) {
    if (word != "btime") continue;
    double value = 0;
    in >> value;
    return value;
  }
  return 0;
}

std::size_t open_files() {
  std::error_code failed;
  std::size_t count = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", failed), end; !failed && it != end; it.increment(failed))
    ++count;
  return count;
}

}  // namespace

std::optional<ProcessReadings> read_process() {
  const std::vector<std::string> stat = process_stat();
  // Positions behind the name: state is 0, so that utime (14th field of proc(5)) is 11.
  constexpr std::size_t kUserTicks = 11, kSystemTicks = 12, kThreads = 17, kStart = 19, kVirtual = 20, kResident = 21;
  if (stat.size() <= kResident) return std::nullopt;
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const double page = static_cast<double>(sysconf(_SC_PAGESIZE));
  ProcessReadings out;
  out.cpu_seconds = (number_of(stat[kUserTicks]) + number_of(stat[kSystemTicks])) / ticks;
  out.resident_bytes = number_of(stat[kResident]) * page;
  out.virtual_bytes = number_of(stat[kVirtual]);
  out.threads = number_of(stat[kThreads]);
  out.open_files = open_files();
  out.start_time = boot_time() + number_of(stat[kStart]) / ticks;
  return out;
}

}  // namespace trilobite::server
