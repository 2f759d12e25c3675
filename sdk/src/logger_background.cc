// The background thread of a Logger: when it works, when it sleeps, and who wakes it.
#include <algorithm>
#include <chrono>

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

// Before it goes to sleep for good the background thread looks again after 0.1, 0.2, 0.4 ... 6.4 ms, so that in a burst
// of lines only the first one pays for waking it.
constexpr int kShortWaits = 7;
constexpr std::chrono::microseconds kFirstWait{100};

// Without a heavy barrier a waking may be missed; then lines wait this long at most.
constexpr std::chrono::milliseconds kBlindWait{20};

}  // namespace

void Logger::start_background() {
  heavy_barrier_ = register_heavy_barrier();
  background_ = std::thread([this] { run_background(); });
}

void Logger::run_background() {
  int idle_passes = 0;
  for (;;) {
    idle_passes = pass() ? 0 : idle_passes + 1;
    if (idle_passes > 0) wait_for_lines(idle_passes);
    const std::lock_guard lock(wake_mutex_);
    if (stopping_) return;
  }
}

void Logger::wait_for_lines(int idle_passes) {
  const auto is_woken = [this] { return woken_; };
  if (idle_passes <= kShortWaits) {
    std::unique_lock lock(wake_mutex_);
    wake_condition_->wait_for(lock, kFirstWait * (1 << (idle_passes - 1)), is_woken);
    woken_ = false;
    return;
  }
  const bool sure = arm();
  if (!anything_queued()) {
    std::unique_lock lock(wake_mutex_);
    if (sure) {
      wake_condition_->wait(lock, is_woken);
    } else {
      wake_condition_->wait_for(lock, kBlindWait, is_woken);
    }
    woken_ = false;
  }
  state_.fetch_and(~kArmed);
}

// From here on a thread that logs wakes the background thread; true when that is certain. What was logged before has to
// be looked for.
bool Logger::arm() {
  state_.fetch_or(kArmed);
  return heavy_barrier_ && heavy_barrier();
}

bool Logger::anything_queued() {
  const std::lock_guard lock(queues_mutex_);
  return std::any_of(queues_.begin(), queues_.end(),
                     [](const auto& queue) { return queue->consumed() != queue->published(); });
}

void Logger::wake() {
  state_.fetch_and(~kArmed);  // one waking is enough
  {
    const std::lock_guard lock(wake_mutex_);
    woken_ = true;
  }
  wake_condition_->notify_one();
}

}  // namespace trilobite::log
