#include "storage/scan.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>
#include <unordered_map>

#include "base/hash.h"
#include "storage/block_reader.h"
#include "storage/duplicates.h"
#include "storage/scan_plan.h"
#include "storage/scan_rows.h"
#include "storage/schema.h"

namespace trilobite::storage {
namespace {

constexpr TimeNs kTimeMin = std::numeric_limits<TimeNs>::min(), kTimeMax = std::numeric_limits<TimeNs>::max();

// The same pointer for the same label set, whichever source it comes from.
class LabelSets {
 public:
  explicit LabelSets(const ScanPlan& plan) : plan_(plan), known_(plan.sources.size()) {}

  // Runs have series numbers of the source; each run gets its label set in the block instead.
  void fill(std::uint32_t source, ScanBlock& block) {
    block.label_sets.reserve(block.runs.size());
    std::lock_guard lock(mutex_);
    auto& known = known_[source];
    if (known.empty()) known.resize(plan_.sources[source].source->series());
    for (ScanBlock::Run& run : block.runs) {
      LabelSetRef& set = known[run.label_set];
      if (!set) set = intern(*plan_.sources[source].source, run.label_set);
      run.label_set = static_cast<std::uint32_t>(block.label_sets.size());
      block.label_sets.push_back(set);
    }
  }

 private:
  LabelSetRef intern(const RowSource& source, std::uint32_t series) {
    if (plan_.sources.size() == 1) return source.label_set(series);
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

// Shared with the blocks handed out, which go on decoding and may outlive the scan.
struct Counters {
  std::atomic<std::uint64_t> blocks{0}, skipped{0}, rows{0}, bytes{0}, bytes_compressed{0}, head_rows{0}, head_bytes{0};
};

// A block of a part or head, and what has been decoded of it.
class SourceBlock final : public ScanBlock {
 public:
  SourceBlock(BlockReader reader, std::shared_ptr<Counters> counters, bool in_memory)
      : reader_(std::move(reader)), counters_(std::move(counters)), in_memory_(in_memory) {}
  ~SourceBlock() override { count_bytes(); }

  const columnar::LineBlock* lines() const override { return reader_.lines(); }
  Result<const Column*> column(std::string_view name) override {
    auto out = reader_.column(name);
    count_bytes();
    return out;
  }
  BlockReader& reader() { return reader_; }

 private:
  void count_bytes() {
    const std::uint64_t bytes = reader_.bytes();
    counters_->bytes += bytes - counted_;
    if (in_memory_) counters_->head_bytes += bytes - counted_;
    counted_ = bytes;
  }

  BlockReader reader_;
  std::shared_ptr<Counters> counters_;
  bool in_memory_;
  std::uint64_t counted_ = 0;
};

class EngineScan final : public Scan {
 public:
  EngineScan(ScanPlan plan, ScanRequest request, HiddenRows hidden, std::vector<std::string> warnings)
      : plan_(std::move(plan)),
        request_(std::move(request)),
        hidden_(std::move(hidden)),
        warnings_(std::move(warnings)),
        label_sets_(plan_) {
    for (const Predicate& predicate : request_.predicates) {
      const ColumnSchema* column = find_column(request_.signal, predicate.column);
      applied_.push_back(column != nullptr && column->is_text());
    }
    const auto is_line = [](std::string_view name) { return name == kLineColumn; };
    wants_lines_ = std::any_of(request_.columns.begin(), request_.columns.end(), is_line) ||
                   std::any_of(request_.predicates.begin(), request_.predicates.end(),
                               [&](const Predicate& predicate) { return is_line(predicate.column); });
    bound_ = request_.direction == Direction::kForward ? kTimeMax : kTimeMin;
  }

  Result<std::unique_ptr<ScanBlock>> next_block() override {
    for (;;) {
      if (request_.cancel) TRY_VOID(request_.cancel->check());
      const std::size_t number = next_.fetch_add(1);
      if (number >= plan_.tasks.size()) return std::unique_ptr<ScanBlock>();
      const BlockTask& task = plan_.tasks[number];
      if (is_beyond(task.info)) {
        ++counters_->skipped;
        continue;
      }
      TRY(block, read(task));
      if (block) return block;
    }
  }

  Result<std::optional<Batch>> next() override {
    TRY(block, next_block());
    if (!block) return std::optional<Batch>();
    TRY(batch, to_batch(*block, request_.columns));
    return std::optional<Batch>(std::move(batch));
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
    out.blocks = counters_->blocks;
    out.blocks_skipped = counters_->skipped + plan_.blocks_skipped;
    out.rows = counters_->rows;
    out.bytes = counters_->bytes;
    out.bytes_compressed = counters_->bytes_compressed;
    out.head_rows = counters_->head_rows;
    out.head_bytes = counters_->head_bytes;
    out.warnings = warnings_;
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

  // Null when nothing of the block is left.
  Result<std::unique_ptr<ScanBlock>> read(const BlockTask& task) {
    const SourcePlan& source = plan_.sources[task.source];
    auto out = std::make_unique<SourceBlock>(BlockReader(source.source, task.block), counters_,
                                             source.source->in_memory());
    BlockReader& reader = out->reader();
    TRY(keys, reader.keys());
    count(*source.source, task.info, keys->rows());
    WantedRows rows(keys->rows(), select_runs(source.matching, range_now(), *keys));
    if (rows.empty()) return std::unique_ptr<ScanBlock>();
    if (wants_lines_) TRY_VOID(reader.open_lines());
    TRY_VOID(apply_conditions(request_.predicates, applied_, reader, rows));
    std::uint64_t other_bytes = 0;
    TRY_VOID(drop_duplicates(plan_, source, schema_of(request_.signal), reader, rows, other_bytes));
    counters_->bytes += other_bytes;
    TRY_VOID(hidden_.apply(*source.source, reader, rows));
    if (rows.empty()) return std::unique_ptr<ScanBlock>();
    rows.move_into(*out);
    out->times = keys->times;
    label_sets_.fill(task.source, *out);
    return std::unique_ptr<ScanBlock>(std::move(out));
  }

  void count(const RowSource& source, const BlockInfo& info, std::size_t rows) {
    ++counters_->blocks;
    counters_->rows += rows;
    if (source.in_memory()) {
      counters_->head_rows += rows;
    } else {
      counters_->bytes_compressed += info.bytes;
    }
  }

  const ScanPlan plan_;
  const ScanRequest request_;
  const HiddenRows hidden_;
  const std::vector<std::string> warnings_;
  LabelSets label_sets_;
  std::vector<bool> applied_;
  std::atomic<std::size_t> next_{0};
  std::atomic<TimeNs> bound_;
  bool wants_lines_ = false;
  const std::shared_ptr<Counters> counters_ = std::make_shared<Counters>();
};

}  // namespace

Result<std::unique_ptr<Scan>> open_scan(const StoreView& view, ScanRequest request,
                                        HiddenRows hidden, std::vector<std::string> warnings) {
  TRY(plan, plan_scan(view, request));
  return std::unique_ptr<Scan>(
      std::make_unique<EngineScan>(std::move(plan), std::move(request), std::move(hidden), std::move(warnings)));
}

}  // namespace trilobite::storage
