#include "columnar/bit_packing.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace trilobite::columnar {
namespace {

constexpr std::size_t kLanes = 16;
constexpr std::size_t kLaneRows = kVectorRows / kLanes;

std::uint64_t mask_of(unsigned width) { return width == 64 ? ~0ull : (1ull << width) - 1; }

void pack_lanes(const std::uint64_t* numbers, unsigned width, std::uint64_t* words) {
  std::memset(words, 0, width * kLanes * sizeof(std::uint64_t));
  for (std::size_t row = 0; row < kLaneRows; ++row) {
    const std::size_t bit = row * width;
    const unsigned shift = bit % 64;
    std::uint64_t* word = words + bit / 64 * kLanes;
    const std::uint64_t* in = numbers + row * kLanes;
    for (std::size_t lane = 0; lane < kLanes; ++lane) word[lane] |= in[lane] << shift;
    if (shift + width > 64) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) word[kLanes + lane] |= in[lane] >> (64 - shift);
    }
  }
}

void unpack_lanes(const std::uint64_t* words, unsigned width, std::uint64_t* numbers) {
  const std::uint64_t mask = mask_of(width);
  for (std::size_t row = 0; row < kLaneRows; ++row) {
    const std::size_t bit = row * width;
    const unsigned shift = bit % 64;
    const std::uint64_t* word = words + bit / 64 * kLanes;
    std::uint64_t* out = numbers + row * kLanes;
    if (shift + width > 64) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        out[lane] = (word[lane] >> shift | word[kLanes + lane] << (64 - shift)) & mask;
      }
    } else {
      for (std::size_t lane = 0; lane < kLanes; ++lane) out[lane] = word[lane] >> shift & mask;
    }
  }
}

void pack_serial(const std::uint64_t* numbers, std::size_t count, unsigned width, std::uint64_t* words) {
  std::memset(words, 0, packed_bytes(count, width) + sizeof(std::uint64_t));
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t bit = i * width;
    const unsigned shift = bit % 64;
    words[bit / 64] |= numbers[i] << shift;
    if (shift + width > 64) words[bit / 64 + 1] |= numbers[i] >> (64 - shift);
  }
}

void unpack_serial(const std::uint64_t* words, std::size_t count, unsigned width, std::uint64_t* numbers) {
  const std::uint64_t mask = mask_of(width);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t bit = i * width;
    const unsigned shift = bit % 64;
    std::uint64_t number = words[bit / 64] >> shift;
    if (shift + width > 64) number |= words[bit / 64 + 1] << (64 - shift);
    numbers[i] = number & mask;
  }
}

}  // namespace

void pack_bits(const std::uint64_t* numbers, std::size_t count, unsigned width, std::string& out) {
  CHECK(count <= kVectorRows && width <= 64);
  if (width == 0) return;
  std::uint64_t words[kVectorRows + 1];
  if (count == kVectorRows) {
    pack_lanes(numbers, width, words);
  } else {
    pack_serial(numbers, count, width, words);
  }
  out.append(reinterpret_cast<const char*>(words), packed_bytes(count, width));
}

void unpack_bits(std::string_view packed, std::size_t count, unsigned width, std::uint64_t* numbers) {
  CHECK(count <= kVectorRows && width <= 64 && packed.size() == packed_bytes(count, width));
  if (count == 0) return;
  if (width == 0) {
    std::memset(numbers, 0, count * sizeof(std::uint64_t));
    return;
  }
  std::uint64_t words[kVectorRows + 1];  // one more than needed: the serial loop may look one word ahead
  words[packed.size() / 8] = 0;          // the last word may be a part
  std::memcpy(words, packed.data(), packed.size());
  if (count == kVectorRows) {
    unpack_lanes(words, width, numbers);
  } else {
    unpack_serial(words, count, width, numbers);
  }
}

std::uint64_t unpack_number(std::string_view packed, std::size_t count, unsigned width, std::size_t position) {
  CHECK(count <= kVectorRows && width <= 64 && packed.size() == packed_bytes(count, width) && position < count);
  if (width == 0) return 0;
  const bool lanes = count == kVectorRows;
  const std::size_t bit = (lanes ? position / kLanes : position) * width;
  const std::size_t step = lanes ? kLanes : 1;
  const std::size_t word = bit / 64 * step + (lanes ? position % kLanes : 0);
  const auto word_at = [&](std::size_t at) {
    std::uint64_t out = 0;
    if (at * 8 < packed.size())
      std::memcpy(&out, packed.data() + at * 8, std::min<std::size_t>(8, packed.size() - at * 8));
    return out;
  };
  const unsigned shift = bit % 64;
  std::uint64_t number = word_at(word) >> shift;
  if (shift + width > 64) number |= word_at(word + step) << (64 - shift);
  return number & mask_of(width);
}

}  // namespace trilobite::columnar
