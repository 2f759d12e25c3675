#include "logs/slot_numbers.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "columnar/slot_compare.h"
#include "logs/text.h"

namespace trilobite::logql {
namespace {

using columnar::SlotKind;

constexpr std::int64_t kWholeMax = std::int64_t{1} << 50;  // far enough below 2^53 for a rounding or two

bool is_number(const columnar::Slot& slot) {
  return slot.kind() == SlotKind::kInteger || slot.kind() == SlotKind::kDecimal;
}

unsigned scale_of(const columnar::Slot& slot) { return slot.kind() == SlotKind::kDecimal ? slot.scale() : 0; }

std::int64_t power_of_ten(unsigned exponent) {
  std::int64_t out = 1;
  while (exponent-- > 0) out *= 10;
  return out;
}

// What a stored integer is multiplied with; nothing where the product would not be what the text says.
struct Scaling {
  enum class How : std::uint8_t { kNumber, kWholeFactor, kBytes };
  How how = How::kNumber;
  std::int64_t factor = 1;
  double value(std::int64_t stored, unsigned scale) const {
    switch (how) {
      case How::kNumber: return columnar::number_of(stored, scale);
      case How::kWholeFactor: return static_cast<double>(stored * factor);
      case How::kBytes: return std::trunc(columnar::number_of(stored, scale) * static_cast<double>(factor));
    }
    return 0;
  }
};

bool within(const columnar::Slot::Bounds& bounds, std::int64_t min, std::int64_t max) {
  return bounds.min >= min && bounds.max <= max;
}

std::optional<Scaling> scaling_of(const columnar::Slot& slot, NumberUnit unit, std::string_view suffix) {
  if (!is_number(slot)) return std::nullopt;
  if (unit == NumberUnit::kNone) {
    if (!suffix.empty()) return std::nullopt;
    return Scaling{};
  }
  const unsigned scale = scale_of(slot);
  if (scale > 15) return std::nullopt;
  const std::string one = "1" + std::string(suffix);
  if (unit == NumberUnit::kDuration) {
    // A suffix that goes on with digits would be read as part of the number.
    if (suffix.empty() || suffix.find_first_of("0123456789.") != std::string_view::npos) return std::nullopt;
    const auto ns = parse_go_duration(one);
    const std::int64_t divisor = power_of_ten(scale);
    if (!ns || *ns % divisor != 0) return std::nullopt;
    const std::int64_t factor = *ns / divisor;
    if (!within(slot.bounds(), -kWholeMax / factor, kWholeMax / factor)) return std::nullopt;
    return Scaling{Scaling::How::kWholeFactor, factor};
  }
  if (suffix.find_first_of("0123456789.,") != std::string_view::npos) return std::nullopt;
  const auto bytes = parse_bytes(one);
  if (!bytes || *bytes > static_cast<std::uint64_t>(kWholeMax)) return std::nullopt;
  const auto factor = static_cast<std::int64_t>(*bytes);
  if (factor == 0 || !within(slot.bounds(), 0, kWholeMax / factor)) return std::nullopt;
  return Scaling{Scaling::How::kBytes, factor};
}

// Of a nested template that is a number and a unit.
std::optional<Scaling> scaling_of(const columnar::Template& nested, NumberUnit unit) {
  if (nested.slots.size() != 1 || !nested.pieces[0].empty()) return std::nullopt;
  return scaling_of(*nested.slots[0], unit, nested.pieces[1]);
}

template <class Visit>
void for_each_selected(const columnar::RowSelection& positions, Visit visit) {
  if (positions.all()) {
    for (std::uint32_t i = 0; i < positions.size(); ++i) visit(i, i);
    return;
  }
  const auto& rows = positions.rows();
  for (std::uint32_t i = 0; i < rows.size(); ++i) visit(i, rows[i]);
}

Result<SlotNumbers> plain_numbers(const columnar::Slot& slot, const Scaling& scaling,
                                  const columnar::RowSelection& positions) {
  SlotNumbers out;
  if (scaling.how == Scaling::How::kNumber && positions.all()) {
    TRY(values, columnar::slot_numbers(slot));
    out.values = std::move(values);
    return out;
  }
  TRY(integers, slot.integers());
  const unsigned scale = scale_of(slot);
  out.values.resize(positions.count());
  for_each_selected(positions, [&](std::uint32_t i, std::uint32_t position) {
    out.values[i] = scaling.value(integers[position], scale);
  });
  return out;
}

Result<SlotNumbers> nested_numbers(const columnar::Slot& slot, NumberUnit unit,
                                   const columnar::RowSelection& positions) {
  TRY(nested, slot.templates());
  TRY(codes, nested->codes());
  TRY(places, nested->positions());
  struct Entry {
    std::optional<Scaling> scaling;
    std::span<const std::int64_t> integers;
    unsigned scale = 0;
  };
  std::vector<Entry> entries;
  for (const columnar::Template& one : nested->templates()) {
    Entry& entry = entries.emplace_back();
    entry.scaling = scaling_of(one, unit);
    if (!entry.scaling) continue;
    TRY(integers, one.slots[0]->integers());
    entry.integers = integers;
    entry.scale = scale_of(*one.slots[0]);
  }
  SlotNumbers out;
  out.values.resize(positions.count());
  out.settled.resize(positions.count());
  for_each_selected(positions, [&](std::uint32_t i, std::uint32_t position) {
    const Entry& entry = entries[codes[position]];
    if (!entry.scaling) return;
    out.values[i] = entry.scaling->value(entry.integers[places[position]], entry.scale);
    out.settled[i] = 1;
  });
  return out;
}

}  // namespace

bool has_slot_numbers(const columnar::Slot& slot, NumberUnit unit) {
  if (scaling_of(slot, unit, {})) return true;
  return slot.kind() == SlotKind::kTemplates && unit != NumberUnit::kNone;
}

Result<SlotNumbers> read_slot_numbers(const columnar::Slot& slot, NumberUnit unit,
                                      const columnar::RowSelection& positions) {
  if (const auto scaling = scaling_of(slot, unit, {})) return plain_numbers(slot, *scaling, positions);
  return nested_numbers(slot, unit, positions);
}

}  // namespace trilobite::logql
