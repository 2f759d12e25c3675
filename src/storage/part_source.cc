#include "storage/part_source.h"

#include <algorithm>

namespace trilobite::storage {

Result<std::shared_ptr<const PartSource>> PartSource::create(PartRef part) {
  auto out = std::make_shared<PartSource>();
  TRY(open, part->open());
  out->part_ = std::move(part);
  out->open_ = std::move(open);
  return std::shared_ptr<const PartSource>(std::move(out));
}

Result<BlockKeysRef> PartSource::keys(std::size_t index) const {
  TRY(numbers, open_->reader->read_series(index));
  TRY(times, open_->reader->read_times(index));
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

Result<Column> PartSource::column(std::size_t index, const BlockKeys& keys, std::string_view name) const {
  TRY(out, open_->reader->read_column(index, name));
  if (out.size() != 0 && out.size() != keys.rows()) {
    return error(Code::kCorrupt, "column {} of block {} of {} has {} of {} rows", name, index, part_->path(),
                 out.size(), keys.rows());
  }
  return out;
}

LabelSetRef PartSource::label_set(std::uint32_t series) const {
  auto set = LabelSet::from_bytes(std::string(label_bytes(series)));
  CHECK(set.ok());  // the table was checked when it was decoded
  return std::make_shared<LabelSet>(std::move(set).value());
}

}  // namespace trilobite::storage
