#include "storage/part_source.h"

#include <algorithm>

#include "storage/part_samples.h"

namespace trilobite::storage {

PartSource::PartSource(PartRef part, std::shared_ptr<const PartCache::Open> open, Caching caching)
    : part_(std::move(part)),
      caching_(caching),
      reader_(open->reader),
      series_(open->series->size()),
      open_(std::move(open)) {}

Result<std::shared_ptr<const PartSource>> PartSource::create(PartRef part, Caching caching) {
  TRY(open, part->open(caching));
  return std::make_shared<const PartSource>(std::move(part), std::move(open), caching);
}

Result<std::shared_ptr<PartSource>> PartSource::create_for_merge(PartRef part) {
  TRY(open, part->open_without_index());
  return std::make_shared<PartSource>(std::move(part), std::move(open), Caching::kBypass);
}

Result<BlockKeysRef> PartSource::keys(std::size_t index) const {
  if (caching_ == Caching::kBypass) return part_->noted(read_keys(index));
  if (auto kept = part_->blocks().find(id(), index).keys) return kept;
  TRY(keys, part_->noted(read_keys(index)));
  part_->blocks().put_keys(id(), index, keys);
  return keys;
}

Result<LineBlockRef> PartSource::lines(std::size_t index, const BlockKeysRef& keys) const {
  if (caching_ == Caching::kUse) {
    if (auto kept = part_->blocks().find(id(), index).lines) return kept;
  }
  const auto times = [keys]() -> Result<std::span<const TimeNs>> { return std::span<const TimeNs>(keys->times); };
  TRY(lines, part_->noted(reader_->read_lines(index, times, part_->damage_observer())));
  if (lines && caching_ == Caching::kUse) part_->blocks().put_lines(id(), index, lines);
  return lines;
}

Result<ColumnRef> PartSource::column(std::size_t index, const BlockKeys& keys, std::string_view name) const {
  if (caching_ == Caching::kUse) {
    if (auto kept = part_->blocks().find(id(), index).column(name)) return kept;
  }
  TRY(read, part_->noted(read_column(index, keys, name)));
  auto shared = std::make_shared<const Column>(std::move(read));
  // Few distinct values are small, and every query that groups or filters by them asks again.
  if (caching_ == Caching::kUse && std::holds_alternative<DictionaryColumn>(shared->values())) {
    part_->blocks().put_column(id(), index, name, shared);
  }
  return shared;
}

Result<SampleBlockRef> PartSource::samples(std::size_t index) const {
  if (caching_ == Caching::kUse) {
    if (auto kept = part_->blocks().find(id(), index).samples) return kept;
  }
  TRY(samples, part_->noted(reader_->read_samples(index)));
  if (!samples) return samples;
  if (samples->runs().back().series >= series()) {
    return part_->noted(Result<SampleBlockRef>(
        error(Code::kCorrupt, "block {} of {} has a series that its table does not", index, part_->path())));
  }
  if (caching_ == Caching::kUse) part_->blocks().put_samples(id(), index, samples);
  return samples;
}

std::unique_ptr<SampleCursor> PartSource::sample_cursor() const { return std::make_unique<PartSamples>(*this); }

void PartSource::settle(std::size_t index) const {
  if (caching_ == Caching::kUse) part_->blocks().settle(id(), index);
}

Result<BlockKeysRef> PartSource::read_keys(std::size_t index) const {
  TRY(numbers, reader_->read_series(index));
  TRY(times, reader_->read_times(index));
  if (numbers.size() != times.size()) {
    return error(Code::kCorrupt, "block {} of {} has {} series numbers and {} times", index, part_->path(),
                 numbers.size(), times.size());
  }
  if (!numbers.empty() && numbers.back() >= series()) {  // they ascend
    return error(Code::kCorrupt, "block {} of {} has a series that its table does not", index, part_->path());
  }
  auto out = std::make_shared<BlockKeys>();
  for (std::uint32_t row = 0; row < numbers.size(); ++row) {
    if (out->runs.empty() || out->runs.back().series != numbers[row]) out->runs.push_back({numbers[row], row, row});
    out->runs.back().end = row + 1;
  }
  out->times = std::move(times);
  return BlockKeysRef(std::move(out));
}

Result<Column> PartSource::read_column(std::size_t index, const BlockKeys& keys, std::string_view name) const {
  TRY(out, reader_->read_column(index, name));
  if (out.size() != 0 && out.size() != keys.rows()) {
    return error(Code::kCorrupt, "column {} of block {} of {} has {} of {} rows", name, index, part_->path(),
                 out.size(), keys.rows());
  }
  return out;
}

}  // namespace trilobite::storage
