// Time is passed in: nothing below server/ asks the system for it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace trilobite {

// Nanoseconds since 1970-01-01T00:00:00Z, as every signal stores them.
using TimeNs = std::int64_t;
inline constexpr TimeNs kNsPerSecond = 1'000'000'000;

// Any thread may call.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimeNs now() const = 0;                             // wall clock; may jump
  virtual std::chrono::nanoseconds steady() const = 0;        // never goes back
};

class SystemClock final : public Clock {
 public:
  TimeNs now() const override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  std::chrono::nanoseconds steady() const override { return std::chrono::steady_clock::now().time_since_epoch(); }
};

// Stands still until a test moves it.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(TimeNs start = 0) : now_(start) {}
  TimeNs now() const override { return now_; }
  std::chrono::nanoseconds steady() const override { return std::chrono::nanoseconds(now_.load()); }
  void advance(std::chrono::nanoseconds by) { now_ += by.count(); }

 private:
  std::atomic<TimeNs> now_;
};

}  // namespace trilobite
