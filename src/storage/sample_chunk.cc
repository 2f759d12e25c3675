#include "storage/sample_chunk.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <new>
#include <type_traits>

#include "base/bytes.h"
#include "storage/sample_cursor.h"

namespace trilobite::storage {
namespace {

static_assert(std::is_trivially_destructible_v<SampleChunk>,
              "an arena gives memory back without a look at what is in it");
static_assert(std::atomic<SampleChunk::Used>::is_always_lock_free);
static_assert(std::endian::native == std::endian::little, "numbers are copied as they lie in memory");

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr unsigned kFormBits = 3, kSame = 0, kBytesMax = 5, kChanged = 6, kAnew = 7;
constexpr std::int64_t kStepMin = -15, kStepMax = 14;
constexpr unsigned kStepFollows = 30;
// The byte of forms, a varint for the time, exponent and varint for the value.
constexpr std::size_t kSampleBytesMax = 1 + 10 + 11;
constexpr std::size_t kLengthBytesMax = 5;
// Numbers of a few bytes are written as eight, the rest of which the next sample overwrites: a copy of a length that
// the compiler does not know is a call, and took a sixth of the time of a restart.
constexpr std::size_t kSlackBytes = 8;

constexpr unsigned kExponentMax = 15;
constexpr std::array<double, kExponentMax + 1> kPowers{1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                       1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
constexpr double kWholeMax = 9007199254740992.0;  // 2^53: below, a double holds every integer
constexpr std::uint8_t kOddPatience = 16;

std::uint64_t minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b);
}
std::int64_t plus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

// Whether value is number / 10^exponent, exactly.
bool scale(double value, unsigned exponent, std::int64_t& number) {
  const double scaled = value * kPowers[exponent];
  if (!(std::abs(scaled) < kWholeMax)) return false;
  number = static_cast<std::int64_t>(exponent == 0 ? scaled : scaled + (scaled < 0 ? -0.5 : 0.5));
  const double back = exponent == 0 ? static_cast<double>(number) : static_cast<double>(number) / kPowers[exponent];
  return std::bit_cast<std::uint64_t>(back) == std::bit_cast<std::uint64_t>(value);
}

char* put_varint(std::uint64_t value, char* to) {
  while (value > 0x7F) {
    *to++ = static_cast<char>((value & 0x7F) | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}

const char* take_varint(const char* at, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<std::uint8_t>(*at++);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return at;
  }
}

// Looks for an exponent under which the value is whole. A series whose values have none is not searched every time.
bool find_exponent(double value, SampleState& state, std::int64_t& number) {
  if (state.odd > 0 && state.odd % kOddPatience != 0) return false;
  for (unsigned exponent = state.exponent + 1u; exponent <= kExponentMax; ++exponent) {
    if (!(std::abs(value * kPowers[exponent]) < kWholeMax)) return false;
    if (!scale(value, exponent, number)) continue;
    state.exponent = static_cast<std::uint8_t>(exponent);
    return true;
  }
  return false;
}

// The form of the value; its bytes go to `to`, where there is room for kSlackBytes more.
unsigned put_value(double value, SampleState& state, char*& to) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const std::uint64_t change = bits ^ state.bits;
  if (change == 0) return kSame;
  state.bits = bits;
  std::int64_t number = 0;
  if (scale(value, state.exponent, number)) {
    state.odd = 0;
    const std::uint64_t difference = zigzag(number - state.number);  // both are below 2^53
    const auto bytes = std::max(1u, (static_cast<unsigned>(std::bit_width(difference)) + 7) / 8);
    state.number = number;
    if (bytes <= kBytesMax) {
      std::memcpy(to, &difference, sizeof difference);
      to += bytes;
      return bytes;
    }
  } else if (find_exponent(value, state, number)) {
    state.odd = 0;
    state.number = number;
  } else {
    state.odd = static_cast<std::uint8_t>(state.odd == 0xFF ? 1 : state.odd + 1);
    const auto leading = static_cast<unsigned>(std::countl_zero(change)) / 8;
    const auto trailing = static_cast<unsigned>(std::countr_zero(change)) / 8;
    const unsigned bytes = 8 - leading - trailing;
    *to++ = static_cast<char>(leading << 4 | bytes);
    const std::uint64_t rest = change >> (8 * trailing);
    std::memcpy(to, &rest, sizeof rest);
    to += bytes;
    return kChanged;
  }
  *to++ = static_cast<char>(state.exponent);
  to = put_varint(zigzag(state.number), to);
  return kAnew;
}

// The form of the time, in the bits above that of the value.
unsigned put_time(std::int64_t time, SampleState& state, char*& to) {
  const auto step = static_cast<std::int64_t>(minus(time, state.time));
  const auto change = static_cast<std::int64_t>(minus(step, state.step));
  state.time = time;
  state.step = step;
  if (change >= kStepMin && change <= kStepMax) return static_cast<unsigned>(change - kStepMin) << kFormBits;
  to = put_varint(zigzag(change), to);
  return kStepFollows << kFormBits;
}

// The byte of forms, time and value. Returns the end.
char* put_numbers(char* begin, std::int64_t time, double value, bool first, SampleState& state) {
  char* to = begin + 1;
  const unsigned time_form = put_time(time, state, to);
  *begin = static_cast<char>(time_form | put_value(value, state, to));
  if (first) state.step = 0;  // it was the distance from the base
  return to;
}

std::int64_t in_unit(TimeNs base, TimeNs time, bool fine) {
  const auto distance = static_cast<std::int64_t>(minus(time, base));
  return fine ? distance : distance / kMillisecond;
}

}  // namespace

// Decodes one sample after the other.
class SampleChunk::Reader {
 public:
  Reader(const SampleChunk& chunk, Used used, TimeNs base)
      : at_(chunk.data()), left_(used.samples), base_(base), kind_(chunk.kind_) {}

  bool next() {
    if (left_ == 0) return false;
    --left_;
    const auto forms = static_cast<std::uint8_t>(*at_++);
    take_time(forms >> kFormBits);
    if (first_) state_.step = 0;
    first_ = false;
    take_value(forms & ((1u << kFormBits) - 1));
    if (kind_.texts) {
      std::uint64_t length = 0;
      at_ = take_varint(at_, length);
      text_ = {at_, static_cast<std::size_t>(length)};
      at_ += length;
    }
    return true;
  }
  TimeNs time() const { return plus(base_, kind_.fine_times ? state_.time : state_.time * kMillisecond); }
  double value() const { return std::bit_cast<double>(state_.bits); }
  std::string_view text() const { return text_; }

 private:
  void take_time(unsigned form) {
    std::int64_t change = static_cast<std::int64_t>(form) + kStepMin;
    if (form == kStepFollows) {
      std::uint64_t raw = 0;
      at_ = take_varint(at_, raw);
      change = unzigzag(raw);
    }
    state_.step = plus(state_.step, change);
    state_.time = plus(state_.time, state_.step);
  }
  void take_value(unsigned form) {
    if (form == kSame) return;
    std::uint64_t raw = 0;
    if (form == kChanged) {
      const auto lengths = static_cast<std::uint8_t>(*at_++);
      const unsigned leading = lengths >> 4, bytes = lengths & 15;
      std::memcpy(&raw, at_, bytes);
      at_ += bytes;
      state_.bits ^= raw << (8 * (8 - leading - bytes));
      return;
    }
    if (form == kAnew) {
      state_.exponent = static_cast<std::uint8_t>(*at_++);
      at_ = take_varint(at_, raw);
      state_.number = unzigzag(raw);
    } else {
      std::memcpy(&raw, at_, form);
      at_ += form;
      state_.number += unzigzag(raw);
    }
    const auto whole = static_cast<double>(state_.number);
    state_.bits = std::bit_cast<std::uint64_t>(state_.exponent == 0 ? whole : whole / kPowers[state_.exponent]);
  }

  const char* at_;
  std::uint32_t left_;
  bool first_ = true;
  const TimeNs base_;
  const Kind kind_;
  SampleState state_;
  std::string_view text_;
};

SampleChunk::Kind SampleChunk::kind_of(TimeNs base, TimeNs time, std::string_view text) {
  std::int64_t distance = 0;
  const bool whole = !__builtin_sub_overflow(time, base, &distance) && distance % kMillisecond == 0;
  return {.texts = !text.empty(), .fine_times = !whole};
}

SampleChunk* SampleChunk::make(Arena& arena, const SampleChunk* before, std::size_t capacity, Kind kind,
                               std::string_view text, SampleState& state) {
  const std::size_t least = kSampleBytesMax + (kind.texts ? kLengthBytesMax + text.size() : 0);
  capacity = (std::max(capacity, least) + 7) & ~std::size_t{7};
  auto* out = new (arena.take(sizeof(SampleChunk) + capacity)) SampleChunk;
  out->before_ = before;
  out->capacity_ = static_cast<std::uint32_t>(capacity);
  out->kind_ = kind;
  state = {};
  return out;
}

bool SampleChunk::put(TimeNs base, TimeNs time, double value, std::string_view text, SampleState& state) {
  const Kind needs = kind_of(base, time, text);
  if ((needs.texts && !kind_.texts) || (needs.fine_times && !kind_.fine_times)) return false;
  Used used = used_.load(std::memory_order_relaxed);
  if (!kind_.texts && capacity_ - used.bytes >= kSampleBytesMax + kSlackBytes) {
    char* const begin = data() + used.bytes;
    const char* const end = put_numbers(begin, in_unit(base, time, kind_.fine_times), value, used.samples == 0, state);
    used.bytes += static_cast<std::uint32_t>(end - begin);
    ++used.samples;
    used_.store(used, std::memory_order_release);
    return true;
  }
  SampleState next = state;
  std::array<char, kSampleBytesMax + kLengthBytesMax + kSlackBytes> bytes;
  char* to = put_numbers(bytes.data(), in_unit(base, time, kind_.fine_times), value, used.samples == 0, next);
  if (kind_.texts) to = put_varint(text.size(), to);
  const auto count = static_cast<std::size_t>(to - bytes.data());
  if (used.bytes + count + text.size() > capacity_) return false;
  std::memcpy(data() + used.bytes, bytes.data(), count);
  if (!text.empty()) std::memcpy(data() + used.bytes + count, text.data(), text.size());
  state = next;
  used.bytes += static_cast<std::uint32_t>(count + text.size());
  ++used.samples;
  used_.store(used, std::memory_order_release);
  return true;
}

TimeNs SampleChunk::first_time(TimeNs base) const {
  Reader reader(*this, {.samples = 1, .bytes = 0}, base);
  reader.next();
  return reader.time();
}

void SampleChunk::read(Used used, TimeNs base, TimeNs first, TimeNs last, SeriesSamples& out) const {
  const std::size_t before = out.times.size();
  StringColumn texts;
  bool any_text = false;
  Reader reader(*this, used, base);
  while (reader.next()) {
    const TimeNs time = reader.time();
    if (time < first || time > last) continue;
    out.times.push_back(time);
    out.values.push_back(reader.value());
    if (!kind_.texts) continue;
    texts.push_back(reader.text());
    any_text = any_text || !reader.text().empty();
  }
  if (out.times.size() > before) append_histograms(out, before, any_text ? texts : StringColumn(), 0);
}

bool SampleChunk::is_newest(TimeNs base, TimeNs time, double value, std::string_view text,
                            const SampleState& state) const {
  const TimeNs newest = plus(base, kind_.fine_times ? state.time : state.time * kMillisecond);
  if (newest != time || state.bits != std::bit_cast<std::uint64_t>(value)) return false;
  if (!kind_.texts) return text.empty();
  Reader reader(*this, used_.load(std::memory_order_relaxed), base);
  while (reader.next()) {
  }
  return reader.text() == text;
}

}  // namespace trilobite::storage
