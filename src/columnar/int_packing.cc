#include "columnar/int_packing.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

namespace trilobite::columnar {
namespace {

struct Frame {
  std::int64_t base = 0;
  unsigned width = 0;
  std::size_t bytes = std::numeric_limits<std::size_t>::max();  // estimated
};

std::uint64_t distance(std::int64_t value, std::int64_t base) {
  return static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(base);
}

constexpr std::size_t kExceptionBytes = 8;  // position and value, on average

// The width that costs least for this base, outliers being exceptions. Values below the base wrap around and are such.
Frame best_frame(std::span<const std::int64_t> values, std::int64_t base) {
  std::array<std::uint32_t, 65> count_of_width{};
  for (const std::int64_t value : values)
    ++count_of_width[static_cast<std::size_t>(std::bit_width(distance(value, base)))];
  Frame best{.base = base};
  std::size_t exceptions = 0;
  for (unsigned width = 64;; --width) {
    const std::size_t bytes = packed_bytes(values.size(), width) + exceptions * kExceptionBytes;
    if (bytes < best.bytes) best = {base, width, bytes};
    exceptions += count_of_width[width];
    if (width == 0 || exceptions > values.size() / 8) return best;
  }
}

Frame choose_frame(std::span<const std::int64_t> values) {
  std::int64_t min = values[0];
  std::int64_t min_positive = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t value : values) {
    min = std::min(min, value);
    if (value >= 0) min_positive = std::min(min_positive, value);
  }
  const Frame all = best_frame(values, min);
  if (min >= 0 || min_positive == std::numeric_limits<std::int64_t>::max()) return all;
  // Times sorted by series: rare jumps back, then steady steps forward.
  const Frame positive = best_frame(values, min_positive);
  return positive.bytes < all.bytes ? positive : all;
}

}  // namespace

void pack_vector(std::span<const std::int64_t> values, std::string& out) {
  if (values.empty()) return;
  const Frame frame = choose_frame(values);
  std::array<std::uint64_t, kVectorRows> distances;
  std::array<std::uint16_t, kVectorRows> exceptions;
  std::size_t exception_count = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    distances[i] = distance(values[i], frame.base);
    if (static_cast<unsigned>(std::bit_width(distances[i])) > frame.width) {
      exceptions[exception_count++] = static_cast<std::uint16_t>(i);
      distances[i] = 0;
    }
  }
  ByteWriter writer(out);
  writer.varint(zigzag(frame.base));
  writer.fixed(static_cast<std::uint8_t>(frame.width));
  writer.varint(exception_count);
  pack_bits(distances.data(), values.size(), frame.width, out);
  std::size_t previous = 0;
  for (std::size_t i = 0; i < exception_count; ++i) {
    writer.varint(exceptions[i] - previous);
    writer.varint(zigzag(values[exceptions[i]]));
    previous = exceptions[i];
  }
}

Result<void> unpack_vector(ByteReader& in, std::span<std::int64_t> values) {
  if (values.empty()) return {};
  TRY(base_zigzag, in.varint());
  TRY(width, in.fixed<std::uint8_t>());
  TRY(exception_count, in.varint());
  if (width > 64) return error(Code::kCorrupt, "width of {} bits", width);
  if (exception_count > values.size())
    return error(Code::kCorrupt, "{} exceptions in {} values", exception_count, values.size());
  TRY(packed, in.bytes(packed_bytes(values.size(), width)));
  std::array<std::uint64_t, kVectorRows> distances;
  unpack_bits(packed, values.size(), width, distances.data());
  const auto base = static_cast<std::uint64_t>(unzigzag(base_zigzag));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int64_t>(base + distances[i]);
  std::size_t position = 0;
  for (std::size_t i = 0; i < exception_count; ++i) {
    TRY(step, in.varint());
    TRY(value, in.varint());
    if (step >= values.size() - position) return error(Code::kCorrupt, "exception beyond its vector");
    position += step;
    values[position] = unzigzag(value);
  }
  return {};
}

Result<std::int64_t> unpack_one(ByteReader& in, std::size_t count, std::size_t position) {
  TRY(base_zigzag, in.varint());
  TRY(width, in.fixed<std::uint8_t>());
  TRY(exception_count, in.varint());
  if (width > 64) return error(Code::kCorrupt, "width of {} bits", width);
  if (exception_count > count) return error(Code::kCorrupt, "{} exceptions in {} values", exception_count, count);
  TRY(packed, in.bytes(packed_bytes(count, width)));
  std::size_t at = 0;
  for (std::size_t i = 0; i < exception_count; ++i) {
    TRY(step, in.varint());
    TRY(value, in.varint());
    if (step >= count - at) return error(Code::kCorrupt, "exception beyond its vector");
    at += step;
    if (at == position) return unzigzag(value);
    if (at > position) break;
  }
  const auto base = static_cast<std::uint64_t>(unzigzag(base_zigzag));
  return static_cast<std::int64_t>(base + unpack_number(packed, count, width, position));
}

void pack_ints(std::span<const std::int64_t> values, std::string& out) {
  for (std::size_t at = 0; at < values.size(); at += kVectorRows) {
    pack_vector(values.subspan(at, std::min(kVectorRows, values.size() - at)), out);
  }
}

Result<void> unpack_ints(ByteReader& in, std::span<std::int64_t> values) {
  for (std::size_t at = 0; at < values.size(); at += kVectorRows) {
    TRY_VOID(unpack_vector(in, values.subspan(at, std::min(kVectorRows, values.size() - at))));
  }
  return {};
}

Result<std::vector<std::uint32_t>> unpack_lengths(ByteReader& in, std::size_t count, std::size_t bytes_max) {
  std::vector<std::int64_t> lengths(count);
  TRY_VOID(unpack_ints(in, lengths));
  std::vector<std::uint32_t> ends(count);
  const std::uint64_t limit = std::min<std::uint64_t>(bytes_max, std::numeric_limits<std::uint32_t>::max());
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (lengths[i] < 0 || static_cast<std::uint64_t>(lengths[i]) > limit - end) {
      return error(Code::kCorrupt, "length {} of value {} exceeds the {} bytes expected", lengths[i], i, limit);
    }
    end += static_cast<std::uint64_t>(lengths[i]);
    ends[i] = static_cast<std::uint32_t>(end);
  }
  return ends;
}

}  // namespace trilobite::columnar
