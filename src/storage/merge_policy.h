// Which parts of a window are worth merging: size-tiered, so that each row is rewritten a logarithmic number of times.
#pragma once

#include <vector>

#include "storage/part_handle.h"

namespace trilobite::storage {

// kAny: whatever makes fewer parts, except of those that have grown.
enum class MergeDemand : std::uint8_t { kWorthIt, kAny };

// Of parts of one window, none of which is being merged. Empty when nothing is worth it.
std::vector<PartRef> pick_merge(std::vector<PartRef> parts, TimeNs now, MergeDemand demand = MergeDemand::kWorthIt);

// The same for parts of which the later one counts where both have something: only neighbours in the order of arrival,
// which is that of `parts`.
std::vector<PartRef> pick_merge_in_order(const std::vector<PartRef>& parts, TimeNs now,
                                         MergeDemand demand = MergeDemand::kWorthIt);

}  // namespace trilobite::storage
