// Which sources and blocks a scan must look at, and where rows of different sources could be the same.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "storage/label_matcher.h"
#include "storage/row_source.h"
#include "storage/store_view.h"

namespace trilobite::storage {

// The rows of `series` with times first .. last may be in an earlier source, too.
struct Overlap {
  std::uint32_t series = 0;
  TimeNs first = 0, last = 0;
  std::uint32_t other_source = 0, other_series = 0;
};

struct SourcePlan {
  std::shared_ptr<const RowSource> source;
  SeriesSet matching;
  TimeNs time_min = 0, time_max = 0;
  std::int64_t window = 0;
  std::vector<Overlap> overlaps;  // by series; empty for data that came in order
};

struct BlockTask {
  std::uint32_t source = 0, block = 0;
  BlockInfo info;
};

struct ScanPlan {
  std::vector<SourcePlan> sources;  // within a window by arrival
  std::vector<BlockTask> tasks;     // in the direction of the request
  std::size_t parts = 0, blocks_skipped = 0;
};

// Sources by arrival, for who finds blocks in another way: no tasks, no overlaps.
Result<ScanPlan> plan_sources(const StoreView& view, const ScanRequest& request);

Result<ScanPlan> plan_scan(const StoreView& view, const ScanRequest& request);

}  // namespace trilobite::storage
