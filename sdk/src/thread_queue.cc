#include "thread_queue.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace trilobite::log {
namespace {

// Every record is preceded by one word: its size with this word, a multiple of kWord, or one of the two markers.
using Word = std::uint64_t;
constexpr std::size_t kWord = sizeof(Word);
constexpr Word kWrap = 0;      // the next record is at the start of the ring
constexpr Word kNextRing = 1;  // the next record is in the next ring

// A record fits an empty ring, wherever its positions stand, when it takes at most half of it, marker included.
std::size_t ring_capacity_for(std::size_t framed) { return std::bit_ceil(2 * (framed + kWord)); }

void put_word(std::byte* at, Word word) { std::memcpy(at, &word, kWord); }
Word get_word(const std::byte* at) {
  Word word;
  std::memcpy(&word, at, kWord);
  return word;
}

}  // namespace

// Positions only grow; modulo capacity (a power of two) they are offsets.
struct ThreadQueue::Ring {
  std::unique_ptr<std::byte[]> bytes;
  std::size_t capacity = 0;
  Ring* next = nullptr;  // set before kNextRing is published

  std::uint64_t written = 0;  // producer: up to its window
  alignas(64) std::atomic<std::uint64_t> read{0};

  std::byte* at(std::uint64_t position) { return bytes.get() + (position & (capacity - 1)); }
};

ThreadQueue::ThreadQueue(const QueueOptions& options, Logger* owner)
    : options_(options),
      owner_(owner),
      first_capacity_(std::bit_ceil(std::max<std::size_t>(options.bytes, 1024))),
      tail_(new_ring(first_capacity_)),
      window_(tail_->bytes.get()),
      head_(tail_) {
  next = end = window_;
}

ThreadQueue::~ThreadQueue() {
  while (head_ != nullptr) {
    Ring* next = head_->next;
    delete head_;
    head_ = next;
  }
}

ThreadQueue::Ring* ThreadQueue::new_ring(std::size_t capacity) {
  auto ring = std::make_unique<Ring>();
  ring->bytes.reset(new std::byte[capacity]);
  ring->capacity = capacity;
  bytes_.fetch_add(capacity, std::memory_order_relaxed);
  return ring.release();
}

// Invariant: at least one word of a ring is free, so that a marker always fits.
bool ThreadQueue::open_window(std::size_t framed) {
  Ring& ring = *tail_;
  ring.written += static_cast<std::uint64_t>(next - window_);
  window_ = end = next = ring.at(ring.written);
  std::size_t to_end = ring.capacity - (ring.written & (ring.capacity - 1));
  std::size_t free = ring.capacity - (ring.written - ring.read.load(std::memory_order_acquire));
  const bool wraps = to_end < framed;
  if (free < framed + kWord + (wraps ? to_end : 0)) return false;
  if (wraps) {
    put_word(next, kWrap);
    ring.written += to_end;
    free -= to_end;
    to_end = ring.capacity;
    window_ = next = ring.at(ring.written);
  }
  // In a ring made for a large record each further one asks whether a small ring would do again.
  const bool oversized = ring.capacity > first_capacity_ && options_.overflow != Overflow::kGrow;
  end = next + (oversized ? framed : std::min(to_end, free - kWord));
  return true;
}

bool ThreadQueue::fit(std::size_t framed) {
  if (static_cast<std::size_t>(end - next) >= framed) return true;
  const bool oversized = tail_->capacity > first_capacity_ && options_.overflow != Overflow::kGrow;
  if (oversized && empty() && ring_capacity_for(framed) <= first_capacity_) {  // the large record is gone
    return link_ring(first_capacity_, framed);
  }
  return open_window(framed) || fit_in_new_ring(framed);
}

bool ThreadQueue::fit_in_new_ring(std::size_t framed) {
  const std::size_t capacity = ring_capacity_for(framed);
  if (options_.overflow == Overflow::kGrow) {
    const std::size_t wanted = std::max(capacity, 2 * tail_->capacity);
    if (bytes_.load(std::memory_order_relaxed) + wanted <= options_.bytes_max) return link_ring(wanted, framed);
  }
  return capacity > tail_->capacity && empty() && link_ring(capacity, framed);
}

bool ThreadQueue::link_ring(std::size_t capacity, std::size_t framed) {
  Ring* ring = new_ring(capacity);
  tail_->next = ring;
  tail_->written += static_cast<std::uint64_t>(next - window_);
  put_word(tail_->at(tail_->written), kNextRing);
  tail_ = ring;
  window_ = end = next = ring->bytes.get();
  return open_window(framed);
}

std::byte* ThreadQueue::reserve(std::size_t bytes) {
  const std::size_t framed = kWord + (bytes + kWord - 1) / kWord * kWord;
  if (!fit(framed)) return nullptr;
  put_word(next, framed);
  reserved_ = framed;
  return next + kWord;
}

void ThreadQueue::publish() {
  next += reserved_;
  __atomic_store_n(&shown_count, ++count, __ATOMIC_RELEASE);
}

const std::byte* ThreadQueue::front() {
  for (;;) {
    const std::uint64_t position = head_->read.load(std::memory_order_relaxed);
    const Word word = get_word(head_->at(position));
    if (word == kNextRing) {
      Ring* next = head_->next;
      bytes_.fetch_sub(head_->capacity, std::memory_order_relaxed);
      delete head_;
      head_ = next;
    } else if (word == kWrap) {
      head_->read.store((position / head_->capacity + 1) * head_->capacity, std::memory_order_release);
    } else {
      return head_->at(position) + kWord;
    }
  }
}

void ThreadQueue::pop() {
  const std::uint64_t position = head_->read.load(std::memory_order_relaxed);
  head_->read.store(position + get_word(head_->at(position)), std::memory_order_release);
  consumed_.store(consumed_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

}  // namespace trilobite::log
