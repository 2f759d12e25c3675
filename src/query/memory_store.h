// A Store for tests of the rooms above storage: batches in a list, every row looked at. Leaves all predicates to the
// caller unless told to apply them, so that both ways are tested. Not part of the program.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "columnar/fold_search.h"
#include "storage/change_log.h"
#include "storage/label_matcher.h"
#include "storage/store.h"

namespace trilobite::query {

class MemoryStore final : public Store {
 public:
  bool apply_predicates = false;
  std::size_t block_rows = 4;  // rows per batch of a scan: small, so that tests meet many blocks

  // One row, for tests that build their data line by line.
  void add(const std::vector<std::pair<std::string, std::string>>& labels, TimeNs time, std::string_view line,
           const std::vector<std::pair<std::string, std::string>>& metadata = {}) {
    rows_[LabelSet::from_pairs(labels)].push_back(
        {time, std::string(line), std::string(LabelSet::from_pairs(metadata).bytes())});
    changes_->add("", Signal::kLogs, std::span<const TimeNs>(&time, 1));
  }

  Result<void> append(std::string_view, Signal, const Batch& batch, const AppendOptions&) override {
    const Column* lines = batch.find(kLineColumn);
    const Column* metadata = batch.find(kMetadataColumn);
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      rows_[*batch.label_sets[batch.label_set_of_row[i]]].push_back(
          {batch.times[i], lines ? std::string(lines->text(i)) : "", metadata ? std::string(metadata->text(i)) : ""});
    }
    changes_->add("", Signal::kLogs, batch.times);
    return {};
  }

  Result<std::unique_ptr<Scan>> scan(ScanRequest request) override;

  // Rows that are gone, for tests of what deletes do.
  void remove(TimeRange range) {
    for (auto& [labels, rows] : rows_) {
      std::erase_if(rows, [&](const Row& row) { return row.time >= range.start && row.time < range.end; });
    }
    changes_->add("", Signal::kLogs, range);
  }
  std::optional<std::uint64_t> version(std::string_view, Signal signal, TimeRange range) const override {
    return changes_->version("", signal, range);
  }

  Result<std::vector<std::string>> label_names(const IndexRequest& request) override {
    std::set<std::string> names;
    for (const auto& [labels, rows] : rows_) {
      if (!selected(labels, rows, request)) continue;
      for (const auto& [name, value] : labels) names.insert(std::string(name));
    }
    return std::vector<std::string>(names.begin(), names.end());
  }
  Result<std::vector<std::string>> label_values(const IndexRequest& request, std::string_view name) override {
    std::set<std::string> values;
    for (const auto& [labels, rows] : rows_) {
      if (selected(labels, rows, request) && !labels.get(name).empty()) values.insert(std::string(labels.get(name)));
    }
    return std::vector<std::string>(values.begin(), values.end());
  }
  Result<std::vector<SeriesInfo>> series(const IndexRequest& request) override {
    std::vector<SeriesInfo> all;
    for (const auto& [labels, rows] : rows_) {
      if (!selected(labels, rows, request)) continue;
      SeriesInfo info{std::make_shared<LabelSet>(labels), 0, 0};
      for (const Row& row : rows) {
        if (row.time < request.range.start || row.time >= request.range.end) continue;
        ++info.rows;
        info.bytes += row.line.size();
      }
      all.push_back(std::move(info));
    }
    return all;
  }
  Result<void> flush() override { return {}; }
  StoreStatistics statistics() const override { return {}; }

 private:
  struct Row {
    TimeNs time;
    std::string line;
    std::string metadata;
  };
  class MemoryScan;

  static bool matches(const LabelSet& labels, const Matcher& matcher) {
    return storage::LabelMatcher::compile(matcher).value().matches(labels.get(matcher.name));
  }
  static bool selected(const LabelSet& labels, const std::vector<Row>& rows, const IndexRequest& request) {
    const bool in_range = std::any_of(rows.begin(), rows.end(), [&](const Row& row) {
      return row.time >= request.range.start && row.time < request.range.end;
    });
    return in_range && std::all_of(request.matchers.begin(), request.matchers.end(),
                                   [&](const Matcher& matcher) { return matches(labels, matcher); });
  }

  std::map<LabelSet, std::vector<Row>> rows_;
  std::unique_ptr<storage::ChangeLog> changes_ = std::make_unique<storage::ChangeLog>();
};

// Blocks of block_rows rows of one label set, sorted by time inside, handed out in the order of the request.
class MemoryStore::MemoryScan final : public Scan {
 public:
  MemoryScan(const MemoryStore& store, const ScanRequest& request) : request_(request) {
    applied_.assign(request.predicates.size(), store.apply_predicates);
    for (const auto& [labels, all] : store.rows_) {
      std::vector<Row> rows;
      for (const Row& row : all) {
        if (row.time >= request.range.start && row.time < request.range.end) rows.push_back(row);
      }
      if (!selected(labels, all, {"", request.signal, request.range, request.matchers})) continue;
      std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.time < b.time; });
      const auto ref = std::make_shared<LabelSet>(labels);
      for (std::size_t i = 0; i < rows.size(); i += store.block_rows) {
        blocks_.push_back(make_block(ref, rows, i, std::min(rows.size(), i + store.block_rows)));
      }
    }
    std::stable_sort(blocks_.begin(), blocks_.end(), [&](const Batch& a, const Batch& b) {
      return request_.direction == Direction::kForward ? a.times.front() < b.times.front()
                                                       : a.times.back() > b.times.back();
    });
  }

  Result<std::optional<Batch>> next() override {
    std::lock_guard lock(mutex_);
    while (next_ < blocks_.size()) {
      Batch block = blocks_[next_++];
      const bool useless = bound_ && (request_.direction == Direction::kForward ? block.times.front() >= *bound_
                                                                                : block.times.back() < *bound_);
      if (useless) {
        ++stats_.blocks_skipped;
        continue;
      }
      ++stats_.blocks;
      stats_.rows += block.rows();
      stats_.bytes += block.bytes();
      if (block.rows() > 0) return std::optional<Batch>(filter(std::move(block)));
    }
    return std::optional<Batch>();
  }
  void tighten(TimeNs bound) override {
    std::lock_guard lock(mutex_);
    bound_ = bound;
  }
  const std::vector<bool>& applied() const override { return applied_; }
  ScanStats stats() const override {
    std::lock_guard lock(mutex_);
    return stats_;
  }

 private:
  Batch make_block(const LabelSetRef& labels, const std::vector<Row>& rows, std::size_t first, std::size_t last) const {
    Batch block;
    block.label_sets.push_back(labels);
    StringColumn lines, metadata;
    for (std::size_t i = first; i < last; ++i) {
      block.label_set_of_row.push_back(0);
      block.times.push_back(rows[i].time);
      lines.push_back(rows[i].line);
      metadata.push_back(rows[i].metadata);
    }
    block.columns.push_back({std::string(kLineColumn), Column(std::move(lines))});
    block.columns.push_back({std::string(kMetadataColumn), Column(std::move(metadata))});
    return block;
  }

  static bool passes(const Predicate& predicate, std::string_view text) {
    const bool any = std::any_of(predicate.needles.begin(), predicate.needles.end(), [&](const std::string& needle) {
      return predicate.fold_case ? columnar::FoldSearcher(needle).occurs_in(text) : text.find(needle) != text.npos;
    });
    return any == (predicate.op == Predicate::Op::kContainsAny);
  }

  // The rows that pass, and of the columns those that were asked for: a query that forgets one must notice.
  Batch filter(Batch block) const {
    Batch out;
    out.label_sets = block.label_sets;
    std::vector<StringColumn> columns(block.columns.size());
    for (std::size_t i = 0; i < block.rows(); ++i) {
      bool keep = true;
      for (std::size_t p = 0; p < applied_.size(); ++p) {
        if (applied_[p])
          keep = keep && passes(request_.predicates[p], block.find(request_.predicates[p].column)->text(i));
      }
      if (!keep) continue;
      out.label_set_of_row.push_back(block.label_set_of_row[i]);
      out.times.push_back(block.times[i]);
      for (std::size_t c = 0; c < columns.size(); ++c) columns[c].push_back(block.columns[c].column.text(i));
    }
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const std::string& name = block.columns[c].name;
      if (std::find(request_.columns.begin(), request_.columns.end(), name) == request_.columns.end()) continue;
      out.columns.push_back(
          {name, name == kMetadataColumn ? as_dictionary(columns[c]) : Column(std::move(columns[c]))});
    }
    return out;
  }

  static Column as_dictionary(const StringColumn& strings) {
    std::map<std::string_view, std::uint32_t> codes;
    DictionaryColumn out;
    for (std::size_t i = 0; i < strings.size(); ++i) {
      const auto [found, added] = codes.emplace(strings[i], static_cast<std::uint32_t>(codes.size()));
      if (added) out.dictionary.push_back(strings[i]);
      out.codes.push_back(found->second);
    }
    return Column(std::move(out));
  }

  ScanRequest request_;
  std::vector<bool> applied_;
  mutable std::mutex mutex_;  // guards the rest
  std::vector<Batch> blocks_;
  std::size_t next_ = 0;
  std::optional<TimeNs> bound_;
  ScanStats stats_;
};

inline Result<std::unique_ptr<Scan>> MemoryStore::scan(ScanRequest request) {
  return std::unique_ptr<Scan>(std::make_unique<MemoryScan>(*this, request));
}

}  // namespace trilobite::query
