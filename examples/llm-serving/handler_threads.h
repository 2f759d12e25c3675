// Threads for handlers: one for each, up to a limit; a task beyond it waits for a free place.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace llm {

class HandlerThreads {
 public:
  explicit HandlerThreads(std::size_t threads_max = 256) : threads_max_(threads_max) {}
  ~HandlerThreads() { stop(); }
  HandlerThreads(const HandlerThreads&) = delete;
  HandlerThreads& operator=(const HandlerThreads&) = delete;

  void run(std::function<void()> task) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopped_ || running_ < threads_max_; });
    if (stopped_) return;
    ++running_;
    std::thread([this, task = std::move(task)] {
      task();
      const std::lock_guard done(mutex_);
      --running_;
      changed_.notify_all();
    }).detach();
  }

  // Takes no more tasks and waits for those under way.
  void stop() {
    std::unique_lock lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return running_ == 0; });
  }

 private:
  const std::size_t threads_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t running_ = 0;
  bool stopped_ = false;
};

}  // namespace llm
