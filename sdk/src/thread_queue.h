// The queue of one logging thread: a ring of bytes, lock-free, one producer and one consumer. It is a chain of rings,
// of which all but the newest are only being emptied: that is how it grows and how it takes a record larger than
// itself.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <trilobite/log_setup.h>

namespace trilobite::log {

class ThreadQueue {
 public:
  explicit ThreadQueue(const QueueOptions& options);
  ~ThreadQueue();
  ThreadQueue(const ThreadQueue&) = delete;
  ThreadQueue& operator=(const ThreadQueue&) = delete;

  // Producer. Room for one record, or null when the queue is full. A record larger than half a ring fits only while the
  // queue is empty, then always. Throws std::bad_alloc when a new ring cannot be had.
  std::byte* reserve(std::size_t bytes);
  void publish();  // the record of the last reserve()
  void count_dropped() { dropped_.fetch_add(1, std::memory_order_relaxed); }
  void close() { closed_.store(true, std::memory_order_release); }  // the producer has gone

  // Consumer. Records are counted from the first ever published.
  std::uint64_t published() const { return published_.load(std::memory_order_acquire); }
  std::uint64_t consumed() const { return consumed_.load(std::memory_order_relaxed); }
  const std::byte* front();  // requires consumed() < published()
  void pop();                // drops front()
  bool closed() const { return closed_.load(std::memory_order_acquire); }
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  struct Ring;

  static std::byte* place(Ring& ring, std::size_t bytes);
  Ring* new_ring(std::size_t capacity);
  std::byte* reserve_in_new_ring(std::size_t bytes);
  std::byte* link_ring(std::size_t capacity, std::size_t bytes);
  bool empty() const { return consumed_.load(std::memory_order_acquire) == published_.load(std::memory_order_relaxed); }

  const QueueOptions options_;
  std::size_t first_capacity_;
  std::atomic<std::size_t> bytes_{0};  // capacity of all rings
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<bool> closed_{false};

  alignas(64) Ring* tail_;  // producer only
  std::atomic<std::uint64_t> published_{0};
  alignas(64) Ring* head_;  // consumer only
  std::atomic<std::uint64_t> consumed_{0};
};

}  // namespace trilobite::log
