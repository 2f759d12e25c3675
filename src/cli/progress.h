// "12 s, 3,400 lines so far" on the last line of a terminal while a query takes long; nothing anywhere else.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace trilobite::cli {

std::string with_commas(std::uint64_t number);       // 1,234,567
std::string readable_bytes(std::uint64_t bytes);     // 1.2 GB
std::string progress_text(std::uint64_t seconds, std::uint64_t lines, std::uint64_t bytes_expected);

class Progress {
 public:
  enum class Show : std::uint8_t { kNever, kOnTerminal };
  explicit Progress(Show show);  // looks whether stderr is a terminal
  ~Progress() { finish(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void set_lines(std::uint64_t lines) { lines_ = lines; }
  void set_bytes_expected(std::uint64_t bytes) { bytes_expected_ = bytes; }
  bool shown() const { return thread_.joinable(); }
  // Takes the line away, so that output does not run into it. It comes back a second later unless finished.
  void make_room();
  void finish();

 private:
  void run();
  void erase();  // under mutex_

  std::atomic<std::uint64_t> lines_{0}, bytes_expected_{0};
  std::mutex mutex_;  // guards stop_, visible_, and stderr
  std::condition_variable wake_;
  bool stop_ = false, visible_ = false;
  std::thread thread_;
};

}  // namespace trilobite::cli
