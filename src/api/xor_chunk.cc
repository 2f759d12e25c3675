#include "api/xor_chunk.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/bytes.h"

namespace trilobite::api {
namespace {

// Widths of differences of differences: prefixes 10, 110, 1110; 1111 stands before 64 bits.
constexpr std::array<unsigned, 3> kWidths{14, 17, 20};
constexpr unsigned kNoWindow = 0xFF;

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

class XorWriter {
 public:
  explicit XorWriter(BitWriter& out) : out_(out) {}

  void time(std::int64_t change) {
    if (change == 0) return out_.bits(0, 1);
    unsigned prefix = 0b10;
    for (std::size_t i = 0; i < kWidths.size(); ++i, prefix = (prefix << 1) | 0b10) {
      const std::int64_t half = std::int64_t{1} << (kWidths[i] - 1);
      if (change < -(half - 1) || change > half) continue;
      out_.bits(prefix, static_cast<unsigned>(i) + 2);
      return out_.bits(static_cast<std::uint64_t>(change), kWidths[i]);
    }
    out_.bits(0b1111, 4);
    out_.bits(static_cast<std::uint64_t>(change), 64);
  }

  void value(std::uint64_t difference) {
    if (difference == 0) return out_.bits(0, 1);
    out_.bits(1, 1);
    const auto leading = std::min(static_cast<unsigned>(std::countl_zero(difference)), 31u);
    const auto trailing = static_cast<unsigned>(std::countr_zero(difference));
    if (leading_ != kNoWindow && leading >= leading_ && trailing >= trailing_) {
      out_.bits(0, 1);
      return out_.bits(difference >> trailing_, 64 - leading_ - trailing_);
    }
    leading_ = leading;
    trailing_ = trailing;
    const unsigned width = 64 - leading - trailing;
    out_.bits(1, 1);
    out_.bits(leading, 5);
    out_.bits(width & 63, 6);  // 64 is written as 0
    out_.bits(difference >> trailing, width);
  }

 private:
  BitWriter& out_;
  unsigned leading_ = kNoWindow, trailing_ = 0;
};

std::uint64_t difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b);
}

std::int64_t read_change(BitReader& in) {
  if (in.bits(1) == 0) return 0;
  for (const unsigned width : kWidths) {
    if (in.bits(1) == 1) continue;
    const auto raw = static_cast<std::int64_t>(in.bits(width));
    return raw > (std::int64_t{1} << (width - 1)) ? raw - (std::int64_t{1} << width) : raw;
  }
  return static_cast<std::int64_t>(in.bits(64));
}

}  // namespace

std::string encode_xor_chunk(std::span<const std::int64_t> times_ms, std::span<const double> values) {
  CHECK(times_ms.size() == values.size() && times_ms.size() <= 0xFFFF);
  std::string out;
  out.push_back(static_cast<char>(times_ms.size() >> 8));
  out.push_back(static_cast<char>(times_ms.size() & 0xFF));
  BitWriter bits(out);
  XorWriter writer(bits);
  std::uint64_t step = 0, last = 0;
  for (std::size_t i = 0; i < times_ms.size(); ++i) {
    const auto value = std::bit_cast<std::uint64_t>(values[i]);
    if (i == 0) {
      bits.varint(zigzag(times_ms[0]));
      bits.bits(value, 64);
    } else {
      const std::uint64_t next = difference(times_ms[i], times_ms[i - 1]);
      if (i == 1) {
        bits.varint(next);
      } else {
        writer.time(static_cast<std::int64_t>(next - step));
      }
      step = next;
      writer.value(value ^ last);
    }
    last = value;
  }
  return out;
}

Result<std::vector<std::pair<std::int64_t, double>>> decode_xor_chunk(std::string_view chunk) {
  const auto corrupt = [] { return error(Code::kCorrupt, "XOR chunk ends too early"); };
  if (chunk.size() < 2) return corrupt();
  const std::size_t count =
      static_cast<std::size_t>(static_cast<std::uint8_t>(chunk[0])) << 8 | static_cast<std::uint8_t>(chunk[1]);
  BitReader in(chunk.substr(2));
  std::vector<std::pair<std::int64_t, double>> out;
  std::uint64_t time = 0, step = 0, value = 0;
  unsigned leading = 0, width = 64;
  for (std::size_t i = 0; i < count; ++i) {
    if (i == 0) {
      time = static_cast<std::uint64_t>(unzigzag(in.varint()));
      value = in.bits(64);
    } else {
      step = i == 1 ? in.varint() : step + static_cast<std::uint64_t>(read_change(in));
      time += step;
      if (in.bits(1) == 1) {
        if (in.bits(1) == 1) {
          leading = static_cast<unsigned>(in.bits(5));
          width = static_cast<unsigned>(in.bits(6));
          if (width == 0) width = 64;
        }
        if (leading + width > 64) return error(Code::kCorrupt, "XOR chunk has a value of more than 64 bits");
        value ^= in.bits(width) << (64 - leading - width);
      }
    }
    if (in.ended()) return corrupt();
    out.emplace_back(static_cast<std::int64_t>(time), std::bit_cast<double>(value));
  }
  return out;
}

}  // namespace trilobite::api
