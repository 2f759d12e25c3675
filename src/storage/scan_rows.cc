#include "storage/scan_rows.h"

#include <algorithm>

namespace trilobite::storage {
namespace {

// The block has no such text: every row has the empty one, in which only an empty needle occurs.
bool passes_without_text(const Predicate& predicate) {
  const bool found = std::any_of(predicate.needles.begin(), predicate.needles.end(),
                                 [](const std::string& needle) { return needle.empty(); });
  return found == (predicate.op == Predicate::Op::kContainsAny);
}

Result<void> apply_to_column(const Predicate& predicate, BlockReader& reader, WantedRows& rows) {
  TRY(column, reader.column(predicate.column));
  if (column->size() > 0) {
    select_rows(predicate, *column, rows.row_numbers());
  } else if (!passes_without_text(predicate)) {
    rows.clear();
  }
  return {};
}

// Null where the predicate has to look at a column's text.
const columnar::Templates* split_lines_for(const Predicate& predicate, const BlockReader& reader) {
  return predicate.column == kLineColumn && reader.lines() != nullptr ? &reader.lines()->lines() : nullptr;
}

Result<void> apply(const Predicate& predicate, BlockReader& reader, WantedRows& rows) {
  if (const columnar::Templates* lines = split_lines_for(predicate, reader))
    return columnar::select_lines(predicate, *lines, rows.selection());
  return apply_to_column(predicate, reader, rows);
}

}  // namespace

std::vector<ScanBlock::Run> select_runs(const SeriesSet& matching, TimeRange range, const BlockKeys& keys) {
  std::vector<ScanBlock::Run> out;
  auto wanted = matching.begin();
  // Both sides ascend; the block's runs are skipped in steps that double, the set's numbers by its own index.
  for (auto run = keys.runs.begin(); run != keys.runs.end();) {
    if (wanted.i.has_value && *wanted < run->series) wanted.equalorlarger(run->series);
    if (!wanted.i.has_value) break;  // not by comparing with end(): a jump leaves another number behind
    if (*wanted > run->series) {
      const auto below = [](const BlockKeys::Run& a, std::uint32_t series) { return a.series < series; };
      std::ptrdiff_t step = 1;
      while (keys.runs.end() - run > step && (run + step)->series < *wanted) {
        run += step;
        step *= 2;
      }
      run = std::lower_bound(run, run + std::min(step + 1, keys.runs.end() - run), *wanted, below);
      continue;
    }
    const auto first = keys.times.begin() + run->begin, last = keys.times.begin() + run->end;
    std::uint32_t low = run->begin, high = run->end;
    if (*first < range.start) {
      low = static_cast<std::uint32_t>(std::lower_bound(first, last, range.start) - keys.times.begin());
    }
    if (*(last - 1) >= range.end) {
      high = static_cast<std::uint32_t>(std::lower_bound(first, last, range.end) - keys.times.begin());
    }
    if (low < high) out.push_back({run->series, low, high});
    ++run;
  }
  return out;
}

WantedRows::WantedRows(std::size_t block_rows, std::vector<ScanBlock::Run> runs)
    : block_rows_(block_rows), runs_(std::move(runs)) {
  for (const ScanBlock::Run& run : runs_) run_rows_ += run.end - run.begin;
}

void WantedRows::clear() {
  runs_.clear();
  selection_.reset();
  run_rows_ = 0;
}

columnar::RowSelection& WantedRows::selection() {
  if (selection_) return *selection_;
  selection_.emplace(block_rows_);
  if (run_rows_ == block_rows_) return *selection_;
  selection_->clear();
  selection_->rows().reserve(run_rows_);
  for (const ScanBlock::Run& run : runs_) {
    for (std::uint32_t row = run.begin; row < run.end; ++row) selection_->rows().push_back(row);
  }
  return *selection_;
}

std::vector<std::uint32_t>& WantedRows::row_numbers() {
  selection().make_explicit();
  return selection_->rows();
}

void WantedRows::move_into(ScanBlock& block) {
  if (!selection_ || selection_->count() == run_rows_) {
    block.runs = std::move(runs_);
    return;
  }
  const std::vector<std::uint32_t>& rows = selection_->rows();
  auto row = rows.begin();
  for (const ScanBlock::Run& run : runs_) {
    row = std::lower_bound(row, rows.end(), run.begin);
    if (row == rows.end()) break;
    if (*row < run.end) block.runs.push_back(run);
  }
  block.rows = std::move(selection_->rows());
}

Result<void> apply_conditions(const std::vector<Predicate>& predicates, const std::vector<bool>& applied,
                              BlockReader& reader, WantedRows& rows) {
  // Before any value is read: most blocks have no line with a rare needle.
  for (std::size_t i = 0; i < predicates.size(); ++i) {
    const columnar::Templates* lines = split_lines_for(predicates[i], reader);
    if (!applied[i] || lines == nullptr) continue;
    TRY(possible, columnar::may_have_line(predicates[i], *lines));
    if (possible) continue;
    rows.clear();
    return {};
  }
  for (std::size_t i = 0; i < predicates.size() && !rows.empty(); ++i) {
    if (applied[i]) TRY_VOID(apply(predicates[i], reader, rows));
  }
  return {};
}

}  // namespace trilobite::storage
