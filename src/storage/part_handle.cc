#include "storage/part_handle.h"

#include "storage/limits.h"

namespace trilobite::storage {

std::shared_ptr<const PartCache::Open> PartCache::find(std::uint64_t part) {
  std::lock_guard lock(mutex_);
  const auto found = place_of_.find(part);
  if (found == place_of_.end()) return nullptr;
  order_.splice(order_.begin(), order_, found->second);
  return found->second->second;
}

void PartCache::put(std::uint64_t part, std::shared_ptr<const Open> open) {
  std::lock_guard lock(mutex_);
  if (place_of_.contains(part)) return;
  bytes_ += open->bytes();
  order_.emplace_front(part, std::move(open));
  place_of_[part] = order_.begin();
  evict();
}

PartCache::Size PartCache::size() const {
  std::lock_guard lock(mutex_);
  return {order_.size(), bytes_};
}

void PartCache::evict() {
  while (order_.size() > 1 && (order_.size() > kPartsOpenMax || bytes_ > kPartIndexBytesMax)) {
    bytes_ -= order_.back().second->bytes();
    place_of_.erase(order_.back().first);
    order_.pop_back();
  }
}

LabelSetRef PartCache::Open::label_set(std::uint32_t number) const {
  std::lock_guard lock(mutex_);
  if (sets_.empty()) sets_.resize(series->size());
  if (!sets_[number]) {
    auto set = LabelSet::from_bytes(std::string(series->label_bytes[number]));
    CHECK(set.ok());  // the table was checked when it was decoded
    sets_[number] = std::make_shared<LabelSet>(std::move(set).value());
  }
  return sets_[number];
}

void PartCache::forget(std::uint64_t part) {
  blocks_.forget(part);
  std::lock_guard lock(mutex_);
  const auto found = place_of_.find(part);
  if (found == place_of_.end()) return;
  bytes_ -= found->second->second->bytes();
  order_.erase(found->second);
  place_of_.erase(found);
}

PartHandle::~PartHandle() {
  if (!dropped_) return;
  cache_->forget(meta_.id);
  static_cast<void>(files_.remove(path_));  // what stays behind is removed at the next start
}

Result<std::shared_ptr<const PartReader>> open_checked(FileSystem& files, const std::string& path,
                                                       const PartMeta& meta) {
  auto reader = PartReader::open(files, path);
  if (!reader.ok()) {
    const Code code = reader.error().code == Code::kNotFound ? Code::kCorrupt : reader.error().code;
    return Error{code, reader.error().message}.within("cannot open part {}", meta.id);
  }
  const PartInfo& info = (*reader)->info();
  if (info.footer_hash != meta.info.footer_hash || info.rows != meta.info.rows ||
      info.file_bytes != meta.info.file_bytes) {
    return error(
        Code::kCorrupt,
        "cannot open part {}: {} has {} rows, {} bytes and footer {:016x}, the manifest says {}, {} and {:016x}",
        meta.id, path, info.rows, info.file_bytes, info.footer_hash, meta.info.rows, meta.info.file_bytes,
        meta.info.footer_hash);
  }
  return reader;
}

Result<std::shared_ptr<const PartCache::Open>> PartHandle::open(Caching caching) const {
  if (auto found = cache_->find(meta_.id)) return found;
  TRY(opened, noted(open_file(Sections::kAll)));
  if (caching == Caching::kUse) cache_->put(meta_.id, opened);
  return opened;
}

Result<std::shared_ptr<const PartCache::Open>> PartHandle::open_without_index() const {
  if (auto found = cache_->find(meta_.id)) return found;
  return noted(open_file(Sections::kSeries));
}

Result<std::shared_ptr<const PartCache::Open>> PartHandle::open_file(Sections sections) const {
  TRY(reader, open_checked(files_, path_, meta_));
  auto open = std::make_shared<PartCache::Open>();
  TRY(series_bytes, reader->read_section("series"));
  auto series = SeriesTable::decode(series_bytes);
  if (!series.ok()) return std::move(series).error().within("cannot read the series of {}", path_);
  open->series = std::move(series).value();
  if (sections == Sections::kAll) {
    TRY(index_bytes, reader->read_section("index"));
    auto index = LabelIndex::decode(index_bytes, open->series->size());
    if (!index.ok()) return std::move(index).error().within("cannot read the label index of {}", path_);
    open->index = std::move(index).value();
  }
  open->reader = std::move(reader);
  return std::shared_ptr<const PartCache::Open>(std::move(open));
}

}  // namespace trilobite::storage
