#include "columnar/slot_compare.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "base/check.h"

namespace trilobite::columnar {
namespace {

constexpr std::int64_t kExactMax = std::int64_t{1} << 53;  // every integer up to here is a double

// The powers of ten that are doubles.
constexpr std::array<double, 23> kPowers{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                         1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

double parsed(std::int64_t value, unsigned scale) {
  const std::string text = std::to_string(value) + "e-" + std::to_string(scale);
  double out = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), out);
  // Too small to be told from zero.
  return end.ec == std::errc{} ? out : std::copysign(0.0, static_cast<double>(value));
}

// The values that pass: first to last, or all but these; `first > last` is no value.
struct Range {
  std::int64_t first = 0, last = -1;
  bool inverted = false;
};

// The smallest value of first..last for which `passes` holds; it must be false up to some value and true from there.
// Nothing passes: `last` and false.
template <class Passes>
std::pair<std::int64_t, bool> first_that(std::int64_t first, std::int64_t last, const Passes& passes) {
  if (!passes(last)) return {last, false};
  while (first < last) {
    const auto width = static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(first);
    const auto middle = static_cast<std::int64_t>(static_cast<std::uint64_t>(first) + width / 2);
    if (passes(middle)) {
      last = middle;
    } else {
      first = middle + 1;
    }
  }
  return {first, true};
}

// number_of() never falls when the value rises, so a comparison of doubles is a range of integers.
Range range_of(NumberOp op, double bound, unsigned scale, std::int64_t min, std::int64_t max) {
  if (std::isnan(bound)) return {.inverted = op == NumberOp::kNotEqual};
  const auto [reaches, any_reaches] = first_that(min, max, [&](auto v) { return number_of(v, scale) >= bound; });
  const auto [exceeds, any_exceeds] = first_that(min, max, [&](auto v) { return number_of(v, scale) > bound; });
  const Range none{.first = 1, .last = 0};
  // What lies below a first value; there is a value below it unless it is the least.
  const auto below = [&](std::int64_t value, bool any) {
    if (!any) return Range{min, max};
    return value == min ? none : Range{min, value - 1};
  };
  switch (op) {
    case NumberOp::kGreaterEqual:
      return any_reaches ? Range{reaches, max} : none;
    case NumberOp::kGreater:
      return any_exceeds ? Range{exceeds, max} : none;
    case NumberOp::kLess:
      return below(reaches, any_reaches);
    case NumberOp::kLessEqual:
      return below(exceeds, any_exceeds);
    case NumberOp::kEqual:
    case NumberOp::kNotEqual: {
      Range equal = none;
      if (any_reaches && !(any_exceeds && exceeds == reaches)) equal = {reaches, any_exceeds ? exceeds - 1 : max};
      equal.inverted = op == NumberOp::kNotEqual;
      return equal;
    }
  }
  CHECK(false);
}

// Without branches, so that it takes the same time whatever passes.
template <class Passes>
std::vector<std::uint32_t> filtered(std::size_t count, const Passes& passes) {
  std::vector<std::uint32_t> out(count);
  std::size_t kept = 0;
  for (std::uint32_t position = 0; position < count; ++position) {
    out[kept] = position;
    kept += passes(position);
  }
  out.resize(kept);
  return out;
}

}  // namespace

double number_of(std::int64_t value, unsigned scale) {
  if (scale == 0) return static_cast<double>(value);
  // Two exact operands, one rounding.
  if (value >= -kExactMax && value <= kExactMax && scale < kPowers.size())
    return static_cast<double>(value) / kPowers[scale];
  return parsed(value, scale);
}

Result<void> select_numbers(const Slot& slot, NumberOp op, double bound, RowSelection& positions) {
  CHECK(slot.kind() == SlotKind::kInteger || slot.kind() == SlotKind::kDecimal);
  CHECK(positions.size() == slot.size());
  if (positions.empty()) return {};
  const unsigned scale = slot.kind() == SlotKind::kDecimal ? slot.scale() : 0;
  const Slot::Bounds bounds = slot.bounds();
  const Range range = range_of(op, bound, scale, bounds.min, bounds.max);
  const bool some = range.first <= range.last;
  if (!some || (range.first == bounds.min && range.last == bounds.max)) {
    if (some == range.inverted) positions.clear();
    return {};
  }
  TRY(values, slot.integers());
  const auto first = static_cast<std::uint64_t>(range.first);
  const std::uint64_t width = static_cast<std::uint64_t>(range.last) - first;
  const auto passes = [&](std::uint32_t position) {
    return (static_cast<std::uint64_t>(values[position]) - first <= width) != range.inverted;
  };
  if (positions.all()) {
    positions = RowSelection(positions.size(), filtered(values.size(), passes));
  } else {
    std::erase_if(positions.rows(), [&](std::uint32_t position) { return !passes(position); });
  }
  return {};
}

Result<std::vector<double>> slot_numbers(const Slot& slot) {
  CHECK(slot.kind() == SlotKind::kInteger || slot.kind() == SlotKind::kDecimal);
  TRY(values, slot.integers());
  const unsigned scale = slot.kind() == SlotKind::kDecimal ? slot.scale() : 0;
  const Slot::Bounds bounds = slot.bounds();
  std::vector<double> out(values.size());
  if (bounds.min >= -kExactMax && bounds.max <= kExactMax && scale < kPowers.size()) {
    const double power = kPowers[scale];
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<double>(values[i]) / power;
  } else {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = number_of(values[i], scale);
  }
  return out;
}

}  // namespace trilobite::columnar
