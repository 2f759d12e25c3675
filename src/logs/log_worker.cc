#include "logs/log_worker.h"

#include <algorithm>

#include "logs/block_fields.h"

namespace trilobite::logql {

// Rows are taken best time first, from a heap of runs: most blocks are left after a few rows.
Result<void> LogWorker::consume(ScanBlock& block) {
  drop_late_rows(block);
  if (block.runs.empty()) return {};
  TRY(text, BlockText::open(block, {}));
  TRY_VOID(filter_.prefilter(block, text.metadata_column()));
  open_cursors(block);
  TRY(fields, BlockFields::open(block, worker_.field_parser()));
  const auto later = [this](const Cursor& a, const Cursor& b) { return forward_ ? a.time > b.time : a.time < b.time; };
  std::make_heap(cursors_.begin(), cursors_.end(), later);
  const LabelSet* stream = nullptr;
  while (!cursors_.empty() && best_.may_enter(cursors_.front().time)) {
    std::pop_heap(cursors_.begin(), cursors_.end(), later);
    Cursor& cursor = cursors_.back();
    const std::uint32_t row = row_at(block, cursor.next);
    const TimeNs time = cursor.time;
    const LabelSetRef& labels = block.label_sets[cursor.run->label_set];
    if (advance(block, cursor)) {
      std::push_heap(cursors_.begin(), cursors_.end(), later);
    } else {
      cursors_.pop_back();
    }
    if (labels.get() != stream) {
      stream = labels.get();
      worker_.begin_stream(*stream);
    }
    TRY(passes, process_row(worker_, time, row, text, fields));
    do {
      if (!passes) continue;
      ++rows_passed_;
      std::string_view line = worker_.line();
      if (fields.of(row) != nullptr) {
        TRY(whole, text.line(row));
        line = whole;
      }
      best_.add(keep(time, labels, line));
    } while (worker_.process_next(passes));
  }
  if (best_.full()) scan_.tighten(best_.scan_bound());
  return {};
}

// Rows whose time is beyond that of the best rows known by now.
void LogWorker::drop_late_rows(ScanBlock& block) const {
  if (!best_.full()) return;
  const auto may_enter = [this](TimeNs time) { return best_.may_enter(time); };
  if (block.rows) {
    std::erase_if(*block.rows, [&](std::uint32_t row) { return !may_enter(block.times[row]); });
    if (block.rows->empty()) block.runs.clear();
    return;
  }
  for (ScanBlock::Run& run : block.runs) {
    const auto times = block.times.subspan(run.begin, run.end - run.begin);
    if (forward_) {
      run.end = run.begin + static_cast<std::uint32_t>(std::ranges::partition_point(times, may_enter) - times.begin());
    } else {
      const auto late = [&](TimeNs time) { return !may_enter(time); };
      run.begin += static_cast<std::uint32_t>(std::ranges::partition_point(times, late) - times.begin());
    }
  }
  std::erase_if(block.runs, [](const ScanBlock::Run& run) { return run.begin == run.end; });
}

void LogWorker::open_cursors(const ScanBlock& block) {
  cursors_.clear();
  std::uint32_t place = 0;  // in block.rows
  for (const ScanBlock::Run& run : block.runs) {
    std::uint32_t first = run.begin, end = run.end;
    if (block.rows) {
      const auto& rows = *block.rows;
      first = place;
      place = static_cast<std::uint32_t>(std::lower_bound(rows.begin() + place, rows.end(), run.end) - rows.begin());
      end = place;
    }
    if (first == end) continue;
    Cursor cursor{&run, forward_ ? first : end - 1, end - first, 0};
    cursor.time = block.times[row_at(block, cursor.next)];
    if (best_.may_enter(cursor.time)) cursors_.push_back(cursor);
  }
}

bool LogWorker::advance(const ScanBlock& block, Cursor& cursor) {
  if (--cursor.left == 0) return false;
  forward_ ? ++cursor.next : --cursor.next;
  cursor.time = block.times[row_at(block, cursor.next)];
  return best_.may_enter(cursor.time);
}

LogRow LogWorker::keep(TimeNs time, const LabelSetRef& stream, std::string_view line) {
  LogRow row{time, stream, std::string(line), {}};
  const auto labels = worker_.labels();
  row.labels.reserve(labels.size());
  for (const RowLabel& label : labels) {
    row.labels.push_back({std::string(label.name), std::string(label.value), label.category});
  }
  return row;
}

}  // namespace trilobite::logql
