// From a batch to acknowledged rows: checks, one record in the WAL, synced together with its neighbours, then the head.
#include <algorithm>

#include "storage/engine.h"
#include "storage/schema.h"
#include "storage/wal_record.h"

namespace trilobite::storage {

// Bytes that wait for the WAL, for as long as it lives.
class Engine::InFlight {
 public:
  InFlight(std::atomic<std::size_t>& total, std::size_t bytes) : total_(total), bytes_(bytes) { total_ += bytes_; }
  ~InFlight() { total_ -= bytes_; }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

 private:
  std::atomic<std::size_t>& total_;
  std::size_t bytes_;
};

// A head that grows faster than it can be written makes its writers wait, then sends them away.
Result<void> Engine::wait_for_room() {
  const auto has_room = [this] {
    const StoreView now = view();
    return !now.frozen || now.active->bytes() < kHeadGrowthMax * now.active->bytes_max(options_.head_bytes_max);
  };
  if (!options_.background || has_room()) return {};
  std::unique_lock lock(wake_mutex_);
  if (head_changed_.wait_for(lock, kAppendWaitMax, [&] { return stopping_ || has_room(); })) return {};
  return error(Code::kOverload, "cannot append: {} bytes in memory wait to be written to the disk",
               view().active->bytes());
}

Result<void> Engine::check_disk() {
  const std::chrono::nanoseconds now = clock_.steady();
  if (!disk_checked_ || disk_full_ || now - *disk_checked_ >= kDiskSpaceInterval) {
    TRY(space, files_.disk_space(layout_.directory()));
    disk_checked_ = now;
    disk_full_ = space.bytes_free < options_.disk_free_bytes_min;
    if (disk_full_) {
      retention_due_ = true;
      return error(Code::kNoSpace, "cannot append: the disk has {} bytes free, the minimum is {}", space.bytes_free,
                   options_.disk_free_bytes_min);
    }
  }
  return {};
}

// Series of samples have numbers that hold for one segment.
void Engine::append_records(std::span<Pending* const> fresh, std::string& frame) {
  const bool samples = std::any_of(fresh.begin(), fresh.end(), [](const Pending* item) { return item->samples; });
  // The next frame goes to this segment, or fails: then the numbers are of no use, and go with the segment.
  if (samples) static_cast<void>(wal_->make_writable());
  for (const Pending* item : fresh) {
    append_record(frame, item->samples ? encode_samples(*item->samples, wal_->segment(), wal_series_, *item->batch)
                                       : item->record);
  }
}

// Rows that are in the head already are not taken back when this fails: they wait for a flush without the WAL.
// REQUIRES: commit_mutex_ is held.
Result<void> Engine::write_waiting() {
  if (waiting_frame_.empty()) return {};
  auto outcome = wal_->append(waiting_frame_);
  waiting_frame_.clear();
  if (waiting_frame_.capacity() > kGroupBytesMax) waiting_frame_.shrink_to_fit();
  writable_ = outcome.ok();
  bytes_wal_ = wal_->bytes();
  if (!outcome.ok() && outcome.error().code == Code::kNoSpace) retention_due_ = disk_full_ = true;
  return outcome;
}

void Engine::commit_group(std::span<Pending* const> group) {
  std::lock_guard lock(commit_mutex_);
  const TimeNs now = clock_.now();
  std::vector<Pending*> fresh;
  std::set<Hash128> requests;
  Result<void> outcome = closed_ ? error(Code::kUnavailable, "cannot append: the store is closed") : check_disk();
  for (Pending* item : group) {
    // A repeat within the group shares the fate of the first; one of an accepted request is done.
    if (item->request && recent_.contains(*item->request, now)) {
      item->fresh = false;
      continue;
    }
    item->result = outcome;
    if (!outcome.ok() || (item->request && !requests.insert(*item->request).second)) {
      item->fresh = false;
      continue;
    }
    fresh.push_back(item);
  }
  if (!outcome.ok()) writable_ = false;
  if (fresh.empty()) return;
  if (waiting_frame_.empty()) waiting_since_ = clock_.steady();
  append_records(fresh, waiting_frame_);
  const bool now_durable =
      std::any_of(fresh.begin(), fresh.end(), [](const Pending* item) { return item->durability == Durability::kNow; });
  if (now_durable || waiting_frame_.size() >= kGroupBytesMax || clock_.steady() - waiting_since_ >= kDurableSoon) {
    outcome = write_waiting();
  }
  if (!outcome.ok()) {
    for (Pending* item : group) {
      if (!item->request || !recent_.contains(*item->request, now)) item->result = outcome;
    }
    return;
  }
  std::shared_ptr<Head> head;
  {
    std::lock_guard view_lock(view_mutex_);
    head = active_;
  }
  if (head->empty()) head_first_append_ = clock_.steady();
  head_last_append_ = clock_.steady();
  for (Pending* item : fresh) {
    if (item->request) recent_.add(*item->request, item->accepted, now);
    rows_appended_ += head->append(item->tenant, item->signal, *item->batch,
                                   item->samples ? item->samples->keys() : SeriesKeys());
    bytes_appended_ += item->batch->bytes();
  }
}

Result<void> Engine::append_placed(std::string_view tenant, Signal signal, const Batch& batch,
                                   const PlacedAppendOptions& options) {
  TRY_VOID(check_open());
  if (tenant.size() > kTenantBytesMax)
    return error(Code::kLimit, "cannot append for a tenant with a name of {} bytes: the limit is {}", tenant.size(),
                 kTenantBytesMax);
  TRY_VOID(check_batch(signal, batch));
  if (batch.rows() == 0) return {};
  const std::size_t bytes = batch.bytes();
  if (const std::size_t waiting = bytes_in_flight_; waiting > 0 && waiting + bytes > options_.bytes_in_flight_max) {
    return error(Code::kOverload, "cannot append: {} bytes wait for the disk, the limit is {}", waiting,
                 options_.bytes_in_flight_max);
  }
  const InFlight counted(bytes_in_flight_, bytes);
  TRY_VOID(wait_for_room());
  const TimeNs now = clock_.now();
  Pending item{.record = {},
               .samples = {},
               .tenant = std::string(tenant),
               .signal = signal,
               .batch = &batch,
               .accepted = now,
               .request = options.append.request,
               .durability = options.durability,
               .result = {}};
  if (signal == Signal::kMetrics) {
    TRY(samples, prepare_samples(tenant, now, options.append.request, batch, options.places));
    item.samples = std::move(samples);
  } else {
    TRY(record, encode_record(tenant, signal, now, options.append.request, batch));
    item.record = std::move(record);
  }
  auto result = queue_.submit(item, [this](std::span<Pending* const> group) { commit_group(group); });
  changes_.add(tenant, signal, batch.times);
  if (options_.background) {
    const StoreView now_there = view();
    if (now_there.active->bytes() >= now_there.active->bytes_max(options_.head_bytes_max)) wake_flusher_.notify_one();
  }
  return result;
}

}  // namespace trilobite::storage
