// Worker threads for handlers, with a bound on what waits for them.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "base/thread_pool.h"

namespace trilobite::server {

class WorkerPool {
 public:
  WorkerPool(std::string name, std::size_t threads, std::size_t queue_max)
      : waiting_max_(queue_max), pool_(std::move(name), threads) {}

  // False: too much waits already, nothing was taken.
  bool submit(std::function<void()> task) {
    if (waiting_.fetch_add(1) >= waiting_max_ + pool_.threads()) {
      --waiting_;
      return false;
    }
    pool_.submit([this, task = std::move(task)] {
      --waiting_;
      ++running_;
      task();
      --running_;
    });
    return true;
  }
  std::size_t waiting() const { return waiting_.load(std::memory_order_relaxed); }
  std::size_t running() const { return running_.load(std::memory_order_relaxed); }

 private:
  std::size_t waiting_max_;
  std::atomic<std::size_t> waiting_{0};
  std::atomic<std::size_t> running_{0};
  ThreadPool pool_;  // last: its threads use the counters
};

}  // namespace trilobite::server
