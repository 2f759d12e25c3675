#include "tick_clock.h"

#include <cstdio>
#include <cstring>
#include <ctime>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <trilobite/log_record.h>

namespace trilobite::log {
namespace {

#if defined(__x86_64__)
bool counter_is_invariant() {
  unsigned int a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned int kPowerManagement = 0x80000007, kInvariant = 1u << 8;
  return __get_cpuid(kPowerManagement, &a, &b, &c, &d) != 0 && (d & kInvariant) != 0;
}

// The kernel watches the counter and takes another clock when the cores disagree.
bool kernel_trusts_counter() {
  std::FILE* file = std::fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");
  if (file == nullptr) return false;
  char name[32] = {};
  const bool read = std::fgets(name, sizeof name, file) != nullptr;
  static_cast<void>(std::fclose(file));
  return read && std::strcmp(name, "tsc\n") == 0;
}
#endif

std::int64_t clock_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

}  // namespace

bool has_tick_counter() {
#if defined(__x86_64__)
  static const bool known = counter_is_invariant() && kernel_trusts_counter();
  return known;
#else
  return false;
#endif
}

TickClock::TickClock() : first_(read()), last_(first_) {}

TickClock::Reading TickClock::read() {
  // The reading with the least time between its two ends: none with an interruption in between.
  Reading best{};
  std::int64_t best_width = INT64_MAX;
  for (int i = 0; i < 3; ++i) {
    const std::int64_t before = detail::read_ticks();
    const std::int64_t day = clock_ns(CLOCK_REALTIME);
    const std::int64_t after = detail::read_ticks();
    const std::int64_t monotonic = clock_ns(CLOCK_MONOTONIC);
    if (after - before >= best_width) continue;
    best_width = after - before;
    best = {before + (after - before) / 2, day, monotonic};
  }
  return best;
}

void TickClock::refresh() {
  last_ = read();
  const std::int64_t ticks = last_.ticks - first_.ticks;
  if (ticks > 0) {
    ns_per_tick_ = static_cast<double>(last_.monotonic_ns - first_.monotonic_ns) / static_cast<double>(ticks);
  }
}

std::int64_t TickClock::to_ns(std::int64_t ticks) const {
  return last_.day_ns + static_cast<std::int64_t>(static_cast<double>(ticks - last_.ticks) * ns_per_tick_);
}

}  // namespace trilobite::log
