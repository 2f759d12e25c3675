// What a head table of samples held at one moment, as a RowSource whose blocks are neighbouring series.
#pragma once

#include "storage/head_samples.h"

namespace trilobite::storage {

inline constexpr TimeRange kAllTime{std::numeric_limits<TimeNs>::min(), std::numeric_limits<TimeNs>::max()};

class HeadSampleSource final : public RowSource {
 public:
  // Only series with samples in the range; null when there are none.
  static std::shared_ptr<const HeadSampleSource> create(std::shared_ptr<const HeadSamples> table,
                                                        const SeriesSet& series, TimeRange range);

  std::size_t blocks() const override { return infos_.size(); }
  BlockInfo block(std::size_t index) const override { return infos_[index]; }
  Result<BlockKeysRef> keys(std::size_t index) const override;
  Result<ColumnRef> column(std::size_t index, const BlockKeys& keys, std::string_view name) const override;
  Result<LineBlockRef> lines(std::size_t, const BlockKeysRef&) const override { return LineBlockRef(); }
  void settle(std::size_t) const override {}
  std::uint32_t series() const override { return static_cast<std::uint32_t>(sets_.size()); }
  std::string_view label_bytes(std::uint32_t series) const override { return sets_[series]->bytes(); }
  LabelSetRef label_set(std::uint32_t series) const override { return sets_[series]; }
  const SeriesStats& stats(std::uint32_t series) const override { return views_[series].stats; }
  bool in_memory() const override { return true; }
  std::unique_ptr<SampleCursor> sample_cursor() const override;

  const std::vector<LabelSetRef>& sets() const { return sets_; }
  // All samples of a series, by time, each time once; replaces.
  void read_all(std::uint32_t series, SeriesSamples& out) const;
  const HeadSamples::View& view(std::uint32_t series) const { return views_[series]; }

 private:
  void cut_blocks();

  std::shared_ptr<const HeadSamples> table_;  // owns what the views point into
  std::vector<LabelSetRef> sets_;             // sorted
  std::vector<HeadSamples::View> views_;      // like sets_
  std::vector<BlockInfo> infos_;
};

// The source's samples for a part; the source may be null.
PartInput sorted_samples(std::shared_ptr<const HeadSampleSource> source);

}  // namespace trilobite::storage
