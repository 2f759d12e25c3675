// Appending by whoever comes with the same series again and again, as scraping does: what the store found of a series
// is not looked up once more, and rows that nobody was promised to be durable do not wait for the disk.
#pragma once

#include <chrono>
#include <span>
#include <string_view>

#include "storage/series_place.h"
#include "storage/store.h"

namespace trilobite {

enum class Durability : std::uint8_t {
  kNow,   // when the call returns
  kSoon,  // when it has waited for kDurableSoon, together with what else comes until then
};
inline constexpr std::chrono::nanoseconds kDurableSoon = std::chrono::milliseconds(250);

struct PlacedAppendOptions {
  AppendOptions append;
  // Of samples: one place for each label set of the batch, or none. They live as long as the call.
  std::span<SeriesPlace* const> places;
  Durability durability = Durability::kNow;
};

// What a Store may be besides. Any thread.
class PlacedAppends {
 public:
  virtual ~PlacedAppends() = default;
  // As Store::append, which it is with no places and kNow. The rows are visible when it returns.
  virtual Result<void> append_placed(std::string_view tenant, Signal signal, const Batch& batch,
                                     const PlacedAppendOptions& options) = 0;
};

}  // namespace trilobite
