#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>

namespace trilobite::cli {

std::string with_commas(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

std::string readable_bytes(std::uint64_t bytes) {
  static constexpr std::array<const char*, 6> kUnits{"kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (value /= 1000; value >= 999.95 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string progress_text(std::uint64_t seconds, std::uint64_t lines, std::uint64_t bytes_expected) {
  std::string out = fmt::format("{} s", seconds);
  if (lines > 0) out += fmt::format(", {} lines so far", with_commas(lines));
  if (bytes_expected > 0) out += fmt::format(", {} in the time range", readable_bytes(bytes_expected));
  return out;
}

Progress::Progress(Show show) {
  if (show == Show::kOnTerminal && isatty(STDERR_FILENO) == 1) thread_ = std::thread([this] { run(); });
}

void Progress::erase() {
  if (visible_) std::fputs("\r\x1b[K", stderr);
  visible_ = false;
}

void Progress::make_room() {
  std::lock_guard lock(mutex_);
  erase();
}

void Progress::finish() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
  erase();
}

void Progress::run() {
  std::unique_lock lock(mutex_);
  for (std::uint64_t seconds = 1;; ++seconds) {
    if (wake_.wait_for(lock, std::chrono::seconds(1), [this] { return stop_; })) return;
    erase();
    std::fputs(progress_text(seconds, lines_, bytes_expected_).c_str(), stderr);
    visible_ = true;
  }
}

}  // namespace trilobite::cli
