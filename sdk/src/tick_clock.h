// Time stamps that cost a log statement one instruction: the processor's time stamp counter where it runs at one rate
// on all cores, turned into the time of day later and elsewhere.
#pragma once

#include <cstdint>

namespace trilobite::log {

// True where the counter can be used: it is invariant, and the kernel keeps its own time with it.
bool has_tick_counter();

// From counter to nanoseconds since 1970. Lines are converted within milliseconds of being logged: what counts is the
// reading of both clocks closest to them, and the rate over a longer time for the rest. One thread at a time.
class TickClock {
 public:
  TickClock();
  void refresh();  // reads both clocks
  std::int64_t to_ns(std::int64_t ticks) const;

 private:
  struct Reading {
    std::int64_t ticks;
    std::int64_t day_ns;        // CLOCK_REALTIME, which may be set
    std::int64_t monotonic_ns;  // CLOCK_MONOTONIC, which gives the rate
  };
  static Reading read();

  Reading first_;
  Reading last_;
  double ns_per_tick_ = 1.0;
};

}  // namespace trilobite::log
