// The background thread of a Logger: when it works, when it sleeps, and who wakes it.
#include <algorithm>
#include <chrono>

#include <csignal>
#include <ctime>

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/membarrier.h>
#endif

#include "logger.h"

namespace trilobite::log {
namespace {

// A memory barrier on all threads of the process, at the expense of this one: it spares each log statement its own.
bool register_heavy_barrier() {
#ifdef __linux__
  return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
#else
  return false;
#endif
}
bool heavy_barrier() {
#ifdef __linux__
  return syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0;
#else
  return false;
#endif
}

// Before it goes to sleep for good the background thread looks again after 0.1, 0.2, 0.4 ... 6.4 ms, then every 6.4 ms
// for a second: only the first line after a second of silence pays for waking it.
constexpr std::chrono::microseconds kFirstWait{100};
constexpr int kDoublings = 6;
constexpr int kWaits = 160;

// Without a heavy barrier a waking may be missed; then lines wait this long at most.
constexpr std::chrono::milliseconds kBlindWait{20};

void wait_for_post(sem_t& semaphore, std::chrono::nanoseconds at_most) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  timespec until{};
  clock_gettime(CLOCK_MONOTONIC, &until);
  const std::int64_t nanoseconds = until.tv_nsec + at_most.count();
  until.tv_sec += nanoseconds / kSecond;
  until.tv_nsec = nanoseconds % kSecond;
  static_cast<void>(sem_clockwait(&semaphore, CLOCK_MONOTONIC, &until));
}

}  // namespace

void Logger::start_background() {
  heavy_barrier_ = register_heavy_barrier();
  background_ = std::thread([this] { run_background(); });
  has_background_.store(true);
}

void Logger::run_background() {
  int idle_passes = 0;
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);  // the program's handlers run on the program's threads
  while (!stopping_.load()) {
    const std::uint32_t drains = drains_wanted_.load();
    const bool drained = drains == drains_done_.load();
    const bool any = pass(drained ? LineWriter::Take::kIfIdle : LineWriter::Take::kAlways);
    idle_passes = any ? 0 : idle_passes + 1;
    drains_done_.store(drains);
    if (idle_passes > 0 && drains_wanted_.load() == drains) wait_for_lines(idle_passes);
  }
}

void Logger::wait_for_lines(int idle_passes) {
  if (idle_passes <= kWaits) {
    wait_for_post(wakings_, kFirstWait * (1 << std::min(idle_passes - 1, kDoublings)));
    return;
  }
  const bool sure = arm();
  if (!anything_queued()) {
    if (sure) {
      sem_wait(&wakings_);
    } else {
      wait_for_post(wakings_, kBlindWait);
    }
  }
  state().fetch_and(~kArmed);
}

// From here on a thread that logs wakes the background thread; true when that is certain. What was logged before has to
// be looked for.
bool Logger::arm() {
  state().fetch_or(kArmed);
  return heavy_barrier_ && heavy_barrier();
}

bool Logger::anything_queued() {
  const std::lock_guard lock(queues_mutex_);
  return std::any_of(queues_.begin(), queues_.end(),
                     [](const auto& queue) { return queue->consumed() != queue->published(); });
}

void Logger::wake() {
  const bool armed = (state().fetch_and(~kArmed) & kArmed) != 0;
  if (armed) sem_post(&wakings_);  // one waking is enough
}

bool Logger::drain_in_signal_handler(int limit_ms) noexcept {
  if (!has_background_.load() || this_thread_is_in_pass()) return false;
  const std::uint32_t mine = drains_wanted_.fetch_add(1) + 1;
  sem_post(&wakings_);
  constexpr timespec kMillisecond{.tv_sec = 0, .tv_nsec = 1'000'000};
  for (int waited_ms = 0; waited_ms < limit_ms; ++waited_ms) {
    if (static_cast<std::int32_t>(drains_done_.load() - mine) >= 0) return true;
    static_cast<void>(nanosleep(&kMillisecond, nullptr));
  }
  return false;
}

}  // namespace trilobite::log
