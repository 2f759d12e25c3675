// Samples of one series in the head: arrays of fixed capacity that one thread fills while others read, in memory that
// is given back all at once. A chunk knows the one before it.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace trilobite::storage {

// Memory in large pieces. One thread takes, what was taken stays where it is.
class Arena {
 public:
  char* take(std::size_t bytes);  // for 8-byte types
  std::size_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kPieceBytesMin = 16u << 10, kPieceBytesMax = 1u << 20;
  std::vector<std::unique_ptr<char[]>> pieces_;
  char* at_ = nullptr;
  std::size_t left_ = 0, piece_bytes_ = kPieceBytesMin, bytes_ = 0;
};

class SampleChunk {
 public:
  // What a sample needs of its chunk.
  struct Needs {
    bool text = false;
    bool wide_time = false;  // not whole milliseconds behind the base that fit 32 bits
  };
  static Needs needs_of(TimeNs base, TimeNs time, std::string_view text);
  // Times are kept as distances from `base`.
  static SampleChunk* make(Arena& arena, const SampleChunk* before, TimeNs base, std::uint32_t capacity, Needs needs);

  // Writer. The sample is seen by those who ask for used() afterwards.
  bool has_room(Needs needs) const {
    return used_.load(std::memory_order_relaxed) < capacity_ && (!needs.text || texts_ != nullptr) &&
           (!needs.wide_time || wide_times_ != nullptr);
  }
  void put(TimeNs time, double value, std::string_view text);
  std::uint32_t capacity() const { return capacity_; }

  const SampleChunk* before() const { return before_; }
  std::uint32_t used() const { return used_.load(std::memory_order_acquire); }
  // Of the first used().
  TimeNs time_of(std::uint32_t at) const {
    return wide_times_ != nullptr ? wide_times_[at] : base_ + static_cast<TimeNs>(times_[at]) * kMillisecond;
  }
  const double* values() const { return values_; }
  const std::string_view* texts() const { return texts_; }  // null: all are empty

 private:
  static constexpr TimeNs kMillisecond = 1'000'000;

  const SampleChunk* before_ = nullptr;
  TimeNs base_ = 0;
  std::uint32_t* times_ = nullptr;  // one of the two
  TimeNs* wide_times_ = nullptr;
  double* values_ = nullptr;
  std::string_view* texts_ = nullptr;
  std::uint32_t capacity_ = 0;
  std::atomic<std::uint32_t> used_{0};
};

}  // namespace trilobite::storage
