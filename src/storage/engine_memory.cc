// What the engine holds in memory and takes of the disk.
#include <algorithm>
#include <limits>

#include "storage/engine.h"

namespace trilobite::storage {
namespace {

void add(StoreMemory::Head& out, const Head::Share& share) {
  out.bytes += share.bytes;
  out.bytes_of_series += share.bytes_of_series;
  out.series += share.series;
}

}  // namespace

StoreMemory Engine::memory() const {
  const StoreView now = view();
  StoreMemory out;
  for (const Head* head : {now.frozen.get(), now.active.get()}) {
    if (head == nullptr) continue;
    add(out.logs, head->share_of(Signal::kLogs));
    add(out.samples, head->share_of(Signal::kMetrics));
    add(out.exemplars, head->share_of(Signal::kExemplars));
  }
  out.bytes_head = now.active->bytes();
  out.bytes_head_max = kHeadGrowthMax * now.active->bytes_max(options_.head_bytes_max);
  out.bytes_in_flight = bytes_in_flight_;
  out.bytes_in_flight_max = options_.bytes_in_flight_max;
  out.bytes_blocks = cache_->blocks().bytes();
  out.bytes_blocks_max = options_.cache_bytes_max;
  const PartCache::Size open = cache_->size();
  out.bytes_part_labels = open.bytes;
  out.bytes_part_labels_max = kPartIndexBytesMax;
  out.parts_open = open.parts;
  out.parts_open_max = kPartsOpenMax;
  for (const PartRef& part : now.parts->parts) {
    out.bytes_part_list += sizeof(PartHandle) + part->path().capacity() + part->meta().tenant.capacity();
    out.bytes_disk += part->meta().info.file_bytes;
  }
  out.bytes_wal = bytes_wal_;
  out.bytes_disk += out.bytes_wal;
  out.bytes_disk_max = options_.retention_bytes_max > 0 ? options_.retention_bytes_max : bytes_max_of_disk();
  if (out.bytes_disk_max == std::numeric_limits<std::uint64_t>::max()) out.bytes_disk_max = 0;
  if (const auto space = files_.disk_space(layout_.directory()); space.ok()) {
    out.disk_bytes_used = space->bytes_total - std::min(space->bytes_free, space->bytes_total);
    out.disk_bytes_used_max = space->bytes_total - std::min(options_.disk_free_bytes_min, space->bytes_total);
  }
  return out;
}

}  // namespace trilobite::storage
