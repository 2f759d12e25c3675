// The queue of one logging thread: a ring of bytes, lock-free, one producer and one consumer. It is a chain of rings,
// of which all but the newest are only being emptied: that is how it grows and how it takes a record larger than
// itself. Log statements write into it themselves, see trilobite/log_record.h, and come here only where the room they
// know of ends.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <trilobite/log_record.h>
#include <trilobite/log_setup.h>

namespace trilobite::log {

class Logger;

class ThreadQueue : public detail::Producer {
 public:
  explicit ThreadQueue(const QueueOptions& options, Logger* owner = nullptr);
  ~ThreadQueue();
  ThreadQueue(const ThreadQueue&) = delete;
  ThreadQueue& operator=(const ThreadQueue&) = delete;

  // Producer. Makes room at next for framed bytes (whole words, the size word among them); false when the queue is
  // full. A record larger than half a ring fits only while the queue is empty, then always. Throws std::bad_alloc when
  // a new ring cannot be had.
  bool fit(std::size_t framed);
  // The same for callers that do not frame themselves: room for one record, or null; then publish() it.
  std::byte* reserve(std::size_t bytes);
  void publish();
  void count_dropped() { dropped_.fetch_add(1, std::memory_order_relaxed); }
  void close() { closed_.store(true, std::memory_order_release); }  // the producer has gone

  Logger& owner() const { return *owner_; }

  // Consumer. Records are counted from the first ever published.
  std::uint64_t published() const { return __atomic_load_n(&shown_count, __ATOMIC_ACQUIRE); }
  std::uint64_t consumed() const { return consumed_.load(std::memory_order_relaxed); }
  const std::byte* front();  // requires consumed() < published()
  void pop();                // drops front()
  bool closed() const { return closed_.load(std::memory_order_acquire); }
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  struct Ring;

  Ring* new_ring(std::size_t capacity);
  bool open_window(std::size_t framed);
  bool fit_in_new_ring(std::size_t framed);
  bool link_ring(std::size_t capacity, std::size_t framed);
  bool empty() const { return consumed_.load(std::memory_order_acquire) == count; }

  const QueueOptions options_;
  Logger* const owner_;
  std::size_t first_capacity_;
  std::atomic<std::size_t> bytes_{0};  // capacity of all rings
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<bool> closed_{false};

  Ring* tail_;                // producer only, like the next two
  std::byte* window_;         // next when the room up to end was found
  std::size_t reserved_ = 0;  // by reserve()
  alignas(64) Ring* head_;    // consumer only
  std::atomic<std::uint64_t> consumed_{0};
};

}  // namespace trilobite::log
