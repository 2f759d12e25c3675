#include "storage/sample_chunk.h"

#include <algorithm>
#include <new>
#include <type_traits>

namespace trilobite::storage {

static_assert(std::is_trivially_destructible_v<SampleChunk> && std::is_trivially_destructible_v<std::string_view>,
              "an arena gives memory back without a look at what is in it");

char* Arena::take(std::size_t bytes) {
  bytes = (bytes + 7) & ~std::size_t{7};
  if (bytes > left_) {
    const std::size_t size = std::max(bytes, piece_bytes_);
    pieces_.emplace_back(new char[size]);  // aligned for any type
    bytes_ += size;
    if (bytes >= piece_bytes_) return pieces_.back().get();  // a piece of its own
    at_ = pieces_.back().get();
    left_ = size;
    piece_bytes_ = std::min(kPieceBytesMax, piece_bytes_ * 2);
  }
  char* out = at_;
  at_ += bytes;
  left_ -= bytes;
  return out;
}

SampleChunk::Needs SampleChunk::needs_of(TimeNs base, TimeNs time, std::string_view text) {
  const bool narrow = time >= base && time % kMillisecond == 0 && base % kMillisecond == 0 &&
                      static_cast<std::uint64_t>(time) - static_cast<std::uint64_t>(base) <=
                          std::uint64_t{0xFFFFFFFF} * static_cast<std::uint64_t>(kMillisecond);
  return {.text = !text.empty(), .wide_time = !narrow};
}

SampleChunk* SampleChunk::make(Arena& arena, const SampleChunk* before, TimeNs base, std::uint32_t capacity,
                               Needs needs) {
  auto* out = new (arena.take(sizeof(SampleChunk))) SampleChunk;
  out->before_ = before;
  out->base_ = base;
  out->capacity_ = capacity;
  if (needs.wide_time) {
    out->wide_times_ = new (arena.take(capacity * sizeof(TimeNs))) TimeNs[capacity];
  } else {
    out->times_ = new (arena.take(capacity * sizeof(std::uint32_t))) std::uint32_t[capacity];
  }
  out->values_ = new (arena.take(capacity * sizeof(double))) double[capacity];
  if (needs.text) out->texts_ = new (arena.take(capacity * sizeof(std::string_view))) std::string_view[capacity];
  return out;
}

void SampleChunk::put(TimeNs time, double value, std::string_view text) {
  const std::uint32_t at = used_.load(std::memory_order_relaxed);
  if (wide_times_ != nullptr) {
    wide_times_[at] = time;
  } else {
    times_[at] = static_cast<std::uint32_t>((time - base_) / kMillisecond);
  }
  values_[at] = value;
  if (texts_ != nullptr) texts_[at] = text;
  used_.store(at + 1, std::memory_order_release);
}

}  // namespace trilobite::storage
