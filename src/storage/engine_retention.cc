// Dropping what is too old or too much: whole parts, the oldest first, as one edit of the manifest.
#include <algorithm>

#include "storage/engine.h"

namespace trilobite::storage {

// A share of the disk, but never so much that writes would be refused for want of space: on a small disk the oldest
// rows go before that.
std::uint64_t Engine::bytes_max_of_disk() const {
  const auto space = files_.disk_space(layout_.directory());
  // Without an answer nothing is dropped: data that is too much can go later, data that is gone is gone.
  if (!space.ok()) return std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t total = space->bytes_total;
  const auto share = static_cast<std::uint64_t>(static_cast<double>(total) * options_.retention_disk_share_max);
  const std::uint64_t free = 2 * options_.disk_free_bytes_min + options_.reserve_bytes;
  return std::min(share, total > 2 * free ? total - free : total / 2);
}

std::vector<PartRef> Engine::expired_parts() const {
  const StoreView now = view();
  std::vector<PartRef> oldest_first = now.parts->parts;
  std::stable_sort(oldest_first.begin(), oldest_first.end(), [](const PartRef& a, const PartRef& b) {
    return a->meta().info.time_max < b->meta().info.time_max;
  });
  std::uint64_t bytes_max = options_.retention_bytes_max;
  std::uint64_t bytes = 0;
  if (bytes_max == 0) {
    bytes_max = bytes_max_of_disk();
    bytes = bytes_wal_;
  }
  for (const PartRef& part : oldest_first) bytes += part->meta().info.file_bytes;
  std::vector<PartRef> out;
  for (const PartRef& part : oldest_first) {
    const bool old = options_.retention_age_max.count() > 0 &&
                     part->meta().info.time_max < clock_.now() - options_.retention_age_max.count();
    if (!old && bytes <= bytes_max) continue;
    bytes -= part->meta().info.file_bytes;
    out.push_back(part);
  }
  return out;
}

// Damaged parts whose rows would have been dropped by now.
std::vector<PartMeta> Engine::expired_damage() const {
  std::vector<PartMeta> out;
  if (options_.retention_age_max.count() == 0) return out;
  std::lock_guard lock(manifest_mutex_);
  for (const auto& [id, damaged] : manifest_->state().damaged) {
    if (damaged.meta.info.time_max < clock_.now() - options_.retention_age_max.count()) out.push_back(damaged.meta);
  }
  return out;
}

Result<void> Engine::forget_expired_damage() {
  const std::vector<PartMeta> expired = expired_damage();
  if (expired.empty()) return {};
  ManifestEdit edit;
  for (const PartMeta& meta : expired) edit.repair.push_back(meta.id);
  {
    std::lock_guard lock(manifest_mutex_);
    TRY_VOID(commit_edit(edit));
    parts_damaged_ = manifest_->state().damaged.size();
  }
  for (const PartMeta& meta : expired)
    static_cast<void>(files_.remove(make_handle(meta)->path() + std::string(kDamagedExtension)));
  return {};
}

Result<void> Engine::enforce_retention() {
  TRY_VOID(check_open());
  TRY_VOID(forget_expired_damage());
  std::vector<PartRef> dropped = expired_parts();
  if (dropped.empty()) return {};
  {
    std::lock_guard lock(manifest_mutex_);
    // A part that a merge is reading is left to the next time.
    std::erase_if(dropped, [&](const PartRef& part) {
      return merging_.contains(part->meta().id) || !manifest_->state().parts.contains(part->meta().id);
    });
    if (dropped.empty()) return {};
    ManifestEdit edit;
    std::set<std::uint64_t> removed;
    for (const PartRef& part : dropped) {
      edit.remove.push_back(part->meta().id);
      removed.insert(part->meta().id);
    }
    auto committed = commit_edit(edit);
    if (!committed.ok()) return std::move(committed).error().within("cannot drop {} old parts", dropped.size());
    publish({}, removed, false);
  }
  for (const PartRef& part : dropped) {
    const PartMeta& meta = part->meta();
    changes_.add(meta.tenant, meta.signal, TimeRange{meta.info.time_min, meta.info.time_max + 1});
    part->drop();
  }
  parts_dropped_ += dropped.size();
  return {};
}

}  // namespace trilobite::storage
