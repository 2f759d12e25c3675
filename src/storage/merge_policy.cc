#include "storage/merge_policy.h"

#include <algorithm>

#include "storage/limits.h"

namespace trilobite::storage {

std::vector<PartRef> pick_merge(std::vector<PartRef> parts, TimeNs now) {
  std::erase_if(parts, [](const PartRef& part) { return part->meta().info.file_bytes > kMergePartBytesMax; });
  const bool quiet = std::all_of(parts.begin(), parts.end(), [&](const PartRef& part) {
    return now - part->meta().created >= kWindowQuietAge.count();
  });
  const std::size_t inputs_min = quiet ? 2 : kMergeFanInMin;
  double gain_best = quiet ? kMergeGainQuietMin : kMergeGainMin;
  // Neighbours in size, because a merge costs as much as its inputs and gains as much as it exceeds the largest of
  // them.
  std::sort(parts.begin(), parts.end(),
            [](const PartRef& a, const PartRef& b) { return a->meta().info.file_bytes < b->meta().info.file_bytes; });
  std::size_t best_begin = 0, best_end = 0;
  for (std::size_t begin = 0; begin < parts.size(); ++begin) {
    std::uint64_t total = 0;
    for (std::size_t end = begin + 1; end <= parts.size() && end - begin <= kMergeFanInMax; ++end) {
      const std::uint64_t bytes = parts[end - 1]->meta().info.file_bytes;
      total += bytes;
      const double gain = static_cast<double>(total) / static_cast<double>(std::max<std::uint64_t>(bytes, 1));
      if (end - begin < inputs_min || total > kMergePartBytesMax || gain < gain_best) continue;
      gain_best = gain;
      best_begin = begin;
      best_end = end;
    }
  }
  return {parts.begin() + static_cast<std::ptrdiff_t>(best_begin),
          parts.begin() + static_cast<std::ptrdiff_t>(best_end)};
}

}  // namespace trilobite::storage
