#include "logs/vector_template.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <type_traits>

#include "columnar/slot_compare.h"
#include "logs/slot_numbers.h"

namespace trilobite::logql {

using columnar::SlotKind;

VectorTemplate::VectorTemplate(const VectorPlan& plan, const VectorRuns& runs, const columnar::Template& lines,
                               std::span<const std::uint32_t> rows_of, BoundFields fields, std::uint64_t present)
    : plan_(plan), runs_(runs), lines_(lines), rows_of_(rows_of), fields_(std::move(fields)) {
  texts_.resize(lines_.slots.size());
  for (std::size_t name = 0; name < plan_.labels.size(); ++name) {
    sources_.push_back(find_source(static_cast<VectorPlan::Name>(name), present));
  }
}

// The first field of the line that is put under this name: one of the name itself, or, where the name says so, one that
// collides with what the row has without the parser.
VectorTemplate::Source VectorTemplate::find_source(VectorPlan::Name name, std::uint64_t present) const {
  const auto has = [&](VectorPlan::Name other) { return (present >> other & 1) != 0; };
  const VectorPlan::Label& label = plan_.labels[name];
  Source out;
  bool other_place = has(name);
  for (const BoundField& field : fields_) {
    const bool own = field.name == label.name && !has(name);
    const bool collides = label.plain && field.name == plan_.labels[*label.plain].name && has(*label.plain);
    if (!own && !collides) continue;
    if (out.field == nullptr) {
      out.field = &field;
    } else {
      other_place = true;
    }
  }
  out.settled = out.field == nullptr || !other_place || !may_be_absent(*out.field);
  return out;
}

bool VectorTemplate::may_be_absent(const BoundField& field) const {
  if (field.text == BoundField::Text::kJsonString || field.text == BoundField::Text::kRaw) return false;
  switch (lines_.slots[field.slot]->kind()) {
    case SlotKind::kInteger:
    case SlotKind::kDecimal:
    case SlotKind::kTime:
    case SlotKind::kHex:
    case SlotKind::kUuid:
    case SlotKind::kIpv4: return false;
    default: return true;
  }
}

namespace {

// What the field has of a text of its slot; `code` is that of a dictionary.
std::string_view text_part(const BoundField& field, std::string_view text, std::size_t code) {
  return field.parts.empty() ? text : field.parts[code];
}

}  // namespace

SlotText& VectorTemplate::text_of(const BoundField& field) {
  auto& text = texts_[field.slot];
  if (!text) text = std::make_unique<SlotText>(*lines_.slots[field.slot]);
  return *text;
}

// Valid until the next call.
std::optional<std::string_view> VectorTemplate::value_of(const BoundField& field, std::string_view raw) {
  arena_.reset();
  return field_value(field.text, raw, arena_);
}

void VectorTemplate::give_up(const RowSelection& positions) {
  if (!positions.all()) {
    unsettled_.insert(unsettled_.end(), positions.rows().begin(), positions.rows().end());
    return;
  }
  for (std::uint32_t position = 0; position < positions.size(); ++position) unsettled_.push_back(position);
}

void VectorTemplate::apply_to_all(Verdict verdict, RowSelection& positions) {
  if (verdict == Verdict::kPass) return;
  if (verdict == Verdict::kUnsettled) give_up(positions);
  positions.clear();
}

// Keeps what `decide(position, n)` passes, where n counts the selected positions.
template <class Decide>
Result<void> VectorTemplate::partition(RowSelection& positions, Decide decide) {
  positions.make_explicit();
  std::vector<std::uint32_t>& rows = positions.rows();
  std::size_t kept = 0;
  for (std::size_t n = 0; n < rows.size(); ++n) {
    const std::uint32_t position = rows[n];
    Verdict verdict = Verdict::kFail;
    if constexpr (std::is_same_v<decltype(decide(position, n)), Verdict>) {
      verdict = decide(position, n);
    } else {
      TRY(decided, decide(position, n));
      verdict = decided;
    }
    rows[kept] = position;
    kept += verdict == Verdict::kPass;
    if (verdict == Verdict::kUnsettled) unsettled_.push_back(position);
  }
  rows.resize(kept);
  return {};
}

// ---- Filters ------------------------------------------------------------------------------------------------------

Result<void> VectorTemplate::filter(RowSelection& positions) {
  for (const VectorPlan::Test& test : plan_.tests) {
    if (positions.empty()) return {};
    TRY_VOID(keep(*test.test, test.parsed, positions));
  }
  return {};
}

Result<void> VectorTemplate::keep(const LabelTest& test, bool parsed, RowSelection& positions) {
  if (test.kind() == LabelFilter::Kind::kOr) return keep_either(test.sides()[0], test.sides()[1], parsed, positions);
  if (test.kind() != LabelFilter::Kind::kAnd) return keep_leaf(test, parsed, positions);
  TRY_VOID(keep(test.sides()[0], parsed, positions));
  return keep(test.sides()[1], parsed, positions);
}

Result<void> VectorTemplate::keep_either(const LabelTest& left, const LabelTest& right, bool parsed,
                                         RowSelection& positions) {
  const std::size_t unsettled_before = unsettled_.size();
  RowSelection first = positions;
  TRY_VOID(keep(left, parsed, first));
  first.make_explicit();
  std::sort(unsettled_.begin() + static_cast<std::ptrdiff_t>(unsettled_before), unsettled_.end());
  positions.make_explicit();
  // Left for the other side: what the first one refused.
  std::vector<std::uint32_t> refused, rest;
  std::set_difference(positions.rows().begin(), positions.rows().end(), first.rows().begin(), first.rows().end(),
                      std::back_inserter(refused));
  std::set_difference(refused.begin(), refused.end(),
                      unsettled_.begin() + static_cast<std::ptrdiff_t>(unsettled_before), unsettled_.end(),
                      std::back_inserter(rest));
  RowSelection second(positions.size(), std::move(rest));
  TRY_VOID(keep(right, parsed, second));
  second.make_explicit();
  std::vector<std::uint32_t> either;
  std::merge(first.rows().begin(), first.rows().end(), second.rows().begin(), second.rows().end(),
             std::back_inserter(either));
  positions = RowSelection(positions.size(), std::move(either));
  return {};
}

Result<void> VectorTemplate::keep_leaf(const LabelTest& test, bool parsed, RowSelection& positions) {
  const auto of = [](LabelTest::Verdict verdict) {
    return verdict == LabelTest::Verdict::kPass ? Verdict::kPass : Verdict::kFail;
  };
  if (test.on_error() && test.is_string()) {
    apply_to_all(of(parsed && has_error() ? test.verdict(error_) : test.verdict_absent()), positions);
    return {};
  }
  if (parsed && has_error() && !test.is_string()) return {};  // lets rows with an error pass
  const VectorPlan::Name name = plan_.name(test.label());
  if (!parsed || sources_[name].field == nullptr) return keep_by_run(test, name, positions);
  if (!sources_[name].settled) {
    apply_to_all(Verdict::kUnsettled, positions);
    return {};
  }
  return keep_by_field(test, *sources_[name].field, positions);
}

Result<void> VectorTemplate::keep_by_run(const LabelTest& test, VectorPlan::Name name, RowSelection& positions) {
  std::vector<Verdict> verdicts;
  for (const BaseLabels& base : runs_.base) {
    const auto& value = base.values[name];
    const LabelTest::Verdict verdict = value ? test.verdict(*value) : test.verdict_absent();
    verdicts.push_back(verdict == LabelTest::Verdict::kPass   ? Verdict::kPass
                       : verdict == LabelTest::Verdict::kFail ? Verdict::kFail
                                                              : Verdict::kUnsettled);
  }
  if (std::all_of(verdicts.begin(), verdicts.end(), [&](Verdict one) { return one == verdicts.front(); })) {
    if (!verdicts.empty()) apply_to_all(verdicts.front(), positions);
    return {};
  }
  std::size_t run = 0;
  return partition(positions, [&](std::uint32_t position, std::size_t) {
    run = runs_.run_of(rows_of_[position], run);
    return verdicts[run];
  });
}

VectorTemplate::Verdict VectorTemplate::verdict_of(const LabelTest& test, const BoundField& field,
                                                   std::string_view raw) {
  const auto value = value_of(field, raw);
  switch (value ? test.verdict(*value) : test.verdict_absent()) {
    case LabelTest::Verdict::kPass: return Verdict::kPass;
    case LabelTest::Verdict::kFail: return Verdict::kFail;
    case LabelTest::Verdict::kInvalid: break;
  }
  return Verdict::kUnsettled;
}

namespace {

columnar::NumberOp number_op(CompareOp op) {
  switch (op) {
    case CompareOp::kEqual: return columnar::NumberOp::kEqual;
    case CompareOp::kNotEqual: return columnar::NumberOp::kNotEqual;
    case CompareOp::kGreater: return columnar::NumberOp::kGreater;
    case CompareOp::kGreaterEqual: return columnar::NumberOp::kGreaterEqual;
    case CompareOp::kLess: return columnar::NumberOp::kLess;
    case CompareOp::kLessEqual: return columnar::NumberOp::kLessEqual;
  }
  return columnar::NumberOp::kEqual;
}

std::optional<NumberUnit> unit_of(LabelFilter::Kind kind) {
  switch (kind) {
    case LabelFilter::Kind::kNumber: return NumberUnit::kNone;
    case LabelFilter::Kind::kDuration: return NumberUnit::kDuration;
    case LabelFilter::Kind::kBytes: return NumberUnit::kBytes;
    default: return std::nullopt;
  }
}

NumberUnit unit_of(Unwrap::Conversion conversion) {
  switch (conversion) {
    case Unwrap::Conversion::kNumber: return NumberUnit::kNone;
    case Unwrap::Conversion::kBytes: return NumberUnit::kBytes;
    case Unwrap::Conversion::kDuration:
    case Unwrap::Conversion::kDurationSeconds: break;
  }
  return NumberUnit::kDuration;
}

// A number as canonical integers are spelled, small enough to be told from its neighbours as a double.
std::optional<std::int64_t> canonical_integer(std::string_view text) {
  std::int64_t out = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
  if (parsed.ec != std::errc() || std::to_string(out) != text) return std::nullopt;
  return out;
}

// The number that an integer slot's texts are compared with, where comparing numbers is comparing texts.
struct IntegerEquality {
  columnar::NumberOp op = columnar::NumberOp::kEqual;
  std::optional<std::int64_t> value;  // nothing: no value of the slot is spelled so
};
std::optional<IntegerEquality> integer_equality(const LabelTest& test, const columnar::Slot& slot) {
  if (!test.is_string() || slot.kind() != SlotKind::kInteger || slot.digits() != 0) return std::nullopt;
  if (test.match() != MatchOp::kEqual && test.match() != MatchOp::kNotEqual) return std::nullopt;
  IntegerEquality out{test.match() == MatchOp::kEqual ? columnar::NumberOp::kEqual : columnar::NumberOp::kNotEqual,
                      canonical_integer(test.text())};
  constexpr std::int64_t kExactMax = std::int64_t{1} << 52;
  if (out.value && (*out.value > kExactMax || *out.value < -kExactMax)) return std::nullopt;
  return out;
}

}  // namespace

Result<void> VectorTemplate::keep_by_field(const LabelTest& test, const BoundField& field, RowSelection& positions) {
  const columnar::Slot& slot = *lines_.slots[field.slot];
  if (slot.kind() == SlotKind::kConstant) {
    apply_to_all(verdict_of(test, field, text_part(field, slot.constant(), 0)), positions);
    return {};
  }
  if (slot.kind() == SlotKind::kDictionary) {
    TRY(column, slot.dictionary());
    std::vector<Verdict> verdicts(column->dictionary.size(), Verdict::kUnknown);
    return partition(positions, [&, this](std::uint32_t position, std::size_t) {
      const std::uint32_t code = column->codes[position];
      if (verdicts[code] == Verdict::kUnknown) {
        verdicts[code] = verdict_of(test, field, text_part(field, column->dictionary[code], code));
      }
      return verdicts[code];
    });
  }
  if (const auto equality = integer_equality(test, slot)) {
    if (equality->value) {
      return columnar::select_numbers(slot, equality->op, static_cast<double>(*equality->value), positions);
    }
    apply_to_all(equality->op == columnar::NumberOp::kNotEqual ? Verdict::kPass : Verdict::kFail, positions);
    return {};
  }
  SlotText& text = text_of(field);
  const auto by_text = [&, this](std::uint32_t position, std::size_t) -> Result<Verdict> {
    TRY(raw, text.at(position));
    return verdict_of(test, field, raw);
  };
  const auto unit = unit_of(test.kind());
  if (!unit || !has_slot_numbers(slot, *unit)) return partition(positions, by_text);
  if (*unit == NumberUnit::kNone) {
    return columnar::select_numbers(slot, number_op(test.compare_op()), test.number(), positions);
  }
  TRY(numbers, read_slot_numbers(slot, *unit, positions));
  return partition(positions, [&](std::uint32_t position, std::size_t n) -> Result<Verdict> {
    if (!numbers.settled.empty() && numbers.settled[n] == 0) return by_text(position, n);
    return test.passes_number(numbers.values[n]) ? Verdict::kPass : Verdict::kFail;
  });
}

// ---- Unwrapped numbers --------------------------------------------------------------------------------------------

Result<void> VectorTemplate::unwrap(RowSelection& positions, std::vector<double>& values) {
  CHECK(!has_error());
  const VectorPlan::Name name = plan_.name(plan_.unwrap->label);
  values.clear();
  if (!sources_[name].settled) {
    apply_to_all(Verdict::kUnsettled, positions);
  } else if (sources_[name].field != nullptr) {
    TRY_VOID(unwrap_field(*sources_[name].field, positions, values));
  } else {
    std::vector<Number> numbers;
    for (const BaseLabels& base : runs_.base) {
      numbers.push_back(number_of_text(plan_.unwrap->conversion, base.values[name]));
    }
    if (std::all_of(numbers.begin(), numbers.end(), [](const Number& n) { return n.verdict == Verdict::kFail; })) {
      positions.clear();
      return {};
    }
    std::size_t run = 0;
    TRY_VOID(partition(positions, [&](std::uint32_t position, std::size_t) {
      run = runs_.run_of(rows_of_[position], run);
      if (numbers[run].verdict == Verdict::kPass) values.push_back(numbers[run].value);
      return numbers[run].verdict;
    }));
  }
  for (const LabelTest& test : plan_.unwrap->filters) {
    if (positions.empty()) break;
    const RowSelection before = positions;
    TRY_VOID(keep(test, true, positions));
    if (positions.count() == before.count()) continue;
    // Values follow the positions that were kept.
    std::size_t kept = 0;
    for (std::size_t n = 0; n < before.count() && kept < positions.count(); ++n) {
      if ((before.all() ? n : before.rows()[n]) == positions.rows()[kept]) values[kept++] = values[n];
    }
  }
  values.resize(positions.count());
  return {};
}

VectorTemplate::Number VectorTemplate::number_of_text(Unwrap::Conversion conversion,
                                                      const std::optional<std::string_view>& text) const {
  if (!text || text->empty()) return {Verdict::kFail, 0};
  const auto value = convert_sample(conversion, *text);
  if (!value) return {Verdict::kUnsettled, 0};
  return {Verdict::kPass, *value};
}

Result<void> VectorTemplate::unwrap_field(const BoundField& field, RowSelection& positions,
                                          std::vector<double>& values) {
  const Unwrap::Conversion conversion = plan_.unwrap->conversion;
  const columnar::Slot& slot = *lines_.slots[field.slot];
  if (slot.kind() == SlotKind::kConstant) {
    const Number number = number_of_text(conversion, value_of(field, text_part(field, slot.constant(), 0)));
    apply_to_all(number.verdict, positions);
    values.assign(positions.count(), number.value);
    return {};
  }
  if (slot.kind() == SlotKind::kDictionary) {
    TRY(column, slot.dictionary());
    std::vector<Number> numbers(column->dictionary.size());
    return partition(positions, [&, this](std::uint32_t position, std::size_t) {
      const std::uint32_t code = column->codes[position];
      Number& number = numbers[code];
      if (number.verdict == Verdict::kUnknown) {
        number = number_of_text(conversion, value_of(field, text_part(field, column->dictionary[code], code)));
      }
      if (number.verdict == Verdict::kPass) values.push_back(number.value);
      return number.verdict;
    });
  }
  SlotText& text = text_of(field);
  const auto by_text = [&, this](std::uint32_t position, std::size_t) -> Result<Verdict> {
    TRY(raw, text.at(position));
    const Number number = number_of_text(conversion, value_of(field, raw));
    if (number.verdict == Verdict::kPass) values.push_back(number.value);
    return number.verdict;
  };
  const NumberUnit unit = unit_of(conversion);
  if (!has_slot_numbers(slot, unit)) return partition(positions, by_text);
  TRY(numbers, read_slot_numbers(slot, unit, positions));
  if (unit == NumberUnit::kDuration) {
    for (double& value : numbers.values) value /= 1e9;
  }
  if (numbers.settled.empty()) {
    values = std::move(numbers.values);
    return {};
  }
  return partition(positions, [&](std::uint32_t position, std::size_t n) -> Result<Verdict> {
    if (numbers.settled[n] == 0) return by_text(position, n);
    values.push_back(numbers.values[n]);
    return Verdict::kPass;
  });
}

// ---- Groups -------------------------------------------------------------------------------------------------------

Result<bool> VectorTemplate::group(const RowSelection& positions, std::vector<GroupColumn>& columns) {
  columns.clear();
  for (const VectorPlan::Name name : plan_.group) {
    const Source& source = sources_[name];
    if (!source.settled) return false;
    GroupColumn& column = columns.emplace_back();
    if (source.field == nullptr) {
      column.of_run = true;
    } else {
      TRY_VOID(group_by_field(*source.field, positions, column));
    }
  }
  return true;
}

Result<void> VectorTemplate::group_by_field(const BoundField& field, const RowSelection& positions,
                                            GroupColumn& column) {
  const columnar::Slot& slot = *lines_.slots[field.slot];
  if (slot.kind() == SlotKind::kConstant) {
    column.values.push_back(field_value(field.text, text_part(field, slot.constant(), 0), group_arena_).value_or(""));
    return {};
  }
  column.codes.reserve(positions.count());
  const auto each = [&](auto visit) -> Result<void> {
    if (positions.all()) {
      for (std::uint32_t position = 0; position < positions.size(); ++position) TRY_VOID(visit(position));
    } else {
      for (const std::uint32_t position : positions.rows()) TRY_VOID(visit(position));
    }
    return {};
  };
  if (slot.kind() == SlotKind::kDictionary) {
    TRY(dictionary, slot.dictionary());
    for (std::size_t i = 0; i < dictionary->dictionary.size(); ++i) {
      const std::string_view text = text_part(field, dictionary->dictionary[i], i);
      column.values.push_back(field_value(field.text, text, group_arena_).value_or(""));
    }
    return each([&](std::uint32_t position) -> Result<void> {
      column.codes.push_back(dictionary->codes[position]);
      return {};
    });
  }
  query::GroupTable& table = *tables_.emplace_back(std::make_unique<query::GroupTable>());
  SlotText& text = text_of(field);
  TRY_VOID(each([&, this](std::uint32_t position) -> Result<void> {
    TRY(raw, text.at(position));
    column.codes.push_back(table.find_or_add(value_of(field, raw).value_or("")));
    return {};
  }));
  for (std::uint32_t code = 0; code < table.size(); ++code) column.values.push_back(table.key(code));
  return {};
}

}  // namespace trilobite::logql
