#include "base/thread_pool.h"

#include <pthread.h>

#include <atomic>
#include <memory>

namespace trilobite {

ThreadPool::ThreadPool(std::string name, std::size_t threads) {
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { run(); });
    pthread_setname_np(threads_.back().native_handle(), name.substr(0, 15).c_str());
  }
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::submit(std::function<void()> task) {
  {
    std::lock_guard lock(mutex_);
    queue_.push_back(std::move(task));
  }
  ready_.notify_one();
}

void ThreadPool::parallel(std::size_t count, const std::function<void(std::size_t)>& work) {
  if (count == 0) return;
  // Shared with helpers that may start only after this call has returned; those find nothing left to claim, so the
  // reference to `work` is never used late.
  struct Shared {
    std::atomic<std::size_t> next{0};
    std::size_t finished = 0;  // guarded by mutex
    std::mutex mutex;
    std::condition_variable all_done;
  };
  auto shared = std::make_shared<Shared>();
  const auto claim = [shared, count, &work] {
    std::size_t done = 0;
    for (std::size_t i; (i = shared->next.fetch_add(1)) < count; ++done) work(i);
    if (done == 0) return;
    std::lock_guard lock(shared->mutex);
    shared->finished += done;
    if (shared->finished == count) shared->all_done.notify_all();
  };
  for (std::size_t i = 1; i < count && i <= threads_.size(); ++i) submit(claim);
  claim();
  std::unique_lock lock(shared->mutex);
  shared->all_done.wait(lock, [&] { return shared->finished == count; });
}

void ThreadPool::run() {
  for (;;) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task();
  }
}

}  // namespace trilobite
