#include "storage/scan.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>
#include <unordered_map>

#include "base/hash.h"
#include "storage/block_reader.h"
#include "storage/column_builder.h"
#include "storage/duplicates.h"
#include "storage/scan_plan.h"
#include "storage/schema.h"

namespace trilobite::storage {
namespace {

constexpr TimeNs kTimeMin = std::numeric_limits<TimeNs>::min(), kTimeMax = std::numeric_limits<TimeNs>::max();

// The same pointer for the same label set, whichever source it comes from.
class LabelSets {
 public:
  explicit LabelSets(const ScanPlan& plan) : plan_(plan), known_(plan.sources.size()) {}

  // Adds those of the given series (ascending, repeated ones follow each other) to the batch, and each row's index.
  void fill(std::uint32_t source, const BlockKeys& keys, const std::vector<std::uint32_t>& rows, Batch& batch) {
    batch.label_set_of_row.reserve(rows.size());
    std::lock_guard lock(mutex_);
    auto& known = known_[source];
    if (known.empty()) known.resize(plan_.sources[source].source->series());
    std::uint32_t previous = 0;
    for (const std::uint32_t row : rows) {
      const std::uint32_t series = keys.series[row];
      if (batch.label_sets.empty() || series != previous) {
        if (!known[series]) known[series] = intern(*plan_.sources[source].source, series);
        batch.label_sets.push_back(known[series]);
        previous = series;
      }
      batch.label_set_of_row.push_back(static_cast<std::uint32_t>(batch.label_sets.size() - 1));
    }
  }

 private:
  LabelSetRef intern(const RowSource& source, std::uint32_t series) {
    if (const auto found = by_bytes_.find(source.label_bytes(series)); found != by_bytes_.end()) return found->second;
    LabelSetRef set = source.label_set(series);
    by_bytes_.emplace(set->bytes(), set);
    return set;
  }

  const ScanPlan& plan_;
  std::mutex mutex_;                             // guards everything below
  std::vector<std::vector<LabelSetRef>> known_;  // by source and series
  std::unordered_map<std::string_view, LabelSetRef, TextHash, std::equal_to<>> by_bytes_;
};

class EngineScan final : public Scan {
 public:
  EngineScan(ScanPlan plan, ScanRequest request)
      : plan_(std::move(plan)), request_(std::move(request)), label_sets_(plan_) {
    for (const Predicate& predicate : request_.predicates) {
      const ColumnSchema* column = find_column(request_.signal, predicate.column);
      applied_.push_back(column != nullptr && column->is_text());
    }
    bound_ = request_.direction == Direction::kForward ? kTimeMax : kTimeMin;
  }

  Result<std::optional<Batch>> next() override {
    for (;;) {
      if (request_.cancel) TRY_VOID(request_.cancel->check());
      const std::size_t number = next_.fetch_add(1);
      if (number >= plan_.tasks.size()) return std::optional<Batch>();
      const BlockTask& task = plan_.tasks[number];
      if (is_beyond(task.info)) {
        ++skipped_;
        continue;
      }
      TRY(batch, read(task));
      if (batch.rows() > 0) return std::optional<Batch>(std::move(batch));
    }
  }

  void tighten(TimeNs bound) override {
    const bool forward = request_.direction == Direction::kForward;
    TimeNs known = bound_.load();
    while ((forward ? bound < known : bound > known) && !bound_.compare_exchange_weak(known, bound)) {
    }
  }

  const std::vector<bool>& applied() const override { return applied_; }

  ScanStats stats() const override {
    ScanStats out;
    out.parts = plan_.parts;
    out.blocks = blocks_;
    out.blocks_skipped = skipped_ + plan_.blocks_skipped;
    out.rows = rows_;
    out.bytes = bytes_;
    out.bytes_compressed = bytes_compressed_;
    out.head_rows = head_rows_;
    out.head_bytes = head_bytes_;
    return out;
  }

 private:
  bool is_beyond(const BlockInfo& info) const {
    const TimeNs bound = bound_;
    return request_.direction == Direction::kForward ? info.time_min >= bound : info.time_max < bound;
  }

  TimeRange range_now() const {
    TimeRange out = request_.range;
    const TimeNs bound = bound_;
    if (request_.direction == Direction::kForward) {
      out.end = std::min(out.end, bound);
    } else {
      out.start = std::max(out.start, bound);
    }
    return out;
  }

  // Rows of matching series within the time range: keys are sorted, so each series is a stretch and its rows are, too.
  std::vector<std::uint32_t> select(const SourcePlan& source, const BlockKeys& keys) const {
    const TimeRange range = range_now();
    std::vector<std::uint32_t> out;
    for (std::size_t begin = 0; begin < keys.rows();) {
      const std::uint32_t series = keys.series[begin];
      const auto from = keys.series.begin() + static_cast<std::ptrdiff_t>(begin);
      const auto end =
          static_cast<std::size_t>(std::upper_bound(from, keys.series.end(), series) - keys.series.begin());
      if (source.matching.contains(series)) {
        const auto first = keys.times.begin() + static_cast<std::ptrdiff_t>(begin),
                   last = keys.times.begin() + static_cast<std::ptrdiff_t>(end);
        const auto low = static_cast<std::uint32_t>(std::lower_bound(first, last, range.start) - keys.times.begin());
        const auto high = static_cast<std::uint32_t>(std::lower_bound(first, last, range.end) - keys.times.begin());
        for (std::uint32_t row = low; row < high; ++row) out.push_back(row);
      }
      begin = end;
    }
    return out;
  }

  Result<void> apply_predicates(BlockReader& reader, std::vector<std::uint32_t>& rows) const {
    for (std::size_t i = 0; i < request_.predicates.size() && !rows.empty(); ++i) {
      const Predicate& predicate = request_.predicates[i];
      if (!applied_[i]) continue;
      TRY(column, reader.column(predicate.column));
      if (column->size() > 0) {
        select_rows(predicate, *column, rows);
        continue;
      }
      // The block has no such text: every row has the empty one, in which only an empty needle occurs.
      const bool found = std::any_of(predicate.needles.begin(), predicate.needles.end(),
                                     [](const std::string& needle) { return needle.empty(); });
      if (found != (predicate.op == Predicate::Op::kContainsAny)) rows.clear();
    }
    return {};
  }

  Result<Batch> read(const BlockTask& task) {
    const SourcePlan& source = plan_.sources[task.source];
    BlockReader reader(*source.source, task.block);
    TRY(keys, reader.keys());
    std::vector<std::uint32_t> rows = select(source, *keys);
    TRY_VOID(apply_predicates(reader, rows));
    std::uint64_t other_bytes = 0;
    TRY_VOID(drop_duplicates(plan_, source, schema_of(request_.signal), reader, rows, other_bytes));
    Batch out;
    if (!rows.empty()) {
      label_sets_.fill(task.source, *keys, rows, out);
      out.times.reserve(rows.size());
      for (const std::uint32_t row : rows) out.times.push_back(keys->times[row]);
      for (const std::string& name : request_.columns) {
        TRY(column, reader.take(name));
        if (rows.size() != column.size()) column = gather(column, rows);
        out.columns.push_back({name, std::move(column)});
      }
    }
    ++blocks_;
    rows_ += keys->rows();
    bytes_ += reader.bytes() + other_bytes;
    if (source.source->in_memory()) {
      head_rows_ += keys->rows();
      head_bytes_ += reader.bytes();
    } else {
      bytes_compressed_ += task.info.bytes;
    }
    return out;
  }

  const ScanPlan plan_;
  const ScanRequest request_;
  LabelSets label_sets_;
  std::vector<bool> applied_;
  std::atomic<std::size_t> next_{0};
  std::atomic<TimeNs> bound_;
  std::atomic<std::uint64_t> blocks_{0}, skipped_{0}, rows_{0}, bytes_{0}, bytes_compressed_{0}, head_rows_{0},
      head_bytes_{0};
};

}  // namespace

Result<std::unique_ptr<Scan>> open_scan(const StoreView& view, ScanRequest request) {
  TRY(plan, plan_scan(view, request));
  return std::unique_ptr<Scan>(std::make_unique<EngineScan>(std::move(plan), std::move(request)));
}

}  // namespace trilobite::storage
