// A part as a RowSource.
#pragma once

#include "storage/part_handle.h"
#include "storage/row_source.h"

namespace trilobite::storage {

class PartSource final : public RowSource {
 public:
  using Caching = PartHandle::Caching;
  static Result<std::shared_ptr<const PartSource>> create(PartRef part, Caching caching = Caching::kUse);

  // Bypasses what is kept, and has no index().
  static Result<std::shared_ptr<PartSource>> create_for_merge(PartRef part);
  PartSource(PartRef part, std::shared_ptr<const PartCache::Open> open, Caching caching);
  // From now on there are rows by series number only: neither label sets nor what each series has, which of parts with
  // many series is more than their blocks.
  void forget_labels() { open_ = nullptr; }

  const PartMeta& meta() const { return part_->meta(); }
  const LabelIndex& index() const { return *open_->index; }

  std::size_t blocks() const override { return reader_->blocks().size(); }
  BlockInfo block(std::size_t index) const override { return reader_->blocks()[index]; }
  Result<BlockKeysRef> keys(std::size_t index) const override;
  Result<ColumnRef> column(std::size_t index, const BlockKeys& keys, std::string_view name) const override;
  Result<LineBlockRef> lines(std::size_t index, const BlockKeysRef& keys) const override;
  // Null when the block is not stored series by series.
  Result<SampleBlockRef> samples(std::size_t index) const;
  std::unique_ptr<SampleCursor> sample_cursor() const override;
  // Damage that is met while reading what was handed out is reported.
  template <class T>
  Result<T> noted(Result<T> outcome) const {
    return part_->noted(std::move(outcome));
  }
  void settle(std::size_t index) const override;
  std::uint32_t series() const override { return series_; }
  std::string_view label_bytes(std::uint32_t series) const override { return open_->series->label_bytes[series]; }
  LabelSetRef label_set(std::uint32_t series) const override { return open_->label_set(series); }
  const SeriesStats& stats(std::uint32_t series) const override { return open_->series->stats[series]; }
  bool in_memory() const override { return false; }

 private:
  Result<BlockKeysRef> read_keys(std::size_t index) const;
  Result<Column> read_column(std::size_t index, const BlockKeys& keys, std::string_view name) const;
  std::uint64_t id() const { return part_->meta().id; }

  const PartRef part_;
  const Caching caching_;
  const std::shared_ptr<const PartReader> reader_;
  const std::uint32_t series_;
  std::shared_ptr<const PartCache::Open> open_;
};

}  // namespace trilobite::storage
