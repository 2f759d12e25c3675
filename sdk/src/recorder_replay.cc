#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>

#include <trilobite/log.h>
#include <trilobite/recorder.h>

#include "recorder_line.h"

namespace trilobite::detail {
namespace {

constexpr log::Target kLog{"trilobite::recorder"};

void sleep_ms(std::uint64_t ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

}  // namespace

std::optional<std::uint64_t> replay(const std::string& path, Replayed& events, const ReplayOptions& options,
                                    std::string& error) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    error = errno == ENOENT ? "File not found: " + path : "cannot read " + path + ": " + std::strerror(errno);
    return std::nullopt;
  }
  const auto start = std::chrono::steady_clock::now();
  const auto limit_reached = [&](std::uint64_t sent) {
    if (options.count_max && sent >= *options.count_max) return true;
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    return options.seconds_max && passed.count() >= *options.seconds_max;
  };
  std::uint64_t sent = 0, number = 0, previous_ms = 0;
  RecordedLine line;
  for (std::string text; !limit_reached(sent) && std::getline(file, text);) {
    ++number;
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    std::string why;
    if (!parse_recorded_line(text, line, why) || !events.parse(line.event, why)) {
      kLog.warn("Failed to parse JSON on line {}: {}. Skipping.", number, why);
      continue;
    }
    if (options.timed && sent > 0 && line.timestamp_ms > previous_ms) {
      (options.sleep_ms == nullptr ? sleep_ms : options.sleep_ms)(line.timestamp_ms - previous_ms);
    }
    if (!events.send()) {
      error = "the receiver of events is closed";
      return std::nullopt;
    }
    ++sent;
    previous_ms = line.timestamp_ms;
  }
  if (sent == 0) {
    kLog.warn("No events were sent from {}", path);
  } else {
    kLog.info("Sent {} events from {}", sent, path);
  }
  return sent;
}

}  // namespace trilobite::detail
