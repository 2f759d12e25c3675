// Samples of one series in the head: bytes that one thread appends to while others read what was there, in memory that
// is given back all at once. A sample is what changed since the one before it: two or three bytes, mostly.
//
//   sample := u8 (low three bits: form of the value; the rest: form of the time), [time], [value], [text length, text]
//   time   := the change of the step from the sample before the last, -15 .. 14, in the byte itself, or 30 and a zigzag
//             varint; in milliseconds, in a chunk of fine times in nanoseconds
//   value  := 0: the same bits
//             1 .. 5: so many bytes of the zigzag difference of the decimals (integers over 10^exponent)
//             6: u8 (leading zero bytes * 16 + bytes), the bytes of the bits that changed between these
//             7: u8 exponent, zigzag varint: the decimal itself
//
// A chunk begins with nothing before it: time 0 (`base`), step 0 (also after the first), decimal 0, exponent 0. It
// knows the chunk before it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "storage/arena.h"
#include "storage/store.h"

namespace trilobite::storage {

// What the next sample is told apart from. Of the writer, one for each series.
struct SampleState {
  std::int64_t time = 0, step = 0;  // in the unit of the chunk, from its base
  std::uint64_t bits = 0;           // of the value
  std::int64_t number = 0;          // the newest decimal
  std::uint8_t exponent = 0;
  std::uint8_t odd = 0;             // values in a row that were no decimals
};

class SampleChunk {
 public:
  // What a sample needs of its chunk.
  struct Kind {
    bool texts = false;
    bool fine_times = false;  // not whole milliseconds
  };
  static Kind kind_of(TimeNs base, TimeNs time, std::string_view text);
  // Room for `capacity` bytes of samples, at least for one that has `text`. `state` begins anew.
  static SampleChunk* make(Arena& arena, const SampleChunk* before, std::size_t capacity, Kind kind,
                           std::string_view text, SampleState& state);

  // Writer. False: the sample needs another chunk. It is seen by those who ask for used() afterwards.
  bool put(TimeNs base, TimeNs time, double value, std::string_view text, SampleState& state);
  // Whether the sample put last is this one. REQUIRES: there is one.
  bool is_newest(TimeNs base, TimeNs time, double value, std::string_view text, const SampleState& state) const;
  std::size_t capacity() const { return capacity_; }

  const SampleChunk* before() const { return before_; }
  // As aligned as its size, so that every compiler reads and writes it in one instruction.
  struct alignas(8) Used {
    std::uint32_t samples = 0, bytes = 0;
  };
  Used used() const { return used_.load(std::memory_order_acquire); }

  // Of a chunk with samples: the time of the first.
  TimeNs first_time(TimeNs base) const;
  // Appends those of `used` that are in first .. last; with texts if any is not empty.
  void read(Used used, TimeNs base, TimeNs first, TimeNs last, SeriesSamples& out) const;

 private:
  class Reader;
  char* data() { return reinterpret_cast<char*>(this + 1); }
  const char* data() const { return reinterpret_cast<const char*>(this + 1); }

  const SampleChunk* before_ = nullptr;
  std::atomic<Used> used_{};
  std::uint32_t capacity_ = 0;
  Kind kind_;
};

}  // namespace trilobite::storage
