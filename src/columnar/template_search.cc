#include <algorithm>

#include "columnar/needle_alignment.h"
#include "columnar/slot_search.h"

namespace trilobite::columnar {
namespace {

// What reading a slot for a test costs, roughly: tests that cost little and leave little come first.
unsigned cost_of(const Slot& slot, const TextMatch& match) {
  switch (slot.kind()) {
    case SlotKind::kConstant:
    case SlotKind::kDictionary: return 1;
    case SlotKind::kHex:
    case SlotKind::kUuid: return match.place == TextMatch::Place::kAnywhere ? 3 : 1;
    case SlotKind::kInteger:
    case SlotKind::kDecimal: return match.place == TextMatch::Place::kAnywhere ? 6 : 2;
    case SlotKind::kIpv4: return 6;
    case SlotKind::kText: return 4;
    case SlotKind::kTemplates: return 5;
    case SlotKind::kTime: return 8;
  }
  return 8;
}

// One template, and which of its positions are asked for.
struct Search {
  const Templates& lines;
  std::size_t index;
  const TextMatch& match;

  const Template& line() const { return lines.templates()[index]; }

  Result<PositionSet> run(Alignments alignments, const PositionSet& candidates) const {
    if (alignments.too_many) return search_texts(candidates);
    const auto cost = [&](const SlotMatch& at) { return cost_of(*line().slots[at.slot], at.match); };
    const auto cheaper = [&](const SlotMatch& left, const SlotMatch& right) { return cost(left) < cost(right); };
    std::vector<std::pair<unsigned, std::size_t>> order;
    for (std::size_t i = 0; i < alignments.some.size(); ++i) {
      auto& chain = alignments.some[i];
      std::stable_sort(chain.begin(), chain.end(), cheaper);
      order.emplace_back(cost(chain.front()), i);
    }
    std::sort(order.begin(), order.end());
    PositionSet found = PositionSet::none(candidates.size());
    PositionSet left = candidates;
    for (const auto& [unused, i] : order) {
      PositionSet current = left;
      for (const SlotMatch& at : alignments.some[i]) {
        TRY(passing, search_slot(*line().slots[at.slot], at.match, current));
        current = std::move(passing);
        current.settle();
        if (current.is_none()) break;
      }
      if (current.is_none()) continue;
      found.unite(current);
      left.subtract(current);
      left.settle();
      if (left.is_none()) break;
    }
    return found;
  }

  Result<PositionSet> search_texts(const PositionSet& candidates) const {
    TRY(rows, lines.rows_of(index));
    PositionSet out = PositionSet::none(candidates.size());
    std::string text;
    Result<void> status;
    candidates.for_each([&](std::size_t position) {
      if (!status.ok()) return;
      text.clear();
      status = lines.append(rows[position], text);
      if (status.ok() && holds(match, text)) out.add(position);
    });
    TRY_VOID(status);
    return out;
  }
};

// Positions by template for the rows asked for.
Result<std::vector<PositionSet>> positions_of(const Templates& lines, const PositionSet& rows) {
  std::vector<PositionSet> out;
  for (const Template& line : lines.templates())
    out.push_back(rows.is_all() ? PositionSet::all(line.rows) : PositionSet::none(line.rows));
  if (rows.is_all() || rows.is_none()) return out;
  TRY(codes, lines.codes());
  TRY(positions, lines.positions());
  rows.for_each([&](std::size_t row) { out[codes[row]].add(positions[row]); });
  return out;
}

}  // namespace

Result<Verdict> foresee_templates(const Templates& lines, const TextMatch& match) {
  bool never = false, always = false;
  for (const Template& line : lines.templates()) {
    if (line.rows == 0) continue;
    TRY(alignments, align(line, match));
    never |= !alignments.always;
    always |= alignments.always;
    if (!alignments.always && !alignments.never()) return Verdict::kSome;
    if (never && always) return Verdict::kSome;
  }
  return always ? Verdict::kAlways : Verdict::kNever;
}

Result<PositionSet> search_templates(const Templates& lines, const TextMatch& match, const PositionSet& candidates) {
  const std::span<const Template> templates = lines.templates();
  std::vector<Alignments> alignments;
  std::size_t rows_always = 0, rows_never = 0;
  for (const Template& line : templates) {
    if (line.rows == 0) {
      alignments.emplace_back();
      continue;
    }
    TRY(found, align(line, match));
    if (found.always) rows_always += line.rows;
    if (found.never()) rows_never += line.rows;
    alignments.push_back(std::move(found));
  }
  if (rows_never == lines.rows()) return PositionSet::none(lines.rows());
  if (rows_always == lines.rows()) return candidates;

  std::vector<PositionSet> asked;
  if (rows_always + rows_never < lines.rows()) {
    TRY(positions, positions_of(lines, candidates));
    asked = std::move(positions);
  }
  // Rows are marked one by one: those that pass, or the others where they are fewer.
  const bool invert = rows_always > lines.rows() / 2;
  PositionSet out = invert ? PositionSet::all(lines.rows()) : PositionSet::none(lines.rows());
  for (std::size_t i = 0; i < templates.size(); ++i) {
    const bool always = alignments[i].always, never = alignments[i].never();
    PositionSet passing = always ? PositionSet::all(templates[i].rows) : PositionSet::none(templates[i].rows);
    if (!always && !never) {
      TRY(found, (Search{lines, i, match}.run(std::move(alignments[i]), asked[i])));
      passing = std::move(found);
      passing.settle();
    }
    if (invert ? passing.is_all() : passing.is_none()) continue;
    TRY(rows, lines.rows_of(i));
    if (invert) {
      PositionSet failing = PositionSet::all(templates[i].rows);
      failing.subtract(passing);
      failing.for_each([&](std::size_t position) { out.remove(rows[position]); });
    } else {
      passing.for_each([&](std::size_t position) { out.add(rows[position]); });
    }
  }
  out.intersect(candidates);
  out.settle();
  return out;
}

}  // namespace trilobite::columnar
