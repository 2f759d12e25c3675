// Start times: since when a counter has counted what a sample says. Few sources tell, so they have no column of their
// own; they stand in front of the histogram in column kHistogramColumn, alone where the sample is a float.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace trilobite::metrics {

// What column kHistogramColumn says of one sample.
struct SampleText {
  TimeNs start = 0;            // 0: not known
  std::string_view histogram;  // for decode_histogram(); "": a float
};

// Whole milliseconds are kept of `start`; 0 adds nothing.
std::string with_start(TimeNs start, std::string_view histogram);
// Of damaged bytes the histogram is what decode_histogram() refuses.
SampleText split_sample_text(std::string_view text);

// The rules of Prometheus. Whether a counter began anew between two samples, as their start times have it; whether the
// later one says it began before the earlier one was taken, and yet is another counter.
bool start_shows_reset(TimeNs start_before, TimeNs before, TimeNs start, TimeNs time);
bool start_overlaps(TimeNs start_before, TimeNs before, TimeNs start);

}  // namespace trilobite::metrics
