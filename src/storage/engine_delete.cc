// Deleting samples, start to end: hidden, then flushed, then gone from every part that has some. Who asks waits for it,
// so that there is nothing to remember over a restart.
#include <algorithm>
#include <limits>

#include "storage/engine.h"

namespace trilobite::storage {
namespace {

// Filters of delete requests that others keep have small numbers.
constexpr std::uint64_t kDeleteIds = std::uint64_t{1} << 63;
constexpr std::chrono::milliseconds kBusyWait{20};

}  // namespace

TimeRange Engine::times(const std::string& tenant, Signal signal) const {
  const StoreView now = view();
  TimeNs first = std::numeric_limits<TimeNs>::max(), last = std::numeric_limits<TimeNs>::min();
  bool any = false;
  const auto add = [&](TimeNs time_min, TimeNs time_max) {
    first = std::min(first, time_min);
    last = std::max(last, time_max);
    any = true;
  };
  for (const PartRef& part : now.parts->parts) {
    const PartMeta& meta = part->meta();
    if (meta.tenant == tenant && meta.signal == signal) add(meta.info.time_min, meta.info.time_max);
  }
  for (const Head* head : {now.frozen.get(), now.active.get()}) {
    if (head == nullptr) continue;
    for (const Head::Table& table : head->tables()) {
      if (table.key.tenant != tenant || table.key.signal != signal) continue;
      for (const SeriesStats& stats : table.table->stats()) {
        if (stats.rows > 0) add(stats.time_min, stats.time_max);
      }
    }
  }
  if (!any) return {};
  return {first, last == std::numeric_limits<TimeNs>::max() ? last : last + 1};
}

Result<void> Engine::remove_everywhere(const RowFilter& filter) {
  TRY_VOID(flush());
  for (;;) {
    TRY(removal, remove_rows_once(filter));
    if (removal == RowRemoval::kDone) return {};
    if (removal == RowRemoval::kMore) continue;
    if (!options_.background) return error(Code::kOverload, "parts with samples to delete are being merged");
    std::unique_lock lock(wake_mutex_);
    if (head_changed_.wait_for(lock, kBusyWait, [this] { return stopping_; }))
      return error(Code::kUnavailable, "the store is closing");
  }
}

Result<void> Engine::delete_samples(const std::string& tenant, const std::vector<Matcher>& matchers, TimeRange range) {
  TRY_VOID(check_open());
  TRY_VOID(compile_matchers(matchers));
  RowFilter filter;
  filter.tenant = tenant;
  filter.signal = Signal::kMetrics;
  filter.matchers = matchers;
  filter.range = {range.start, std::min(range.end, times(tenant, Signal::kMetrics).end)};
  // What is newer than everything that is there now is not meant.
  if (filter.range.start >= filter.range.end) return {};
  {
    std::lock_guard lock(view_mutex_);
    filter.id = kDeleteIds + deletes_++;
    deleting_.push_back(filter);
  }
  changes_.add(tenant, filter.signal, filter.range);
  auto removed = remove_everywhere(filter);
  {
    std::lock_guard lock(view_mutex_);
    std::erase_if(deleting_, [&](const RowFilter& other) { return other.id == filter.id; });
  }
  changes_.add(tenant, filter.signal, filter.range);  // what could not be removed is seen again
  if (!removed.ok()) return std::move(removed).error().within("cannot delete samples");
  return {};
}

}  // namespace trilobite::storage
