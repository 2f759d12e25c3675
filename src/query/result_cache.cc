#include "query/result_cache.h"

#include <algorithm>

namespace trilobite::query {
namespace {

constexpr std::size_t kSliceShareMax = 8;    // a slice may take an eighth of the cache
constexpr std::size_t kEntryOverhead = 256;  // list, index and control blocks, about
constexpr std::size_t kSeriesOverhead = 64;

}  // namespace

std::size_t ResultSlice::bytes() const {
  std::size_t out = sizeof *this;
  for (const Series& each : series) {
    out += kSeriesOverhead + each.labels.bytes().size() + each.values.size() * sizeof(double);
  }
  return out;
}

std::shared_ptr<const ResultSlice> ResultCache::find(std::string_view tenant, const std::string& key,
                                                     std::uint64_t version) {
  std::lock_guard lock(mutex_);
  const auto owner = tenants_.find(tenant);
  if (owner == tenants_.end()) return nullptr;
  const auto found = owner->second.by_key.find(key);
  if (found == owner->second.by_key.end()) return nullptr;
  const auto entry = found->second;
  if (entry->version != version) {
    erase(owner->second, entry);
    return nullptr;
  }
  std::list<Entry>& entries = owner->second.entries;
  entries.splice(entries.begin(), entries, entry);
  return entry->slice;
}

bool ResultCache::insert(std::string_view tenant, const std::string& key, std::uint64_t version,
                         std::shared_ptr<const ResultSlice> slice) {
  const std::size_t bytes = kEntryOverhead + 2 * key.size() + slice->bytes();
  if (bytes > bytes_max_ / kSliceShareMax) return false;
  std::lock_guard lock(mutex_);
  Tenant& owner = tenants_[std::string(tenant)];
  if (const auto found = owner.by_key.find(key); found != owner.by_key.end()) erase(owner, found->second);
  owner.entries.push_front({key, version, bytes, std::move(slice)});
  owner.by_key.emplace(key, owner.entries.begin());
  owner.bytes += bytes;
  bytes_ += bytes;
  shrink();
  return true;
}

std::size_t ResultCache::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

void ResultCache::erase(Tenant& tenant, std::list<Entry>::iterator entry) {
  tenant.bytes -= entry->bytes;
  bytes_ -= entry->bytes;
  tenant.by_key.erase(entry->key);
  tenant.entries.erase(entry);
}

void ResultCache::shrink() {
  while (bytes_ > bytes_max_) {
    const auto most = std::max_element(tenants_.begin(), tenants_.end(),
                                       [](const auto& a, const auto& b) { return a.second.bytes < b.second.bytes; });
    erase(most->second, std::prev(most->second.entries.end()));
    if (most->second.entries.empty()) tenants_.erase(most);
  }
}

}  // namespace trilobite::query
