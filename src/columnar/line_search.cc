#include "columnar/line_search.h"

#include <algorithm>

#include "columnar/fold_search.h"
#include "columnar/slot_search.h"

namespace trilobite::columnar {
namespace {

PositionSet rows_asked(const RowSelection& rows) {
  if (rows.all()) return PositionSet::all(rows.size());
  PositionSet out = PositionSet::none(rows.size());
  for (const std::uint32_t row : rows.rows()) out.add(row);
  return out;
}

void keep(const PositionSet& passing, RowSelection& rows) {
  if (passing.is_all()) return;  // so they were all asked for
  if (passing.is_none()) return rows.clear();
  std::vector<std::uint32_t> kept;
  kept.reserve(passing.count());
  passing.for_each([&](std::size_t row) { kept.push_back(static_cast<std::uint32_t>(row)); });
  rows = RowSelection(rows.size(), std::move(kept));
}

Result<PositionSet> rows_with(const Predicate& predicate, const std::string& needle, const Templates& lines,
                              const PositionSet& candidates) {
  if (predicate.fold_case) return search_lines_folded(lines, needle, candidates);
  return search_templates(lines, {.text = needle}, candidates);
}

}  // namespace

Result<void> select_lines(const Predicate& predicate, const Templates& lines, RowSelection& rows) {
  CHECK(rows.size() == lines.rows());
  const PositionSet asked = rows_asked(rows);
  PositionSet left = asked;  // without any needle so far
  for (const std::string& needle : predicate.needles) {
    if (left.is_none()) break;
    TRY(found, rows_with(predicate, needle, lines, left));
    left.subtract(found);
    left.settle();
  }
  if (predicate.op == Predicate::Op::kContainsNone) {
    keep(left, rows);
    return {};
  }
  PositionSet found = asked;
  found.subtract(left);
  found.settle();
  keep(found, rows);
  return {};
}

Result<bool> may_have_line(const Predicate& predicate, const Templates& lines) {
  if (lines.rows() == 0) return false;
  const bool wanted = predicate.op == Predicate::Op::kContainsAny;
  for (const std::string& needle : predicate.needles) {
    Verdict verdict = Verdict::kSome;
    if (predicate.fold_case) {
      TRY(foreseen, foresee_lines_folded(lines, needle));
      verdict = foreseen;
    } else {
      TRY(foreseen, foresee_templates(lines, {.text = needle}));
      verdict = foreseen;
    }
    if (wanted && verdict != Verdict::kNever) return true;
    if (!wanted && verdict == Verdict::kAlways) return false;
  }
  return !wanted;
}

}  // namespace trilobite::columnar
