#include "columnar/xor_values.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace trilobite::columnar {
namespace {

class BitWriter {
 public:
  explicit BitWriter(std::string& out) : out_(out) {}
  // REQUIRES: number < 2^count, count <= 64.
  void put(std::uint64_t number, unsigned count) {
    word_ |= number << used_;
    if (used_ + count < 64) {
      used_ += count;
      return;
    }
    append(8);
    const unsigned rest = used_ + count - 64;
    word_ = rest == 0 ? 0 : number >> (count - rest);
    used_ = rest;
  }
  void finish() { append((used_ + 7) / 8); }

 private:
  void append(std::size_t bytes) { out_.append(reinterpret_cast<const char*>(&word_), bytes); }
  std::string& out_;
  std::uint64_t word_ = 0;
  unsigned used_ = 0;  // bits of word_, below 64
};

class BitReader {
 public:
  explicit BitReader(std::string_view in) : in_(in), bits_(in.size() * 8) {}
  std::size_t left() const { return bits_ - at_; }
  // REQUIRES: 1 <= count <= 64, count <= left().
  std::uint64_t take(unsigned count) {
    const std::size_t byte = at_ / 8;
    const unsigned shift = at_ % 8;
    std::uint64_t low = 0;
    std::memcpy(&low, in_.data() + byte, std::min<std::size_t>(8, in_.size() - byte));
    std::uint64_t number = low >> shift;
    if (shift + count > 64) {
      number |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(in_[byte + 8])) << (64 - shift);
    }
    at_ += count;
    return count == 64 ? number : number & ((std::uint64_t{1} << count) - 1);
  }

 private:
  std::string_view in_;
  std::size_t bits_, at_ = 0;
};

}  // namespace

void xor_encode(std::span<const double> values, std::string& out) {
  BitWriter bits(out);
  std::uint64_t previous = std::bit_cast<std::uint64_t>(values[0]);
  bits.put(previous, 64);
  unsigned leading = 64, trailing = 0;  // margins; at first none
  for (const double value : values.subspan(1)) {
    const auto now = std::bit_cast<std::uint64_t>(value);
    const std::uint64_t change = now ^ previous;
    previous = now;
    if (change == 0) {
      bits.put(0, 1);
      continue;
    }
    const auto front = static_cast<unsigned>(std::countl_zero(change));
    const auto back = static_cast<unsigned>(std::countr_zero(change));
    const unsigned own = 64 - front - back;
    const bool fits = leading < 64 && front >= leading && back >= trailing;
    if (fits && 64 - leading - trailing <= own + 12) {
      bits.put(1, 2);
      bits.put(change >> trailing, 64 - leading - trailing);
      continue;
    }
    leading = front;
    trailing = back;
    bits.put(3, 2);
    bits.put(front, 6);
    bits.put(own - 1, 6);
    bits.put(change >> back, own);
  }
  bits.finish();
}

Result<void> xor_decode(std::string_view bytes, std::span<double> out) {
  const auto ended = [] { return error(Code::kCorrupt, "data ends too early"); };
  BitReader in(bytes);
  if (in.left() < 64) return ended();
  std::uint64_t now = in.take(64);
  unsigned trailing = 0, length = 0;
  out[0] = std::bit_cast<double>(now);
  for (double& value : out.subspan(1)) {
    if (in.left() < 1) return ended();
    if (in.take(1) != 0) {
      if (in.left() < 1) return ended();
      if (in.take(1) != 0) {
        if (in.left() < 12) return ended();
        const auto leading = static_cast<unsigned>(in.take(6));
        length = static_cast<unsigned>(in.take(6)) + 1;
        if (leading + length > 64) return error(Code::kCorrupt, "{} bits behind {} zeros", length, leading);
        trailing = 64 - leading - length;
      }
      if (length == 0) return error(Code::kCorrupt, "margins are used before they are set");
      if (in.left() < length) return ended();
      now ^= in.take(length) << trailing;
    }
    value = std::bit_cast<double>(now);
  }
  if (in.left() >= 8) return error(Code::kCorrupt, "{} bits too many", in.left());
  return {};
}

}  // namespace trilobite::columnar
