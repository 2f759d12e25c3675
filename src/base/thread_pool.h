// A fixed set of threads and one queue. Query work, merges and HTTP handlers each have a pool of their own, so that
// none can starve another.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace trilobite {

class ThreadPool {
 public:
  // `name` is what the threads are called in a debugger (15 characters are kept).
  ThreadPool(std::string name, std::size_t threads);
  ~ThreadPool();  // runs what is queued, then joins
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Any thread. Tasks start in the order they came.
  void submit(std::function<void()> task);
  std::size_t threads() const { return threads_.size(); }

  // Runs `work(0) .. work(count - 1)` on the pool and the calling thread; returns when all are done.
  // Safe to call from a task of this pool: the caller does the work itself if nobody else is free.
  void parallel(std::size_t count, const std::function<void(std::size_t)>& work);

 private:
  void run();

  std::mutex mutex_;  // guards queue_, stopping_
  std::condition_variable ready_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace trilobite
