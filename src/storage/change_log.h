// When rows of which time came or went last: by tenant, signal and window of time a number that grows with each change.
// Kept in memory, so numbers of different runs of the process have nothing to do with each other.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "storage/store.h"

namespace trilobite::storage {

// Any thread.
class ChangeLog {
 public:
  // To be called when the rows are visible, or are no more.
  void add(std::string_view tenant, Signal signal, std::span<const TimeNs> times);
  void add(std::string_view tenant, Signal signal, TimeRange range);

  // As Store::version.
  std::uint64_t version(std::string_view tenant, Signal signal, TimeRange range) const;

 private:
  struct Windows {
    std::uint64_t floor = 0;                     // of windows that are not in the map
    std::map<std::int64_t, std::uint64_t> last;  // window to its last change
  };
  using Key = std::pair<std::string, Signal>;
  static void mark(Windows& windows, std::int64_t window, std::uint64_t change);

  mutable std::mutex mutex_;  // guards both
  std::uint64_t changes_ = 0;
  std::map<Key, Windows> tables_;
};

}  // namespace trilobite::storage
