#include "columnar/value_chunk.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include "base/check.h"
#include "columnar/int_packing.h"
#include "columnar/xor_values.h"

namespace trilobite::columnar {
namespace {

enum class Form : std::uint8_t { kConstant = 0, kPlain = 1, kScaled = 2, kXor = 3 };
enum class Steps : std::uint8_t { kNone = 0, kFirst = 1, kSecond = 2 };  // which differences are stored

constexpr unsigned kExponentMax = 18;
constexpr std::array<double, kExponentMax + 1> kPowers{1e0, 1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                                       1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
constexpr double kWholeMax = 9007199254740992.0;  // 2^53: below, a double holds every integer

std::uint64_t bits_of(double value) { return std::bit_cast<std::uint64_t>(value); }

// Whether value is number / 10^exponent, exactly: one division is rounded as parsing the decimal would be.
bool scale(double value, unsigned exponent, std::int64_t& number) {
  const double scaled = value * kPowers[exponent];
  if (!(std::abs(scaled) < kWholeMax)) return false;
  number = static_cast<std::int64_t>(std::nearbyint(scaled));
  return bits_of(static_cast<double>(number) / kPowers[exponent]) == bits_of(value);
}

struct Scaled {
  unsigned exponent = 0;
  std::vector<std::int64_t> numbers;         // exceptions repeat the number before
  std::vector<std::uint16_t> exceptions;     // positions
};

// The exponent that all of the values have in common, apart from those that no exponent makes whole.
bool find_scale(std::span<const double> values, Scaled& out) {
  const std::size_t exceptions_max = values.size() / 8 + 1;
  std::size_t exceptions = 0;
  std::int64_t number = 0;
  for (const double value : values) {
    unsigned exponent = out.exponent;
    while (exponent <= kExponentMax && !scale(value, exponent, number)) {
      // What is too large for this exponent, or no number, is so for greater ones.
      if (!(std::abs(value * kPowers[exponent]) < kWholeMax)) exponent = kExponentMax;
      ++exponent;
    }
    if (exponent <= kExponentMax) {
      out.exponent = exponent;
    } else if (++exceptions > exceptions_max) {
      return false;
    }
  }
  out.numbers.resize(values.size());
  std::int64_t last = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (scale(values[i], out.exponent, number)) {
      last = number;
    } else {
      out.exceptions.push_back(static_cast<std::uint16_t>(i));
    }
    out.numbers[i] = last;
  }
  if (out.exceptions.size() > exceptions_max || out.exceptions.size() == values.size()) return false;
  // So that the first difference is that of two values.
  std::size_t first = 0;
  while (first < out.exceptions.size() && out.exceptions[first] == first) ++first;
  std::fill_n(out.numbers.begin(), first, out.numbers[first]);
  return true;
}

// In place, from the end; the first (two) stay as they are and are 0 after the base was taken off.
void take_steps(std::span<std::int64_t> numbers) {
  for (std::size_t i = numbers.size(); i-- > 1;) numbers[i] -= numbers[i - 1];
}

// scaled := u8 form, u8 exponent and steps, zigzag first number, varint unit, varint exceptions, exceptions * (varint
// steps, 8 bytes), [second differences: zigzag first step,] vector of the distances from the first number over the unit
void write_scaled(std::span<const double> values, Scaled& scaled, std::string& out) {
  std::vector<std::int64_t>& numbers = scaled.numbers;
  const std::int64_t first = numbers[0];
  std::uint64_t unit = 0;
  for (std::int64_t& number : numbers) {
    number -= first;  // both are below 2^53
    if (unit != 1) unit = std::gcd(unit, static_cast<std::uint64_t>(std::abs(number)));
  }
  if (unit == 0) unit = 1;
  if (unit > 1) {
    for (std::int64_t& number : numbers) number /= static_cast<std::int64_t>(unit);
  }
  const std::span<std::int64_t> rest = std::span(numbers).subspan(1);
  std::string best, other;
  pack_vector(rest, best);
  Steps steps = Steps::kNone;
  std::int64_t first_step = 0;
  take_steps(rest);
  pack_vector(rest, other);
  if (other.size() < best.size()) {
    std::swap(best, other);
    steps = Steps::kFirst;
  }
  if (rest.size() > 2 && best.size() > 8) {
    other.clear();
    take_steps(rest);
    first_step = rest[0];
    pack_vector(rest.subspan(1), other);
    if (other.size() + 4 < best.size()) {
      std::swap(best, other);
      steps = Steps::kSecond;
    }
  }
  ByteWriter writer(out);
  writer.fixed(static_cast<std::uint8_t>(Form::kScaled));
  writer.fixed(static_cast<std::uint8_t>(scaled.exponent | static_cast<unsigned>(steps) << 5));
  writer.varint(zigzag(first));
  writer.varint(unit);
  writer.varint(scaled.exceptions.size());
  std::size_t previous = 0;
  for (const std::uint16_t position : scaled.exceptions) {
    writer.varint(position - previous);
    writer.fixed(bits_of(values[position]));
    previous = position;
  }
  if (steps == Steps::kSecond) writer.varint(zigzag(first_step));
  writer.bytes(best);
}

Result<void> put_exceptions(ByteReader in, std::uint64_t count, std::span<double> out) {
  std::size_t position = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    TRY(step, in.varint());
    TRY(bits, in.fixed<std::uint64_t>());
    if (step >= out.size() - position) return error(Code::kCorrupt, "exception beyond its chunk");
    position += step;
    out[position] = std::bit_cast<double>(bits);
  }
  return {};
}

void undo_steps(std::span<std::int64_t> numbers) {
  std::uint64_t sum = 0;
  for (std::int64_t& number : numbers) number = static_cast<std::int64_t>(sum += static_cast<std::uint64_t>(number));
}

void to_values(std::span<const std::int64_t> numbers, std::int64_t first, std::uint64_t unit, unsigned exponent,
               std::span<double> out) {
  const auto base = static_cast<std::uint64_t>(first);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<double>(static_cast<std::int64_t>(base + static_cast<std::uint64_t>(numbers[i]) * unit));
  }
  if (exponent == 0) return;
  const double power = kPowers[exponent];
  for (double& value : out) value /= power;
}

Result<void> read_scaled(ByteReader in, std::span<double> out) {
  TRY(mode, in.fixed<std::uint8_t>());
  TRY(first, in.varint());
  TRY(unit, in.varint());
  TRY(exceptions, in.varint());
  const unsigned exponent = mode & 31, steps = mode >> 5;
  if (exponent > kExponentMax || steps > 2) return error(Code::kCorrupt, "mode {} of a chunk is unknown", mode);
  if (exceptions > out.size()) return error(Code::kCorrupt, "{} exceptions in {} values", exceptions, out.size());
  const ByteReader exceptions_at = in;
  for (std::uint64_t i = 0; i < exceptions; ++i) {
    TRY_VOID(in.varint());
    TRY_VOID(in.fixed<std::uint64_t>());
  }
  std::array<std::int64_t, kVectorRows> numbers;
  numbers[0] = 0;
  const std::span<std::int64_t> rest = std::span(numbers).subspan(1, out.size() - 1);
  if (steps == static_cast<unsigned>(Steps::kSecond)) {
    if (rest.size() < 2) return error(Code::kCorrupt, "{} values have no second differences", out.size());
    TRY(first_step, in.varint());
    rest[0] = unzigzag(first_step);
    TRY_VOID(unpack_vector(in, rest.subspan(1)));
    undo_steps(rest);
  } else {
    TRY_VOID(unpack_vector(in, rest));
  }
  if (steps > 0) undo_steps(rest);
  if (!in.done()) return error(Code::kCorrupt, "{} bytes too many", in.left());
  to_values(numbers, unzigzag(first), unit, exponent, out);
  return put_exceptions(exceptions_at, exceptions, out);
}

bool all_equal(std::span<const double> values) {
  const std::uint64_t first = bits_of(values[0]);
  for (const double value : values) {
    if (bits_of(value) != first) return false;
  }
  return true;
}

void write_plain(std::span<const double> values, std::string& out) {
  out.push_back(static_cast<char>(Form::kPlain));
  out.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
}

}  // namespace

void encode_value_chunk(std::span<const double> values, std::string& out) {
  CHECK(!values.empty() && values.size() <= kVectorRows);
  if (all_equal(values)) {
    out.push_back(static_cast<char>(Form::kConstant));
    ByteWriter(out).fixed(bits_of(values[0]));
    return;
  }
  const std::size_t start = out.size();
  Scaled scaled;
  const bool decimal = find_scale(values, scaled);
  if (decimal) write_scaled(values, scaled, out);
  // Few bits for each value: nothing else would be less.
  if (decimal && out.size() - start <= values.size() * 3) return;
  std::string other(1, static_cast<char>(Form::kXor));
  xor_encode(values, other);
  if (!decimal || other.size() < out.size() - start) {
    out.resize(start);
    out += other;
  }
  if (out.size() - start > values.size_bytes()) {
    out.resize(start);
    write_plain(values, out);
  }
}

Result<void> decode_value_chunk(std::string_view bytes, std::span<double> out) {
  if (out.empty() || out.size() > kVectorRows) return error(Code::kCorrupt, "chunk of {} values", out.size());
  ByteReader in(bytes);
  TRY(form, in.fixed<std::uint8_t>());
  switch (static_cast<Form>(form)) {
    case Form::kConstant: {
      TRY(bits, in.fixed<std::uint64_t>());
      if (!in.done()) return error(Code::kCorrupt, "{} bytes too many", in.left());
      std::fill(out.begin(), out.end(), std::bit_cast<double>(bits));
      return {};
    }
    case Form::kPlain:
      if (in.left() != out.size_bytes()) return error(Code::kCorrupt, "{} bytes for {} values", in.left(), out.size());
      std::memcpy(out.data(), bytes.data() + 1, out.size_bytes());
      return {};
    case Form::kScaled: return read_scaled(in, out);
    case Form::kXor: return xor_decode(bytes.substr(1), out);
  }
  return error(Code::kCorrupt, "form {} of a chunk is unknown", form);
}

}  // namespace trilobite::columnar
