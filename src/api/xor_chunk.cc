#include "api/xor_chunk.h"

#include <array>
#include <bit>

#include "api/chunk_bits.h"

namespace trilobite::api {
namespace {

// Widths of differences of differences: prefixes 10, 110, 1110; 1111 stands before 64 bits.
constexpr std::array<unsigned, 3> kWidths{14, 17, 20};

void write_change(BitWriter& out, std::int64_t change) {
  if (change == 0) return out.bits(0, 1);
  unsigned prefix = 0b10;
  for (std::size_t i = 0; i < kWidths.size(); ++i, prefix = (prefix << 1) | 0b10) {
    const std::int64_t half = std::int64_t{1} << (kWidths[i] - 1);
    if (change < -(half - 1) || change > half) continue;
    out.bits(prefix, static_cast<unsigned>(i) + 2);
    return out.bits(static_cast<std::uint64_t>(change), kWidths[i]);
  }
  out.bits(0b1111, 4);
  out.bits(static_cast<std::uint64_t>(change), 64);
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

std::uint64_t difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b);
}

}  // namespace

std::string encode_xor_chunk(std::span<const std::int64_t> times_ms, std::span<const double> values) {
  CHECK(times_ms.size() == values.size() && times_ms.size() <= 0xFFFF);
  std::string out;
  out.push_back(static_cast<char>(times_ms.size() >> 8));
  out.push_back(static_cast<char>(times_ms.size() & 0xFF));
  if (times_ms.empty()) return out;
  BitWriter bits(out);
  bits.varint(zigzag(times_ms[0]));
  bits.bits(std::bit_cast<std::uint64_t>(values[0]), 64);
  XorValueWriter writer(values[0]);
  std::uint64_t step = 0;
  for (std::size_t i = 1; i < times_ms.size(); ++i) {
    const std::uint64_t next = difference(times_ms[i], times_ms[i - 1]);
    if (i == 1) {
      bits.varint(next);
    } else {
      write_change(bits, static_cast<std::int64_t>(next - step));
    }
    step = next;
    writer.write(bits, values[i]);
  }
  return out;
}

Result<std::vector<std::pair<std::int64_t, double>>> decode_xor_chunk(std::string_view chunk) {
  const auto corrupt = [] { return error(Code::kCorrupt, "XOR chunk ends too early, or has no such values"); };
  if (chunk.size() < 2) return corrupt();
  const std::size_t count =
      static_cast<std::size_t>(static_cast<std::uint8_t>(chunk[0])) << 8 | static_cast<std::uint8_t>(chunk[1]);
  BitReader in(chunk.substr(2));
  std::vector<std::pair<std::int64_t, double>> out;
  std::uint64_t time = 0, step = 0;
  XorValueReader reader;
  for (std::size_t i = 0; i < count; ++i) {
    double value = 0;
    if (i == 0) {
      time = static_cast<std::uint64_t>(unzigzag(in.varint()));
      value = std::bit_cast<double>(in.bits(64));
      reader = XorValueReader(value);
    } else {
      step = i == 1 ? in.varint() : step + static_cast<std::uint64_t>(read_change(in));
      time += step;
      if (!reader.read(in, value)) return corrupt();
    }
    if (in.ended()) return corrupt();
    out.emplace_back(static_cast<std::int64_t>(time), value);
  }
  return out;
}

}  // namespace trilobite::api
