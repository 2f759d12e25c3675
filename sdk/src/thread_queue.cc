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

std::size_t framed_size(std::size_t bytes) { return kWord + (bytes + kWord - 1) / kWord * kWord; }

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

  std::uint64_t written = 0;    // producer
  std::uint64_t reserved = 0;   // producer: end of the record being written
  std::uint64_t read_seen = 0;  // producer: what it last saw of read
  alignas(64) std::atomic<std::uint64_t> read{0};

  std::byte* at(std::uint64_t position) { return bytes.get() + (position & (capacity - 1)); }
};

ThreadQueue::ThreadQueue(const QueueOptions& options)
    : options_(options),
      first_capacity_(std::bit_ceil(std::max<std::size_t>(options.bytes, 1024))),
      tail_(new_ring(first_capacity_)),
      head_(tail_) {}

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
std::byte* ThreadQueue::place(Ring& ring, std::size_t bytes) {
  const std::size_t framed = framed_size(bytes);
  const std::size_t to_end = ring.capacity - (ring.written & (ring.capacity - 1));
  const bool wraps = to_end < framed;
  const std::size_t needed = framed + kWord + (wraps ? to_end : 0);
  if (ring.capacity - (ring.written - ring.read_seen) < needed) {
    ring.read_seen = ring.read.load(std::memory_order_acquire);
    if (ring.capacity - (ring.written - ring.read_seen) < needed) return nullptr;
  }
  if (wraps) {
    put_word(ring.at(ring.written), kWrap);
    ring.written += to_end;
  }
  put_word(ring.at(ring.written), framed);
  ring.reserved = ring.written + framed;
  return ring.at(ring.written) + kWord;
}

std::byte* ThreadQueue::reserve(std::size_t bytes) {
  const bool oversized = tail_->capacity > first_capacity_ && options_.overflow != Overflow::kGrow;
  if (oversized && empty()) [[unlikely]] {  // the large record it was made for is gone
    const std::size_t framed = framed_size(bytes);
    if (ring_capacity_for(framed) <= first_capacity_) return link_ring(first_capacity_, bytes);
  }
  if (std::byte* place_found = place(*tail_, bytes)) return place_found;
  return reserve_in_new_ring(bytes);
}

std::byte* ThreadQueue::reserve_in_new_ring(std::size_t bytes) {
  const std::size_t capacity = ring_capacity_for(framed_size(bytes));
  if (options_.overflow == Overflow::kGrow) {
    const std::size_t wanted = std::max(capacity, 2 * tail_->capacity);
    if (bytes_.load(std::memory_order_relaxed) + wanted <= options_.bytes_max) return link_ring(wanted, bytes);
  }
  if (capacity > tail_->capacity && empty()) return link_ring(capacity, bytes);
  return nullptr;
}

std::byte* ThreadQueue::link_ring(std::size_t capacity, std::size_t bytes) {
  Ring* ring = new_ring(capacity);
  tail_->next = ring;
  put_word(tail_->at(tail_->written), kNextRing);
  tail_ = ring;
  return place(*ring, bytes);
}

void ThreadQueue::publish() {
  tail_->written = tail_->reserved;
  published_.store(published_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
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
