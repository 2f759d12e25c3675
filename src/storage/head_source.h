// What a head table held at one moment, as a RowSource: each chunk is a block.
#pragma once

#include <mutex>

#include "storage/head.h"
#include "storage/label_matcher.h"
#include "storage/row_source.h"

namespace trilobite::storage {

class HeadSource final : public RowSource {
 public:
  // Only series that match and have rows in the range; null when there are none.
  static std::shared_ptr<const HeadSource> create(std::shared_ptr<const HeadRows> table,
                                                  const std::vector<LabelMatcher>& matchers, TimeRange range);

  std::size_t blocks() const override { return view_.chunks.size(); }
  BlockInfo block(std::size_t index) const override;
  Result<BlockKeysRef> keys(std::size_t index) const override;
  Result<ColumnRef> column(std::size_t index, const BlockKeys& keys, std::string_view name) const override;
  Result<LineBlockRef> lines(std::size_t, const BlockKeysRef&) const override { return LineBlockRef(); }
  void settle(std::size_t) const override {}
  std::uint32_t series() const override { return static_cast<std::uint32_t>(sets_.size()); }
  std::string_view label_bytes(std::uint32_t series) const override { return sets_[series]->bytes(); }
  LabelSetRef label_set(std::uint32_t series) const override { return sets_[series]; }
  const SeriesStats& stats(std::uint32_t series) const override { return stats_[series]; }
  bool in_memory() const override { return true; }

 private:
  Column gather_column(std::size_t index, const BlockKeys& keys, std::string_view name) const;
  std::shared_ptr<const HeadRows> table_;
  HeadRows::View view_;                // its stats are moved to stats_
  std::vector<LabelSetRef> sets_;       // sorted
  std::vector<SeriesStats> stats_;      // like sets_
  std::vector<std::uint32_t> rank_of_;  // number in the head -> number here
  mutable std::mutex mutex_;            // guards keys_
  mutable std::vector<BlockKeysRef> keys_;
};

}  // namespace trilobite::storage
