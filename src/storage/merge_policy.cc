#include "storage/merge_policy.h"

#include <algorithm>

#include "storage/limits.h"

namespace trilobite::storage {

namespace {

std::uint64_t bytes_of(const PartRef& part) { return part->meta().info.file_bytes; }

struct Demand {
  std::size_t inputs_min;
  double gain_min;
};

// Parts next to each other in the order given: a merge costs as much as its inputs and gains as much as it exceeds the
// largest of them.
std::vector<PartRef> pick_successors(const std::vector<PartRef>& parts, Demand demand) {
  double gain_best = demand.gain_min;
  std::size_t best_begin = 0, best_end = 0;
  for (std::size_t begin = 0; begin < parts.size(); ++begin) {
    std::uint64_t total = 0, largest = 1;
    for (std::size_t end = begin + 1; end <= parts.size() && end - begin <= kMergeFanInMax; ++end) {
      total += bytes_of(parts[end - 1]);
      largest = std::max(largest, bytes_of(parts[end - 1]));
      const double gain = static_cast<double>(total) / static_cast<double>(largest);
      if (end - begin < demand.inputs_min || total > kMergePartBytesMax || gain < gain_best) continue;
      gain_best = gain;
      best_begin = begin;
      best_end = end;
    }
  }
  return {parts.begin() + static_cast<std::ptrdiff_t>(best_begin),
          parts.begin() + static_cast<std::ptrdiff_t>(best_end)};
}

// Neighbours in size.
std::vector<PartRef> pick_neighbours(std::vector<PartRef> parts, Demand demand) {
  std::sort(parts.begin(), parts.end(), [](const PartRef& a, const PartRef& b) { return bytes_of(a) < bytes_of(b); });
  return pick_successors(parts, demand);
}

bool is_quiet(const std::vector<PartRef>& parts, TimeNs now) {
  return std::all_of(parts.begin(), parts.end(), [&](const PartRef& part) {
    return now - part->meta().created >= kWindowQuietAge.count();
  });
}

Demand demand_of_small(const std::vector<PartRef>& parts, TimeNs now, MergeDemand demand) {
  if (demand == MergeDemand::kAny) return {2, 1.0};
  return is_quiet(parts, now) ? Demand{2, kMergeGainQuietMin} : Demand{kMergeFanInMin, kMergeGainMin};
}

}  // namespace

std::vector<PartRef> pick_merge_in_order(const std::vector<PartRef>& parts, TimeNs now, MergeDemand demand) {
  const Demand wanted = demand_of_small(parts, now, demand);
  std::vector<PartRef> stretch, picked;
  const auto look = [&] {
    if (picked.empty()) picked = pick_successors(stretch, wanted);
    stretch.clear();
  };
  const auto is_grown = [](const PartRef& part) { return bytes_of(part) >= kSamplePartGrownBytes; };
  const auto grown = static_cast<std::size_t>(std::count_if(parts.begin(), parts.end(), is_grown));
  for (const PartRef& part : parts) {
    if (is_grown(part) && grown <= kPartsGrownMax) {
      look();
    } else {
      stretch.push_back(part);
    }
  }
  look();
  return picked;
}

std::vector<PartRef> pick_merge(std::vector<PartRef> parts, TimeNs now, MergeDemand demand) {
  std::erase_if(parts, [](const PartRef& part) { return bytes_of(part) > kMergePartBytesMax; });
  const Demand small = demand_of_small(parts, now, demand);
  const auto grown_from = std::stable_partition(
      parts.begin(), parts.end(), [](const PartRef& part) { return bytes_of(part) < kPartGrownBytes; });
  std::vector<PartRef> grown(grown_from, parts.end());
  parts.erase(grown_from, parts.end());
  std::vector<PartRef> picked = pick_neighbours(std::move(parts), small);
  if (picked.empty() && grown.size() > kPartsGrownMax)
    picked = pick_neighbours(std::move(grown), {kMergeFanInMax, kMergeGainMin});
  return picked;
}

}  // namespace trilobite::storage
