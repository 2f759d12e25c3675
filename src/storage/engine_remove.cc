// Removing deleted rows for good: a part that has some is rewritten without them, and takes the place of the old one
// with one edit of the manifest, exactly as a merge does.
#include <algorithm>

#include "storage/engine.h"
#include "storage/hidden_rows.h"
#include "storage/part_source.h"
#include "storage/window.h"

namespace trilobite::storage {
namespace {

constexpr int kRewriteZstdLevel = 3;

WantedRows all_rows(const BlockKeys& keys) {
  std::vector<ScanBlock::Run> runs;
  for (const BlockKeys::Run& run : keys.runs) runs.push_back({run.series, run.begin, run.end});
  return {keys.rows(), std::move(runs)};
}

// What stays of each series of a part.
struct Remains {
  std::vector<std::uint64_t> rows;  // by series
  std::uint64_t total = 0;
};

Result<Remains> count_remains(const std::shared_ptr<const PartSource>& source, const HiddenRows& hidden) {
  Remains out;
  out.rows.resize(source->series());
  for (std::size_t block = 0; block < source->blocks(); ++block) {
    BlockReader reader(source, block);
    TRY(keys, reader.keys());
    WantedRows rows = all_rows(*keys);
    TRY_VOID(hidden.apply(*source, reader, rows));
    if (rows.empty()) continue;
    const std::vector<std::uint32_t>& numbers = rows.row_numbers();
    out.total += numbers.size();
    auto run = keys->runs.begin();
    for (const std::uint32_t row : numbers) {
      while (row >= run->end) ++run;
      ++out.rows[run->series];
    }
  }
  return out;
}

// The blocks of a part without the hidden rows.
class RemainingBlocks final : public BlockStream {
 public:
  RemainingBlocks(std::shared_ptr<const PartSource> source, const HiddenRows& hidden,
                  std::vector<std::uint32_t> series_map)
      : source_(std::move(source)), hidden_(hidden), series_map_(std::move(series_map)) {}

  Result<std::optional<Block>> next() override {
    while (next_ < source_->blocks()) {
      BlockReader reader(source_, next_++);
      TRY(keys, reader.keys());
      WantedRows rows = all_rows(*keys);
      TRY_VOID(hidden_.apply(*source_, reader, rows));
      if (!rows.empty()) return copy(*keys, rows.row_numbers(), reader);
    }
    return std::optional<Block>();
  }

 private:
  Result<std::optional<Block>> copy(const BlockKeys& keys, const std::vector<std::uint32_t>& rows,
                                    BlockReader& reader) {
    Block out;
    auto run = keys.runs.begin();
    for (const std::uint32_t row : rows) {
      while (row >= run->end) ++run;
      out.series.push_back(series_map_[run->series]);
      out.times.push_back(keys.times[row]);
    }
    for (const ColumnSchema& column : schema_of(source_->meta().signal)) {
      TRY(values, reader.column(column.name));
      if (values->size() > 0) out.columns.push_back({std::string(column.name), gather(*values, rows)});
    }
    return std::optional<Block>(std::move(out));
  }

  const std::shared_ptr<const PartSource> source_;
  const HiddenRows& hidden_;
  const std::vector<std::uint32_t> series_map_;
  std::size_t next_ = 0;
};

}  // namespace

void Engine::hide_rows(std::shared_ptr<const RowFilters> filters) {
  std::shared_ptr<const RowFilters> before = filters;
  {
    std::lock_guard lock(view_mutex_);
    std::swap(hidden_, before);
  }
  // Rows went with the new filters, or came back with those that are gone.
  for (const RowFilters* changed : {before.get(), filters.get()}) {
    for (const RowFilter& filter : *changed) changes_.add(filter.tenant, filter.signal, filter.range);
  }
}

std::shared_ptr<const RowFilters> Engine::hidden_filters() const {
  std::lock_guard lock(view_mutex_);
  if (deleting_.empty()) return hidden_;
  auto all = std::make_shared<RowFilters>(*hidden_);
  all->insert(all->end(), deleting_.begin(), deleting_.end());
  return all;
}

// A part that may have such rows, marked as taken; null when there is none.
PartRef Engine::claim_removal(const RowFilter& filter, bool& busy) {
  std::lock_guard lock(manifest_mutex_);
  const std::set<std::uint64_t>& clean = clean_parts_[filter.id];
  busy = false;
  for (const PartRef& part : view().parts->parts) {
    const PartMeta& meta = part->meta();
    if (meta.tenant != filter.tenant || meta.signal != filter.signal || clean.contains(meta.id) ||
        !overlaps(meta.info.time_min, meta.info.time_max, filter.range))
      continue;
    if (!merging_.contains(meta.id)) {
      merging_.insert(meta.id);
      return part;
    }
    busy = true;
  }
  if (!busy) clean_parts_.erase(filter.id);
  return nullptr;
}

// The numbers of parts that have no such rows (any more).
Result<std::vector<std::uint64_t>> Engine::rewrite_without(const PartRef& part, const RowFilter& filter) {
  TRY(source, PartSource::create(part, PartSource::Caching::kBypass));
  const PartMeta& old = part->meta();
  TRY(hidden, HiddenRows::compile({filter}, old.tenant, old.signal, {old.info.time_min, old.info.time_max + 1}));
  TRY(matchers, compile_matchers(filter.matchers));
  if (!matchers.empty() && select_series(source->index(), matchers).isEmpty()) return std::vector{old.id};
  TRY(remains, count_remains(source, hidden));
  if (remains.total == old.info.rows) return std::vector{old.id};
  if (remains.total == 0) {
    TRY_VOID(commit_replacement({part}, std::nullopt));
    return std::vector<std::uint64_t>();
  }
  if (!has_room_to_merge({part})) return error(Code::kNoSpace, "there is no room to rewrite {}", part->path());
  PartInput input;
  std::vector<std::uint32_t> series_map(source->series());
  for (std::uint32_t series = 0; series < source->series(); ++series) {
    if (remains.rows[series] == 0) continue;
    series_map[series] = static_cast<std::uint32_t>(input.sets.size());
    input.sets.push_back(source->label_set(series));
  }
  input.blocks = std::make_unique<RemainingBlocks>(source, hidden, std::move(series_map));
  PartMeta meta = new_part({old.tenant, old.signal, old.window});
  meta.order = old.order;
  const auto go_on = [this] {
    return stop_merging_ ? Result<void>(error(Code::kCancelled, "the store is closing")) : Result<void>();
  };
  TRY(written,
      write_part(files_, layout_, std::move(meta), std::move(input), {.zstd_level = kRewriteZstdLevel}, go_on));
  const std::uint64_t id = written.id;
  TRY_VOID(commit_replacement({part}, std::move(written)));
  return std::vector{id};
}

Result<RowRemoval> Engine::remove_rows_once(const RowFilter& filter) {
  TRY_VOID(check_open());
  bool busy = false;
  const PartRef part = claim_removal(filter, busy);
  if (!part) return busy ? RowRemoval::kBusy : RowRemoval::kDone;
  auto clean = rewrite_without(part, filter);
  if (reports_->any()) static_cast<void>(put_damaged_aside());
  std::lock_guard lock(manifest_mutex_);
  merging_.erase(part->meta().id);
  if (!clean.ok()) return std::move(clean).error().within("cannot remove deleted rows from {}", part->path());
  for (const std::uint64_t id : *clean) clean_parts_[filter.id].insert(id);
  return RowRemoval::kMore;
}

}  // namespace trilobite::storage
