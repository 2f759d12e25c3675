// Prometheus' chunks of native histograms, the form in which remote read streams them: the layout of buckets once, then
// differences of differences of whole counts, or XOR values of counts with fractions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/histogram.h"

namespace trilobite::api {

struct TimedHistogram {
  std::int64_t time_ms = 0;
  metrics::Histogram histogram;
};

struct HistogramChunk {
  bool whole_numbers = false;  // encoding HISTOGRAM, else FLOAT_HISTOGRAM
  std::int64_t first_ms = 0, last_ms = 0;
  std::string bytes;
};

// How many of them, from the first on, one chunk can hold: those of one layout without a reset of the counter between.
std::size_t histograms_of_chunk(std::span<const TimedHistogram> all);
// REQUIRES: not empty, and one chunk can hold them.
HistogramChunk encode_histogram_chunk(std::span<const TimedHistogram> histograms);
// For tests and clients of others. Errors: kCorrupt.
Result<std::vector<TimedHistogram>> decode_histogram_chunk(std::string_view chunk, bool whole_numbers);

}  // namespace trilobite::api
