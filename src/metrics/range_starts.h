// rate, increase, irate and resets of series whose samples say since when they count: a counter that began anew is seen
// although it did not fall, and one that began inside a window needs no guess where.
#pragma once

#include <string_view>

#include "metrics/range_histograms.h"

namespace trilobite::metrics {

bool looks_at_starts(std::string_view function);

// REQUIRES: looks_at_starts(function), series.has_starts(). `out` has no values yet.
void run_with_starts(std::string_view function, const HistogramCall& call, const RangeSeries& series, StepSeries& out);

}  // namespace trilobite::metrics
