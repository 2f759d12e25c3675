#include "storage/block_cache.h"

#include "columnar/sample_block.h"

namespace trilobite::storage {

std::size_t column_bytes(const Column& column) {
  struct Bytes {
    std::size_t operator()(const std::vector<std::int64_t>& values) const {
      return values.size() * sizeof(std::int64_t);
    }
    std::size_t operator()(const std::vector<double>& values) const { return values.size() * sizeof(double); }
    std::size_t operator()(const StringColumn& text) const {
      return text.bytes.size() + text.ends.size() * sizeof(std::uint32_t);
    }
    std::size_t operator()(const DictionaryColumn& coded) const {
      return (*this)(coded.dictionary) + coded.codes.size() * sizeof(std::uint32_t);
    }
  };
  return std::visit(Bytes{}, column.values());
}

BlockCache::Entry BlockCache::find(std::uint64_t part, std::size_t block) {
  std::lock_guard lock(mutex_);
  const auto found = place_of_.find({part, block});
  if (found == place_of_.end()) return {};
  order_.splice(order_.begin(), order_, found->second);
  return found->second->entry;
}

// REQUIRES: mutex_ is held, as for all below.
BlockCache::Kept& BlockCache::use(const Key& key) {
  if (const auto found = place_of_.find(key); found != place_of_.end()) {
    order_.splice(order_.begin(), order_, found->second);
  } else {
    order_.push_front({.key = key});
    place_of_[key] = order_.begin();
  }
  return order_.front();
}

void BlockCache::remove(Order::iterator place) {
  bytes_ -= place->bytes;
  place_of_.erase(place->key);
  order_.erase(place);
}

// Whoever uses a block that goes has it as long as needed; it is only not found again.
void BlockCache::measure(Kept& kept) {
  bytes_ -= kept.bytes;
  kept.bytes = sizeof(Kept) + (kept.entry.keys ? kept.entry.keys->bytes() : 0) +
               (kept.entry.lines ? kept.entry.lines->bytes() : 0) +
               (kept.entry.samples ? kept.entry.samples->bytes() : 0);
  for (const NamedRef& column : kept.entry.columns) kept.bytes += column_bytes(*column.values);
  bytes_ += kept.bytes;
  while (bytes_ > bytes_max_ && !order_.empty()) remove(std::prev(order_.end()));
}

void BlockCache::put_keys(std::uint64_t part, std::size_t block, BlockKeysRef keys) {
  std::lock_guard lock(mutex_);
  Kept& kept = use({part, block});
  kept.entry.keys = std::move(keys);
  measure(kept);
}

void BlockCache::put_lines(std::uint64_t part, std::size_t block, LineBlockRef lines) {
  std::lock_guard lock(mutex_);
  Kept& kept = use({part, block});
  kept.entry.lines = std::move(lines);
  measure(kept);
}

void BlockCache::put_samples(std::uint64_t part, std::size_t block, SampleBlockRef samples) {
  std::lock_guard lock(mutex_);
  Kept& kept = use({part, block});
  kept.entry.samples = std::move(samples);
  measure(kept);
}

void BlockCache::put_column(std::uint64_t part, std::size_t block, std::string_view name, ColumnRef values) {
  std::lock_guard lock(mutex_);
  Kept& kept = use({part, block});
  if (kept.entry.column(name)) return;
  kept.entry.columns.push_back({std::string(name), std::move(values)});
  measure(kept);
}

void BlockCache::settle(std::uint64_t part, std::size_t block) {
  std::lock_guard lock(mutex_);
  if (const auto found = place_of_.find({part, block}); found != place_of_.end()) measure(*found->second);
}

void BlockCache::forget(std::uint64_t part) {
  std::lock_guard lock(mutex_);
  for (auto at = order_.begin(); at != order_.end();) {
    const auto here = at++;
    if (here->key.part == part) remove(here);
  }
}

std::size_t BlockCache::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace trilobite::storage
