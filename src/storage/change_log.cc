#include "storage/change_log.h"

#include <algorithm>
#include <vector>

namespace trilobite::storage {
namespace {

constexpr TimeNs kWindow = 300 * kNsPerSecond;  // fine enough that new rows leave what is older than minutes alone
constexpr std::size_t kWindowsMax = 1u << 16;   // of one table: 227 days; then all count as changed

std::int64_t window_of(TimeNs time) {
  const std::int64_t window = time / kWindow;
  return time % kWindow < 0 ? window - 1 : window;
}

}  // namespace

void ChangeLog::mark(Windows& windows, std::int64_t window, std::uint64_t change) {
  windows.last[window] = change;
  if (windows.last.size() <= kWindowsMax) return;
  windows.floor = change;
  windows.last.clear();
}

void ChangeLog::add(std::string_view tenant, Signal signal, std::span<const TimeNs> times) {
  // Rows are by series and time, so a window comes again for each series.
  std::vector<std::int64_t> touched;
  std::size_t compact_at = 1024;
  TimeNs low = 1, high = 0;  // of the window looked at last
  for (const TimeNs time : times) {
    if (time >= low && time <= high) continue;
    const std::int64_t window = window_of(time);
    // At the ends of all time these wrap; then no row is within, and each is looked at for itself.
    low = static_cast<TimeNs>(static_cast<std::uint64_t>(window) * std::uint64_t{kWindow});
    high = static_cast<TimeNs>(static_cast<std::uint64_t>(low) + std::uint64_t{kWindow} - 1);
    touched.push_back(window);
    if (touched.size() < compact_at) continue;
    std::sort(touched.begin(), touched.end());
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    compact_at = std::max(compact_at, 2 * touched.size());
  }
  std::lock_guard lock(mutex_);
  Windows& windows = tables_[Key(tenant, signal)];
  const std::uint64_t change = ++changes_;
  for (const std::int64_t window : touched) mark(windows, window, change);
}

void ChangeLog::add(std::string_view tenant, Signal signal, TimeRange range) {
  if (range.start >= range.end) return;
  std::lock_guard lock(mutex_);
  Windows& windows = tables_[Key(tenant, signal)];
  const std::uint64_t change = ++changes_;
  const std::int64_t first = window_of(range.start), last = window_of(range.end - 1);
  if (last - first >= static_cast<std::int64_t>(kWindowsMax)) {
    windows.floor = change;
    windows.last.clear();
    return;
  }
  for (std::int64_t window = first; window <= last; ++window) mark(windows, window, change);
}

std::uint64_t ChangeLog::version(std::string_view tenant, Signal signal, TimeRange range) const {
  std::lock_guard lock(mutex_);
  const auto table = tables_.find(Key(tenant, signal));
  if (table == tables_.end() || range.start >= range.end) return 0;
  const Windows& windows = table->second;
  std::uint64_t version = windows.floor;
  const auto end = windows.last.upper_bound(window_of(range.end - 1));
  for (auto at = windows.last.lower_bound(window_of(range.start)); at != end; ++at) {
    version = std::max(version, at->second);
  }
  return version;
}

}  // namespace trilobite::storage
