// A store for tests whose blocks have several runs and, if asked, lines split into templates. For tests only.
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "columnar/lines.h"
#include "query/memory_store.h"

namespace trilobite::logql {

// The rows of one block as a store of split lines hands them out.
class SplitBlock final : public ScanBlock {
 public:
  // Rows are by (label set, time). `encoded`: their lines; null: they are left as they are.
  SplitBlock(Batch batch, std::shared_ptr<const columnar::EncodedLines> encoded)
      : batch_(std::move(batch)), encoded_(std::move(encoded)) {
    label_sets = batch_.label_sets;
    times = batch_.times;
    for (std::uint32_t row = 0; row < batch_.rows(); ++row) {
      const std::uint32_t label_set = batch_.label_set_of_row[row];
      if (runs.empty() || runs.back().label_set != label_set) runs.push_back({label_set, row, row});
      runs.back().end = row + 1;
    }
    if (!encoded_) return;
    columnar::LineSource source;
    source.read = [this](std::uint64_t offset, std::size_t bytes) -> Result<std::string> {
      return encoded_->bytes.substr(offset, bytes);
    };
    source.times = [this]() -> Result<std::span<const TimeNs>> { return std::span<const TimeNs>(batch_.times); };
    lines_ = columnar::open_lines(std::string_view(encoded_->bytes).substr(0, encoded_->header_bytes),
                                  {.rows = batch_.rows(), .bytes_max = 64u << 20}, std::move(source))
                 .value();
  }

  const columnar::LineBlock* lines() const override { return lines_.get(); }
  Result<const Column*> column(std::string_view name) override {
    const Column* found = batch_.find(name);
    return found != nullptr ? found : &absent_;
  }

 private:
  const Batch batch_;
  const Column absent_;
  std::shared_ptr<const columnar::EncodedLines> encoded_;
  std::shared_ptr<const columnar::LineBlock> lines_;
};

class SplitStore final : public Store {
 public:
  bool split = true;
  bool apply_predicates = false;
  std::size_t block_rows = 64;

  query::MemoryStore& rows() { return rows_; }

  Result<std::unique_ptr<Scan>> scan(ScanRequest request) override {
    return std::unique_ptr<Scan>(std::make_unique<SplitScan>(*this, std::move(request)));
  }
  Result<void> append(std::string_view tenant, Signal signal, const Batch& batch,
                      const AppendOptions& options) override {
    return rows_.append(tenant, signal, batch, options);
  }
  Result<std::vector<std::string>> label_names(const IndexRequest& request) override {
    return rows_.label_names(request);
  }
  Result<std::vector<std::string>> label_values(const IndexRequest& request, std::string_view name) override {
    return rows_.label_values(request, name);
  }
  Result<std::vector<SeriesInfo>> series(const IndexRequest& request) override { return rows_.series(request); }
  Result<void> flush() override { return {}; }
  StoreStatistics statistics() const override { return {}; }

 private:
  class SplitScan final : public Scan {
   public:
    SplitScan(SplitStore& store, ScanRequest request) : store_(store), request_(std::move(request)) {
      applied_.assign(request_.predicates.size(), store_.apply_predicates);
      ScanRequest all = request_;
      all.predicates.clear();
      all.columns = {std::string(kLineColumn), std::string(kMetadataColumn)};
      all.direction = Direction::kForward;
      store_.rows_.block_rows = SIZE_MAX / 2;
      auto scan = store_.rows_.scan(std::move(all)).value();
      while (auto batch = scan->next().value()) {
        for (std::size_t row = 0; row < batch->rows(); ++row) add(*batch, row);
      }
      flush();
    }

    Result<std::optional<Batch>> next() override {
      TRY(block, next_block());
      if (!block) return std::optional<Batch>();
      TRY(batch, to_batch(*block, request_.columns));
      return std::optional<Batch>(std::move(batch));
    }
    Result<std::unique_ptr<ScanBlock>> next_block() override {
      std::lock_guard lock(mutex_);
      if (next_ == blocks_.size()) return std::unique_ptr<ScanBlock>();
      Batch batch = blocks_[next_++];
      std::vector<std::uint32_t> rows;
      for (std::uint32_t row = 0; row < batch.rows(); ++row) {
        if (passes(batch.columns[0].column.text(row))) rows.push_back(row);
      }
      const bool all = rows.size() == batch.rows();
      std::erase_if(batch.columns, [&](const NamedColumn& column) {
        return std::find(request_.columns.begin(), request_.columns.end(), column.name) == request_.columns.end();
      });
      const Column* lines = batch.find(kLineColumn);
      auto encoded = store_.split && lines != nullptr ? store_.encoded(*lines, batch.times) : nullptr;
      auto block = std::make_unique<SplitBlock>(std::move(batch), std::move(encoded));
      if (!all) block->rows = std::move(rows);
      return std::unique_ptr<ScanBlock>(std::move(block));
    }
    void tighten(TimeNs) override {}
    const std::vector<bool>& applied() const override { return applied_; }
    ScanStats stats() const override { return {}; }

   private:
    void add(const Batch& from, std::size_t row) {
      const LabelSetRef& labels = from.label_sets[from.label_set_of_row[row]];
      if (batch_.label_sets.empty() || batch_.label_sets.back() != labels) batch_.label_sets.push_back(labels);
      batch_.label_set_of_row.push_back(static_cast<std::uint32_t>(batch_.label_sets.size() - 1));
      batch_.times.push_back(from.times[row]);
      lines_.push_back(from.find(kLineColumn)->text(row));
      const std::string metadata(from.find(kMetadataColumn)->text(row));
      const auto [code, added] = codes_.emplace(metadata, static_cast<std::uint32_t>(codes_.size()));
      if (added) metadata_.dictionary.push_back(metadata);
      metadata_.codes.push_back(code->second);
      if (batch_.rows() == store_.block_rows) flush();
    }
    void flush() {
      if (batch_.rows() == 0) return;
      batch_.columns.push_back({std::string(kLineColumn), Column(std::move(lines_))});
      batch_.columns.push_back({std::string(kMetadataColumn), Column(std::move(metadata_))});
      blocks_.push_back(std::move(batch_));
      batch_ = {};
      lines_ = {};
      metadata_ = {};
      codes_.clear();
    }
    bool passes(std::string_view line) const {
      return !store_.apply_predicates ||
             std::all_of(request_.predicates.begin(), request_.predicates.end(), [&](const Predicate& predicate) {
               const bool any = std::any_of(
                   predicate.needles.begin(), predicate.needles.end(), [&](const std::string& needle) {
                     return predicate.fold_case ? columnar::FoldSearcher(needle).occurs_in(line)
                                                : line.find(needle) != line.npos;
                   });
               return any == (predicate.op == Predicate::Op::kContainsAny);
             });
    }

    SplitStore& store_;
    ScanRequest request_;
    std::vector<bool> applied_;
    std::mutex mutex_;  // guards next_
    std::size_t next_ = 0;
    std::vector<Batch> blocks_;
    // The block under way.
    Batch batch_;
    StringColumn lines_;
    DictionaryColumn metadata_;
    std::map<std::string, std::uint32_t> codes_;
  };

  // Splitting takes longer than most queries: it is done once for all that see the same block.
  std::shared_ptr<const columnar::EncodedLines> encoded(const Column& lines, const std::vector<TimeNs>& times) {
    std::string key = std::get<StringColumn>(lines.values()).bytes;
    for (const TimeNs time : times) key += " " + std::to_string(time);
    auto& entry = encoded_[key];
    if (!entry) entry = std::make_shared<columnar::EncodedLines>(columnar::encode_lines(lines, times, 1));
    return entry;
  }

  query::MemoryStore rows_;
  std::map<std::string, std::shared_ptr<const columnar::EncodedLines>> encoded_;
};

}  // namespace trilobite::logql
