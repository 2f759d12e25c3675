// Bits of Prometheus' chunks: numbers of few bits one behind the other, the highest bit first; and values as XOR with
// the one before.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace trilobite::api {

class BitWriter {
 public:
  explicit BitWriter(std::string& out) : out_(out) {}
  void bits(std::uint64_t value, unsigned count) {
    while (count > 0) {
      if (free_ == 0) {
        out_.push_back('\0');
        free_ = 8;
      }
      const unsigned take = std::min(count, free_);
      const std::uint64_t part = (value >> (count - take)) & ((1u << take) - 1);
      out_.back() = static_cast<char>(static_cast<std::uint8_t>(out_.back()) | part << (free_ - take));
      free_ -= take;
      count -= take;
    }
  }
  void varint(std::uint64_t value) {
    std::string bytes;
    ByteWriter(bytes).varint(value);
    for (const char c : bytes) bits(static_cast<std::uint8_t>(c), 8);
  }

 private:
  std::string& out_;
  unsigned free_ = 0;  // bits of the last byte
};

class BitReader {
 public:
  explicit BitReader(std::string_view in) : in_(in) {}
  bool ended() const { return ended_; }
  std::uint64_t bits(unsigned count) {
    std::uint64_t value = 0;
    for (; count > 0; --count, ++at_) {
      if (at_ / 8 >= in_.size()) {
        ended_ = true;
        return 0;
      }
      value = value << 1 | ((static_cast<std::uint8_t>(in_[at_ / 8]) >> (7 - at_ % 8)) & 1u);
    }
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !ended_; shift += 7) {
      const std::uint64_t byte = bits(8);
      value |= (byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    ended_ = true;
    return 0;
  }

 private:
  std::string_view in_;
  std::size_t at_ = 0;  // in bits
  bool ended_ = false;
};

// One sequence of values; each is written as its difference to the one before.
class XorValueWriter {
 public:
  explicit XorValueWriter(double first) : last_(std::bit_cast<std::uint64_t>(first)) {}
  void write(BitWriter& out, double value) {
    const std::uint64_t bits = std::bit_cast<std::uint64_t>(value), difference = bits ^ last_;
    last_ = bits;
    if (difference == 0) return out.bits(0, 1);
    out.bits(1, 1);
    const auto leading = std::min(static_cast<unsigned>(std::countl_zero(difference)), 31u);
    const auto trailing = static_cast<unsigned>(std::countr_zero(difference));
    if (leading_ != kNoWindow && leading >= leading_ && trailing >= trailing_) {
      out.bits(0, 1);
      return out.bits(difference >> trailing_, 64 - leading_ - trailing_);
    }
    leading_ = leading;
    trailing_ = trailing;
    const unsigned width = 64 - leading - trailing;
    out.bits(1, 1);
    out.bits(leading, 5);
    out.bits(width & 63, 6);  // 64 is written as 0
    out.bits(difference >> trailing, width);
  }

 private:
  static constexpr unsigned kNoWindow = 0xFF;
  std::uint64_t last_;
  unsigned leading_ = kNoWindow, trailing_ = 0;
};

class XorValueReader {
 public:
  explicit XorValueReader(double first = 0) : last_(std::bit_cast<std::uint64_t>(first)) {}
  // False: the bits are of no value.
  bool read(BitReader& in, double& value) {
    if (in.bits(1) == 1) {
      if (in.bits(1) == 1) {
        leading_ = static_cast<unsigned>(in.bits(5));
        width_ = static_cast<unsigned>(in.bits(6));
        if (width_ == 0) width_ = 64;
      }
      if (leading_ + width_ > 64) return false;
      last_ ^= in.bits(width_) << (64 - leading_ - width_);
    }
    value = std::bit_cast<double>(last_);
    return !in.ended();
  }

 private:
  std::uint64_t last_;
  unsigned leading_ = 0, width_ = 64;
};

}  // namespace trilobite::api
