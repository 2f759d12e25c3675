#include "columnar/slot_search_numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace trilobite::columnar {
namespace {

using Place = TextMatch::Place;

constexpr std::array<std::uint64_t, 20> make_powers() {
  std::array<std::uint64_t, 20> out{1};
  for (std::size_t i = 1; i < out.size(); ++i) out[i] = out[i - 1] * 10;
  return out;
}
constexpr std::array<std::uint64_t, 20> kPowers = make_powers();

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

// How the numbers of a slot are spelled: a sign, at least `digits_min` digits, the point in front of the last `scale`.
struct Spelling {
  unsigned scale = 0;
  unsigned digits = 0;  // of all numbers; 0: no zeros in front but one before the point

  explicit Spelling(const Slot& slot)
      : scale(slot.kind() == SlotKind::kDecimal ? slot.scale() : 0),
        digits(slot.kind() == SlotKind::kInteger ? slot.digits() : 0) {}
  std::size_t digits_min() const { return digits > 0 ? digits : scale + 1; }
  // More digits than 64 bits hold are looked at as text.
  bool long_texts() const { return digits_min() > 19; }

  void append(std::int64_t value, std::string& out) const {
    const fmt::format_int text(magnitude(value));
    if (value < 0) out += '-';
    if (text.size() < digits_min()) out.append(digits_min() - text.size(), '0');
    out.append(text.data(), text.size());
    if (scale > 0) out.insert(out.end() - scale, '.');
  }
  std::size_t length(std::int64_t value) const {
    std::string out;
    append(value, out);
    return out.size();
  }
};

// A number, or a part of one, as it stands in a needle.
struct Digits {
  bool negative = false;
  std::string digits;                // without sign and point
  std::optional<std::size_t> point;  // in front of this digit

  std::size_t behind_point() const { return point ? digits.size() - *point : 0; }
  // Fits into 64 bits for up to 19 digits.
  std::uint64_t value() const {
    std::uint64_t out = 0;
    for (const char c : digits) out = out * 10 + static_cast<std::uint64_t>(c - '0');
    return out;
  }
};

// None if it is no part of a number, or has more than 19 digits.
std::optional<Digits> parse_digits(std::string_view text) {
  Digits out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_digit(text[i])) {
      out.digits += text[i];
    } else if (text[i] == '.' && !out.point) {
      out.point = out.digits.size();
    } else if (text[i] == '-' && i == 0) {
      out.negative = true;
    } else {
      return std::nullopt;
    }
  }
  if (out.digits.size() > 19) return std::nullopt;
  return out;
}

// The value whose text this is, if there is one.
std::optional<std::int64_t> whole_value(const Spelling& spelling, std::string_view text) {
  const auto digits = parse_digits(text);
  if (!digits || digits->digits.empty() || digits->behind_point() != spelling.scale) return std::nullopt;
  const std::uint64_t value = digits->value();
  if (value > std::uint64_t{1} << 63) return std::nullopt;
  const auto out = static_cast<std::int64_t>(digits->negative ? 0 - value : value);
  std::string again;
  spelling.append(out, again);
  if (again != text) return std::nullopt;
  return out;
}

// A text with a sign begins a number; one as long as the longest number is one.
Place place_of(const Slot& slot, const Spelling& spelling, const TextMatch& match) {
  const Slot::Bounds bounds = slot.bounds();
  if (match.text.size() == std::max(spelling.length(bounds.min), spelling.length(bounds.max))) return Place::kWhole;
  if (!match.text.starts_with('-')) return match.place;
  return match.at_end() ? Place::kWhole : Place::kBegin;
}

struct Magnitudes {
  std::uint64_t first = 0, last = 0;
};

// The numbers that begin so, by magnitude (of those with the sign).
std::vector<Magnitudes> ranges_that_begin(const Spelling& spelling, const Digits& begin) {
  std::vector<Magnitudes> out;
  using Wide = unsigned __int128;
  constexpr Wide kLast = Wide{1} << 63;
  const auto add = [&](Wide first, Wide count) {
    const Wide last = std::min(first + (count - 1), kLast);
    if (first <= kLast) out.push_back({static_cast<std::uint64_t>(first), static_cast<std::uint64_t>(last)});
  };
  const std::size_t size = begin.digits.size();
  if (size == 0) {
    if (!begin.point) add(0, Wide{1} << 64);  // the sign alone
    return out;
  }
  const std::uint64_t value = begin.value();
  if (spelling.digits > 0) {
    if (size <= spelling.digits && spelling.digits - size < kPowers.size()) {
      const std::uint64_t unit = kPowers[spelling.digits - size];
      add(Wide{value} * unit, unit);
    }
    return out;
  }
  const std::size_t before_point = begin.point.value_or(size);
  if (begin.digits[0] == '0' && before_point != 1) return out;  // a needless zero, or nothing before the point
  if (before_point == 0 || begin.behind_point() > spelling.scale) return out;
  if (begin.point) {
    const std::size_t missing = spelling.scale - begin.behind_point();
    if (missing < kPowers.size()) add(Wide{value} * kPowers[missing], kPowers[missing]);
    return out;
  }
  // Any number of digits may follow before the point; none after a zero.
  for (std::size_t more = spelling.scale; more < kPowers.size(); ++more) {
    if (begin.digits[0] == '0' && more > spelling.scale) break;
    add(Wide{value} * kPowers[more], kPowers[more]);
  }
  return out;
}

PositionSet select_equal(std::span<const std::int64_t> values, std::int64_t wanted, const PositionSet& candidates) {
  return candidates.filtered([&](std::size_t position) { return values[position] == wanted; });
}

PositionSet select_begin(std::span<const std::int64_t> values, Slot::Bounds bounds, const Spelling& spelling,
                         const Digits& begin, const PositionSet& candidates) {
  std::vector<Magnitudes> ranges = ranges_that_begin(spelling, begin);
  const std::uint64_t largest = std::max(magnitude(bounds.min), magnitude(bounds.max));
  std::erase_if(ranges, [&](const Magnitudes& range) { return range.first > largest; });
  if (ranges.empty()) return PositionSet::none(values.size());
  return candidates.filtered([&](std::size_t position) {
    if ((values[position] < 0) != begin.negative) return false;
    const std::uint64_t value = magnitude(values[position]);
    bool in = false;
    for (const Magnitudes& range : ranges) in |= value - range.first <= range.last - range.first;
    return in;
  });
}

PositionSet select_end(std::span<const std::int64_t> values, const Spelling& spelling, const Digits& end,
                       const PositionSet& candidates) {
  const std::size_t size = end.digits.size();
  const bool fits = end.point ? end.behind_point() == spelling.scale : spelling.scale == 0 || size <= spelling.scale;
  if (!fits || size == 0) return PositionSet::none(values.size());
  const std::uint64_t wanted = end.value(), unit = kPowers[size];
  const std::uint64_t least = size <= spelling.digits_min() ? 0 : kPowers[size - 1];  // has that many digits
  return candidates.filtered([&](std::size_t position) {
    const std::uint64_t value = magnitude(values[position]);
    return value % unit == wanted && value >= least;
  });
}

PositionSet search_texts(std::span<const std::int64_t> values, const Spelling& spelling, const TextMatch& match,
                         const PositionSet& candidates) {
  StringColumn texts;
  texts.ends.reserve(values.size());
  for (const std::int64_t value : values) {
    spelling.append(value, texts.bytes);
    texts.ends.push_back(static_cast<std::uint32_t>(texts.bytes.size()));
  }
  return search_strings(match, texts, candidates);
}

void append_ipv4(std::int64_t address, std::string& out) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    const fmt::format_int part(static_cast<unsigned>(address >> shift & 255));
    out.append(part.data(), part.size());
    if (shift > 0) out += '.';
  }
}

}  // namespace

bool number_may_hold(const Slot& slot, const TextMatch& match) {
  const Spelling spelling(slot);
  const Slot::Bounds bounds = slot.bounds();
  if (spelling.long_texts()) return true;
  const auto digits = parse_digits(match.text);
  if (!digits || match.text.empty()) return false;
  if (digits->point && (spelling.scale == 0 || digits->behind_point() > spelling.scale)) return false;
  if (digits->negative && bounds.min >= 0) return false;
  if (match.text.size() > std::max(spelling.length(bounds.min), spelling.length(bounds.max))) return false;
  if (place_of(slot, spelling, match) != Place::kWhole) return true;
  const auto value = whole_value(spelling, match.text);
  return value && *value >= bounds.min && *value <= bounds.max;
}

Result<PositionSet> search_numbers(const Slot& slot, const TextMatch& match, const PositionSet& candidates) {
  const Spelling spelling(slot);
  if (!number_may_hold(slot, match)) return PositionSet::none(slot.size());
  TRY(values, slot.integers());
  if (spelling.long_texts()) return search_texts(values, spelling, match, candidates);
  const auto digits = parse_digits(match.text);
  switch (place_of(slot, spelling, match)) {
    case Place::kWhole: {
      const auto value = whole_value(spelling, match.text);
      return value ? select_equal(values, *value, candidates) : PositionSet::none(slot.size());
    }
    case Place::kBegin: return select_begin(values, slot.bounds(), spelling, *digits, candidates);
    case Place::kEnd: return select_end(values, spelling, *digits, candidates);
    case Place::kAnywhere: break;
  }
  return search_texts(values, spelling, match, candidates);
}

bool ipv4_may_hold(const TextMatch& match) {
  std::size_t points = 0, run = 0;
  for (std::size_t i = 0; i < match.text.size(); ++i) {
    const char c = match.text[i];
    if (c == '.') {
      const bool outer = i == 0 ? match.at_begin() : run == 0;  // nothing in front of the point
      if (++points > 3 || outer) return false;
      run = 0;
    } else if (!is_digit(c) || ++run > 3) {
      return false;
    }
  }
  if (match.at_end() && run == 0) return false;
  return match.place != Place::kWhole || points == 3;
}

Result<PositionSet> search_ipv4(const Slot& slot, const TextMatch& match, const PositionSet& candidates) {
  if (!ipv4_may_hold(match)) return PositionSet::none(slot.size());
  TRY(values, slot.integers());
  if (match.place == Place::kWhole) {
    std::int64_t address = 0, part = 0;
    for (const char c : match.text) {
      if (c == '.') {
        address = address << 8 | part;
        part = 0;
      } else {
        part = part * 10 + (c - '0');
      }
    }
    address = address << 8 | part;
    std::string again;
    append_ipv4(address, again);
    return again == match.text ? select_equal(values, address, candidates) : PositionSet::none(slot.size());
  }
  StringColumn texts;
  texts.ends.reserve(values.size());
  for (const std::int64_t value : values) {
    append_ipv4(value, texts.bytes);
    texts.ends.push_back(static_cast<std::uint32_t>(texts.bytes.size()));
  }
  return search_strings(match, texts, candidates);
}

}  // namespace trilobite::columnar
