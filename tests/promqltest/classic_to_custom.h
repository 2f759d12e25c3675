// load_with_nhcb: classic histograms among the loaded series as native ones with custom buckets.
#pragma once

#include <vector>

#include "metrics/series_notation.h"

namespace trilobite::promqltest {

// A series `x` for each set of `x_bucket{le}`, `x_count`, `x_sum`; built step by step. A missing count is that of the
// last bucket, a missing sum 0.
Result<std::vector<metrics::NotedSeries>> classic_to_custom(const std::vector<metrics::NotedSeries>& series);

}  // namespace trilobite::promqltest
