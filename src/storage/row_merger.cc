#include "storage/row_merger.h"

#include <algorithm>

#include "storage/limits.h"

namespace trilobite::storage {
namespace {

constexpr std::size_t kCopyRowsMax = 1024;  // between looks at the size of the block

// The first of begin .. end - 1 that is not below `bound`, found in steps that double: it is mostly near.
std::size_t first_not_below(const std::vector<TimeNs>& times, std::size_t begin, std::size_t end, TimeNs bound) {
  std::size_t step = 1;
  while (begin + step < end && times[begin + step - 1] < bound) {
    begin += step;
    step *= 2;
  }
  const auto from = times.begin() + static_cast<std::ptrdiff_t>(begin);
  const auto to = times.begin() + static_cast<std::ptrdiff_t>(std::min(begin + step, end));
  return static_cast<std::size_t>(std::lower_bound(from, to, bound) - times.begin());
}

}  // namespace

struct RowMerger::Cursor {
  std::size_t run = 0;  // its number, for ties
  MergeRun input;
  std::size_t block_next = 0;
  BlockKeysRef keys;
  std::vector<ColumnRef> columns;  // as in the schema
  std::vector<const Column*> column_refs;
  std::uint64_t load = 0;       // of the columns
  std::size_t row = 0;
  std::size_t run_at = 0;       // of the keys, the one that `row` is in
  Key key;                      // of `row`

  const BlockKeys::Run& run_here() const { return keys->runs[run_at]; }
  std::uint32_t series_of(const BlockKeys::Run& run_of) const { return input.series_map[run_of.series]; }
  void set_key() {
    while (run_here().end <= row) ++run_at;
    key = {series_of(run_here()), keys->times[row]};
  }
  // How many rows from here on have keys below `bound`; at most `most`.
  std::size_t rows_below(const Key& bound, std::size_t most) const {
    const std::size_t limit = row + std::min(most, keys->rows() - row);
    std::size_t end = row;
    for (std::size_t i = run_at; end < limit; ++i) {
      const BlockKeys::Run& here = keys->runs[i];
      const std::uint32_t series = series_of(here);
      if (series >= bound.series) {
        if (series == bound.series) end = first_not_below(keys->times, end, here.end, bound.time);
        break;
      }
      end = here.end;
    }
    return std::min(end, limit) - row;
  }
};

RowMerger::RowMerger(std::span<const ColumnSchema> schema, std::vector<MergeRun> runs, SameTime same_time)
    : schema_(schema), same_time_(same_time) {
  for (std::size_t i = 0; i < runs.size(); ++i) {
    auto cursor = std::make_unique<Cursor>();
    cursor->run = i;
    cursor->input = std::move(runs[i]);
    cursors_.push_back(std::move(cursor));
  }
  builders_.reserve(schema.size());
  for (const ColumnSchema& column : schema) builders_.emplace_back(column);
}

RowMerger::~RowMerger() = default;

bool RowMerger::before(const Cursor* a, const Cursor* b) const {
  return a->key != b->key ? a->key < b->key : a->run < b->run;
}

Result<void> RowMerger::load_block(Cursor& cursor) {
  cursor.keys.reset();
  while (cursor.block_next < cursor.input.blocks.size()) {
    const std::size_t block = cursor.input.blocks[cursor.block_next++];
    TRY(keys, cursor.input.source->keys(block));
    if (keys->rows() == 0) continue;
    cursor.columns.clear();
    for (const ColumnSchema& column : schema_) {
      TRY(values, cursor.input.source->column(block, *keys, column.name));
      cursor.columns.push_back(std::move(values));
    }
    cursor.column_refs.clear();
    for (const ColumnRef& column : cursor.columns) cursor.column_refs.push_back(column.get());
    cursor.keys = std::move(keys);
    cursor.load = ++loads_;
    cursor.row = 0;
    cursor.run_at = 0;
    cursor.set_key();
    return {};
  }
  cursor.columns.clear();
  return {};
}

Result<void> RowMerger::start() {
  started_ = true;
  for (const auto& cursor : cursors_) {
    TRY_VOID(load_block(*cursor));
    if (cursor->keys) heap_.push_back(cursor.get());
  }
  std::make_heap(heap_.begin(), heap_.end(), [this](const Cursor* a, const Cursor* b) { return before(b, a); });
  return {};
}

// The first cursor's key has grown: puts it where it belongs.
void RowMerger::sift_first() {
  std::size_t at = 0;
  for (;;) {
    std::size_t least = at;
    for (std::size_t child = 2 * at + 1; child <= 2 * at + 2 && child < heap_.size(); ++child) {
      if (before(heap_[child], heap_[least])) least = child;
    }
    if (least == at) return;
    std::swap(heap_[at], heap_[least]);
    at = least;
  }
}

Result<void> RowMerger::advance(Cursor& cursor, std::size_t rows) {
  cursor.row += rows;
  if (cursor.row < cursor.keys->rows()) {
    cursor.set_key();
  } else {
    TRY_VOID(load_block(cursor));
    if (!cursor.keys) {
      heap_[0] = heap_.back();
      heap_.pop_back();
    }
  }
  sift_first();
  return {};
}

void RowMerger::copy(const Cursor& cursor, std::size_t rows) {
  const std::size_t end = cursor.row + rows;
  for (std::size_t i = cursor.run_at, at = cursor.row; at < end; ++i) {
    const BlockKeys::Run& run = cursor.keys->runs[i];
    const std::size_t stop = std::min<std::size_t>(run.end, end);
    block_.series.insert(block_.series.end(), stop - at, cursor.series_of(run));
    at = stop;
  }
  const auto times = cursor.keys->times.begin();
  block_.times.insert(block_.times.end(), times + static_cast<std::ptrdiff_t>(cursor.row),
                      times + static_cast<std::ptrdiff_t>(end));
  for (std::size_t i = 0; i < schema_.size(); ++i)
    builders_[i].append(*cursor.columns[i], cursor.load, cursor.row, cursor.row + rows);
}

bool RowMerger::full() const {
  std::size_t bytes = 0;
  for (const ColumnBuilder& builder : builders_) bytes += builder.text_bytes();
  return block_.rows() >= kBlockRowsMax || bytes >= kBlockBytesMax;
}

Block RowMerger::finish_block() {
  Block out = std::move(block_);
  block_ = {};
  for (std::size_t i = 0; i < schema_.size(); ++i) {
    const bool empty = builders_[i].all_empty() && schema_[i].kind == ColumnKind::kTextCoded;
    Column column = builders_[i].finish();
    if (!empty) out.columns.push_back({std::string(schema_[i].name), std::move(column)});
  }
  return out;
}

Result<std::optional<Block>> RowMerger::next() {
  if (!started_) TRY_VOID(start());
  while (!heap_.empty() && !full()) {
    Cursor& first = *heap_[0];
    const std::size_t room = std::min(kCopyRowsMax, kBlockRowsMax - block_.rows());
    // The second smallest key is that of a child of the root.
    const Cursor* second = heap_.size() > 1 ? heap_[1] : nullptr;
    if (heap_.size() > 2 && before(heap_[2], second)) second = heap_[2];
    const bool shared = (second != nullptr && first.key == second->key) || (shared_key_ && first.key == *shared_key_);
    if (!shared) {
      const std::size_t rows =
          second != nullptr ? first.rows_below(second->key, room) : std::min(room, first.keys->rows() - first.row);
      copy(first, rows);
      TRY_VOID(advance(first, rows));
      continue;
    }
    if (same_time_ == SameTime::kKeepLast) {
      // Earlier runs come first, so one that was written later follows.
      ++duplicates_;
      TRY_VOID(advance(first, 1));
      continue;
    }
    if (!shared_key_ || first.key != *shared_key_) {
      shared_key_ = first.key;
      shared_rows_.clear();
    }
    if (shared_rows_.insert(hash_row(schema_, first.column_refs, first.row)).second) {
      copy(first, 1);
    } else {
      ++duplicates_;
    }
    TRY_VOID(advance(first, 1));
  }
  if (block_.rows() == 0) return std::optional<Block>();
  return std::optional<Block>(finish_block());
}

}  // namespace trilobite::storage
