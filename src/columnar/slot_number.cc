// kInteger, kDecimal, kTime, kIpv4: one integer for each value.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

#include "columnar/int_stream.h"
#include "columnar/line_slots.h"
#include "columnar/line_time.h"

namespace trilobite::columnar {
namespace {

constexpr unsigned kDigitsMax = 18;  // always fit 63 bits
constexpr std::array<std::int64_t, kDigitsMax + 1> kPowersOfTen = [] {
  std::array<std::int64_t, kDigitsMax + 1> out{};
  out[0] = 1;
  for (std::size_t i = 1; i < out.size(); ++i) out[i] = out[i - 1] * 10;
  return out;
}();

bool parse_digits(std::string_view text, std::int64_t& out) {
  if (text.empty() || text.size() > kDigitsMax) return false;
  std::int64_t value = 0;
  for (const char c : text) {
    const unsigned digit = static_cast<unsigned char>(c) - unsigned{'0'};
    if (digit > 9) return false;
    value = value * 10 + static_cast<std::int64_t>(digit);
  }
  out = value;
  return true;
}

bool parse_canonical(std::string_view text, std::int64_t& out) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  if (!parse_digits(text, out)) {
    // 19 digits may still fit.
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (text.size() != kDigitsMax + 1 || text[0] < '1' || text[0] > '9' || failure != std::errc() ||
        end != text.data() + text.size())
      return false;
  }
  if (text[0] == '0' && (text.size() > 1 || negative)) return false;
  if (negative) out = -out;
  return true;
}

bool parse_decimal(std::string_view text, unsigned scale, std::int64_t& out) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  if (text.size() < scale + 2 || text.size() > kDigitsMax + 1) return false;
  const std::size_t whole = text.size() - scale - 1;
  std::int64_t left = 0, right = 0;
  if (text[whole] != '.' || !parse_digits(text.substr(0, whole), left) || !parse_digits(text.substr(whole + 1), right))
    return false;
  if (text[0] == '0' && whole > 1) return false;
  out = left * kPowersOfTen[scale] + right;
  if (negative && out == 0) return false;
  if (negative) out = -out;
  return true;
}

bool parse_ipv4(std::string_view text, std::int64_t& out) {
  out = 0;
  const char *at = text.data(), *end = at + text.size();
  for (int part = 0; part < 4; ++part) {
    int value = 0, digits = 0;
    for (; at < end && *at >= '0' && *at <= '9'; ++at) {
      if (++digits > 3 || (digits == 2 && value == 0)) return false;
      value = value * 10 + (*at - '0');
    }
    if (digits == 0 || value > 255) return false;
    if (part < 3 && (at == end || *at++ != '.')) return false;
    out = out << 8 | value;
  }
  return at == end;
}

char* write_digits(std::uint64_t value, unsigned digits, char* out) {
  for (unsigned i = digits; i-- > 0; value /= 10) out[i] = static_cast<char>('0' + value % 10);
  return out + digits;
}

char* write_canonical(std::uint64_t value, char* out) { return std::to_chars(out, out + 20, value).ptr; }

std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

std::int64_t floor_div(std::int64_t value, std::int64_t unit) {
  const std::int64_t out = value / unit;
  return out * unit > value ? out - 1 : out;
}

// What a value of one slot looks like; everything but the numbers.
struct Spelling {
  unsigned digits = 0;  // kInteger
  unsigned scale = 0;   // kDecimal
  TimeFormat time;      // kTime
};

class NumberSlot : public SlotReader {
 public:
  NumberSlot(SlotKind kind, TreeReader& tree, SlotPlace place, Spelling spelling, Bounds bounds, std::size_t stream)
      : SlotReader(kind, tree.state, place),
        spelling_(std::move(spelling)),
        unit_ns_(spelling_.time.unit_ns()),
        bounds_(bounds),
        stream_(stream) {
    possible_ = {};
    add_bytes(possible_, "0123456789");
    if (kind == SlotKind::kInteger && bounds.min < 0) add_byte(possible_, '-');
    if (kind == SlotKind::kDecimal) add_bytes(possible_, bounds.min < 0 ? "-." : ".");
    if (kind == SlotKind::kIpv4) add_byte(possible_, '.');
    if (kind != SlotKind::kTime) return;
    add_bytes(possible_, spelling_.time.zone);
    add_bytes(possible_, spelling_.time.layout == TimeFormat::Layout::kIso ? "-:" : "/:JanFebMrApyulgSOctNovDc");
    add_byte(possible_, static_cast<unsigned char>(spelling_.time.between));
    if (spelling_.time.digits > 0) add_byte(possible_, static_cast<unsigned char>(spelling_.time.point));
  }

  unsigned digits() const override { return spelling_.digits; }
  unsigned scale() const override { return spelling_.scale; }
  Bounds bounds() const override { return bounds_; }

  Result<std::span<const std::int64_t>> integers() const override {
    TRY(values, values_.get([&] { return read_values(); }));
    return std::span<const std::int64_t>(*values);
  }

  Result<void> append(std::size_t position, std::string& out) const override {
    std::int64_t value = 0;
    const std::vector<std::int64_t>* values = values_.ready();
    if (values == nullptr) {
      TRY(packed, packed_.get([&] { return open_packed(); }));
      if (packed->numbers.random_access()) {
        TRY(one, packed->numbers.at(position));
        TRY(shifted, with_time(one, position));
        if (shifted < bounds_.min || shifted > bounds_.max) return out_of_bounds(shifted);
        value = shifted;
      } else {
        TRY(all, values_.get([&] { return read_values(); }));
        values = all;
      }
    }
    if (values != nullptr) value = (*values)[position];
    char text[kTimeTextBytesMax + 24];
    out.append(text, static_cast<std::size_t>(spell(value, text) - text));
    return {};
  }

  Result<void> load() const override {
    TRY_VOID(values_.get([&] { return read_values(); }));
    return {};
  }
  std::size_t bytes_longest() const override { return kTimeTextBytesMax; }
  char* render(std::size_t position, char* out) const override { return spell((*values_.ready())[position], out); }

 private:
  struct Packed {
    StreamBytes stream;
    IntStream numbers;
  };

  Error out_of_bounds(std::int64_t value) const {
    return error(Code::kCorrupt, "number {} of a slot is not between {} and {}", value, bounds_.min, bounds_.max);
  }

  Result<Packed> open_packed() const {
    TRY(stream, state_.read(stream_));
    TRY(numbers, IntStream::open(stream.bytes, size()));
    state_.bytes += stream.bytes.size();
    return Packed{std::move(stream), numbers};
  }

  // A stored distance becomes the time.
  std::int64_t shift(std::int64_t distance, TimeNs row_time) const {
    return static_cast<std::int64_t>(
        (static_cast<std::uint64_t>(floor_div(row_time, unit_ns_)) + static_cast<std::uint64_t>(distance)) *
        static_cast<std::uint64_t>(unit_ns_));
  }

  Result<std::int64_t> with_time(std::int64_t value, std::size_t position) const {
    if (kind() != SlotKind::kTime) return value;
    TRY(times, place_.parent->times());
    TRY(rows, place_.parent->rows_of(place_.index));
    return shift(value, times[rows[position]]);
  }

  Result<std::vector<std::int64_t>> read_values() const {
    TRY(packed, packed_.get([&] { return open_packed(); }));
    std::vector<std::int64_t> out(size());
    TRY_VOID(packed->numbers.read(out));
    if (kind() == SlotKind::kTime) {
      TRY(times, place_.parent->times());
      TRY(rows, place_.parent->rows_of(place_.index));
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = shift(out[i], times[rows[i]]);
    }
    for (const std::int64_t value : out) {
      if (value < bounds_.min || value > bounds_.max) return out_of_bounds(value);
    }
    state_.bytes += out.size() * sizeof(std::int64_t);
    return out;
  }

  char* spell(std::int64_t value, char* out) const {
    switch (kind()) {
      case SlotKind::kTime:
        return render_time(spelling_.time, value, out);
      case SlotKind::kIpv4:
        for (int shift = 24; shift >= 0; shift -= 8) {
          out = write_canonical(static_cast<std::uint64_t>(value) >> shift & 0xFF, out);
          if (shift > 0) *out++ = '.';
        }
        return out;
      default:
        break;
    }
    if (spelling_.digits > 0) return write_digits(static_cast<std::uint64_t>(value), spelling_.digits, out);
    if (value < 0) *out++ = '-';
    const std::uint64_t size = magnitude(value);
    if (kind() == SlotKind::kInteger) return write_canonical(size, out);
    const auto power = static_cast<std::uint64_t>(kPowersOfTen[spelling_.scale]);
    out = write_canonical(size / power, out);
    *out++ = '.';
    return write_digits(size % power, spelling_.scale, out);
  }

  Spelling spelling_;
  std::int64_t unit_ns_;
  Bounds bounds_;
  std::size_t stream_;
  Lazy<Packed> packed_;
  Lazy<std::vector<std::int64_t>> values_;
};

// Behind the kind and its spelling: bounds; the numbers are a stream.
void write_numbers(std::span<const std::int64_t> stored, Slot::Bounds bounds, LinesWriter& writer) {
  ByteWriter out(writer.tree);
  out.varint(zigzag(bounds.min));
  out.varint(static_cast<std::uint64_t>(bounds.max) - static_cast<std::uint64_t>(bounds.min));
  writer.pages.add(encode_int_stream(stored));
}

Slot::Bounds bounds_of(std::span<const std::int64_t> values) {
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  return {*min, *max};
}

template <class Parse>
bool parse_all(const SlotValues& values, std::vector<std::int64_t>& out, Parse parse) {
  out.resize(values.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    values.prefetch(i);
    if (!parse(values[i], out[i])) return false;
  }
  return true;
}

void write_kind(SlotKind kind, LinesWriter& writer) { ByteWriter(writer.tree).fixed(static_cast<std::uint8_t>(kind)); }

}  // namespace

bool encode_integer(const SlotValues& values, LinesWriter& writer) {
  std::vector<std::int64_t>& numbers = writer.numbers;
  std::size_t digits = 0;
  if (!parse_all(values, numbers, parse_canonical)) {
    digits = values[0].size();
    const auto fixed = [&](std::string_view text, std::int64_t& out) {
      return text.size() == digits && parse_digits(text, out);
    };
    if (!parse_all(values, numbers, fixed)) return false;
  }
  write_kind(SlotKind::kInteger, writer);
  ByteWriter(writer.tree).varint(digits);
  write_numbers(numbers, bounds_of(numbers), writer);
  return true;
}

bool encode_decimal(const SlotValues& values, LinesWriter& writer) {
  const std::size_t point = values[0].find('.');
  if (point == std::string_view::npos) return false;
  const std::size_t scale = values[0].size() - point - 1;
  if (scale == 0 || scale >= kDigitsMax) return false;
  std::vector<std::int64_t>& numbers = writer.numbers;
  const auto parse = [&](std::string_view text, std::int64_t& out) {
    return parse_decimal(text, static_cast<unsigned>(scale), out);
  };
  if (!parse_all(values, numbers, parse)) return false;
  write_kind(SlotKind::kDecimal, writer);
  ByteWriter(writer.tree).varint(scale);
  write_numbers(numbers, bounds_of(numbers), writer);
  return true;
}

bool encode_ipv4(const SlotValues& values, LinesWriter& writer) {
  std::vector<std::int64_t>& numbers = writer.numbers;
  if (!parse_all(values, numbers, parse_ipv4)) return false;
  write_kind(SlotKind::kIpv4, writer);
  write_numbers(numbers, bounds_of(numbers), writer);
  return true;
}

bool encode_time(const SlotValues& values, LinesWriter& writer) {
  const auto format = detect_time_format(values[0]);
  if (!format) return false;
  TimeParser parser(*format);
  std::vector<std::int64_t>& numbers = writer.numbers;
  numbers.resize(values.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    values.prefetch(i);
    const auto time = parser.parse(values[i]);
    if (!time) return false;
    numbers[i] = *time;
  }
  const Slot::Bounds bounds = bounds_of(numbers);
  const std::int64_t unit = format->unit_ns();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const TimeNs row_time = values.times.empty() ? 0 : values.times[values.rows[i]];
    // The text has no more than the format's digits, so the division is exact.
    numbers[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(numbers[i] / unit) -
                                           static_cast<std::uint64_t>(floor_div(row_time, unit)));
  }
  write_kind(SlotKind::kTime, writer);
  append_time_format(*format, writer.tree);
  write_numbers(numbers, bounds, writer);
  return true;
}

Result<std::unique_ptr<SlotReader>> read_number(SlotKind kind, TreeReader& tree, SlotPlace place) {
  Spelling spelling;
  Slot::Bounds limit{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
  if (kind == SlotKind::kTime) {
    TRY(format, read_time_format(tree.in));
    spelling.time = std::move(format);
  } else if (kind == SlotKind::kIpv4) {
    limit = {0, 0xFFFFFFFF};
  } else {
    TRY(digits, tree.in.varint());
    if (digits > kDigitsMax) return error(Code::kCorrupt, "a number of {} digits", digits);
    (kind == SlotKind::kInteger ? spelling.digits : spelling.scale) = static_cast<unsigned>(digits);
    if (kind == SlotKind::kInteger && digits > 0) limit = {0, kPowersOfTen[digits] - 1};
    if (kind == SlotKind::kDecimal && digits == 0) return error(Code::kCorrupt, "a decimal without a fraction");
  }
  TRY(min, tree.in.varint());
  TRY(span, tree.in.varint());
  Slot::Bounds bounds{.min = unzigzag(min)};
  bounds.max = static_cast<std::int64_t>(static_cast<std::uint64_t>(bounds.min) + span);
  if (bounds.max < bounds.min || bounds.min < limit.min || bounds.max > limit.max)
    return error(Code::kCorrupt, "bounds {} and {} of a number", bounds.min, bounds.max);
  TRY(stream, tree.take_stream());
  return std::unique_ptr<SlotReader>(
      std::make_unique<NumberSlot>(kind, tree, place, std::move(spelling), bounds, stream));
}

}  // namespace trilobite::columnar
