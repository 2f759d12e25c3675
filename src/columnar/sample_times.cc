#include "columnar/sample_times.h"

#include <algorithm>
#include <array>
#include <vector>

#include "columnar/int_packing.h"

namespace trilobite::columnar {
namespace {

constexpr std::array<std::int64_t, 4> kUnits{1'000'000'000, 1'000'000, 1'000, 1};
constexpr unsigned kUnitMask = 3, kLineFlag = 4;
// Farther apart than this the place on the line would not fit 64 bits: 65,536 samples of 2^46 units.
constexpr std::uint64_t kLineSpanMax = std::uint64_t{1} << 46;

unsigned unit_of(std::span<const TimeNs> times) {
  unsigned unit = 0;
  for (const TimeNs time : times) {
    while (time % kUnits[unit] != 0) ++unit;
    if (unit + 1 == kUnits.size()) break;
  }
  return unit;
}

std::int64_t minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t plus(std::int64_t a, std::uint64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + b);
}

std::uint64_t on_line(std::uint64_t span, std::size_t at, std::size_t last) { return span * at / last; }

}  // namespace

// times := u8 unit and flag, zigzag first, [line: varint span, distances of those between | differences]
void encode_sample_times(std::span<const TimeNs> times, std::string& out) {
  const unsigned unit = unit_of(times);
  std::vector<std::int64_t> numbers;
  for (const TimeNs time : times) numbers.push_back(time / kUnits[unit]);
  const std::size_t last = numbers.size() - 1;
  std::string steps;
  std::vector<std::int64_t> differences;
  for (std::size_t i = 1; i <= last; ++i) differences.push_back(minus(numbers[i], numbers[i - 1]));
  pack_ints(differences, steps);
  std::string line;
  const auto span = static_cast<std::uint64_t>(minus(numbers[last], numbers[0]));
  const bool has_line = last >= 2 && span <= kLineSpanMax && numbers[last] >= numbers[0] && steps.size() > 8;
  if (has_line) {
    ByteWriter(line).varint(span);
    std::vector<std::int64_t> distances;
    for (std::size_t i = 1; i < last; ++i)
      distances.push_back(minus(minus(numbers[i], numbers[0]), static_cast<std::int64_t>(on_line(span, i, last))));
    pack_ints(distances, line);
  }
  const bool use_line = has_line && line.size() < steps.size();
  ByteWriter writer(out);
  writer.fixed(static_cast<std::uint8_t>(unit | (use_line ? kLineFlag : 0)));
  writer.varint(zigzag(numbers[0]));
  writer.bytes(use_line ? line : steps);
}

Result<void> decode_sample_times(std::string_view bytes, std::span<TimeNs> out) {
  ByteReader in(bytes);
  TRY(form, in.fixed<std::uint8_t>());
  TRY(first_zigzag, in.varint());
  if (form > (kUnitMask | kLineFlag)) return error(Code::kCorrupt, "form {} of times is unknown", form);
  if (out.empty()) return error(Code::kCorrupt, "times of no rows");
  const std::int64_t first = unzigzag(first_zigzag);
  const std::size_t last = out.size() - 1;
  out[0] = first;
  if ((form & kLineFlag) != 0) {
    TRY(span, in.varint());
    if (span > kLineSpanMax || last < 2) return error(Code::kCorrupt, "a line over {} of {} rows", span, out.size());
    TRY_VOID(unpack_ints(in, out.subspan(1, last - 1)));
    for (std::size_t i = 1; i < last; ++i)
      out[i] = plus(plus(first, static_cast<std::uint64_t>(out[i])), on_line(span, i, last));
    out[last] = plus(first, span);
  } else {
    TRY_VOID(unpack_ints(in, out.subspan(1)));
    for (std::size_t i = 1; i <= last; ++i) out[i] = plus(out[i - 1], static_cast<std::uint64_t>(out[i]));
  }
  if (!in.done()) return error(Code::kCorrupt, "{} bytes too many", in.left());
  const auto unit = static_cast<std::uint64_t>(kUnits[form & kUnitMask]);
  for (TimeNs& time : out) time = static_cast<TimeNs>(static_cast<std::uint64_t>(time) * unit);
  return {};
}

}  // namespace trilobite::columnar
