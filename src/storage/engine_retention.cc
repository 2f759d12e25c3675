// Dropping what is too old or too much: whole parts, the oldest first, as one edit of the manifest.
#include <algorithm>

#include "storage/engine.h"

namespace trilobite::storage {

std::vector<PartRef> Engine::expired_parts() const {
  const StoreView now = view();
  std::vector<PartRef> oldest_first = now.parts->parts;
  std::stable_sort(oldest_first.begin(), oldest_first.end(), [](const PartRef& a, const PartRef& b) {
    return a->meta().info.time_max < b->meta().info.time_max;
  });
  std::uint64_t bytes_max = options_.retention_bytes_max;
  if (bytes_max == 0) {
    const auto space = files_.disk_space(layout_.directory());
    // Without an answer nothing is dropped: data that is too much can go later, data that is gone is gone.
    bytes_max =
        space.ok()
            ? static_cast<std::uint64_t>(static_cast<double>(space->bytes_total) * options_.retention_disk_share_max)
            : std::numeric_limits<std::uint64_t>::max();
  }
  std::uint64_t bytes = 0;
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

Result<void> Engine::enforce_retention() {
  TRY_VOID(check_open());
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
    auto committed = manifest_->commit(std::move(edit));
    if (!committed.ok()) return std::move(committed).error().within("cannot drop {} old parts", dropped.size());
    publish({}, removed, false);
  }
  for (const PartRef& part : dropped) part->drop();
  parts_dropped_ += dropped.size();
  return {};
}

}  // namespace trilobite::storage
