// PromQL's functions on native histograms, as pure functions: one histogram, or the histograms of one range. Everything
// around them (series, steps, names, annotations' places) is the evaluator's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "metrics/histogram.h"
#include "metrics/histogram_math.h"

namespace trilobite::metrics {

// Whether NaN observations made the answer questionable; texts in histogram_notes.h.
struct QuantileNotes {
  bool nan_result = false;    // "has NaN observations, result is NaN"
  bool nan_skewed = false;    // "has NaN observations, result is skewed higher"
  bool nan_excluded = false;  // histogram_fraction: "has NaN observations, which are excluded from all fractions"
};

double histogram_quantile(double quantile, const Histogram& histogram, QuantileNotes& notes);
double histogram_fraction(double lower, double upper, const Histogram& histogram, QuantileNotes& notes);
double histogram_average(const Histogram& histogram);   // sum / count
double histogram_variance(const Histogram& histogram);  // histogram_stdvar; estimated from the middles of buckets

// A classic bucket: what series `x_bucket{le="..."}` say of one step.
struct ClassicBucket {
  double upper = 0;
  double count = 0;  // cumulative
};
struct ClassicQuantile {
  double value = 0;
  bool fixed = false;  // counts decreased and were flattened: from `fixed_from` to `fixed_to`, at most by `fixed_max`
  double fixed_from = 0, fixed_to = 0, fixed_max = 0;
};
// The buckets in any order. `buckets` is sorted and made monotonic in place.
ClassicQuantile classic_quantile(double quantile, std::vector<ClassicBucket>& buckets);
double classic_fraction(double lower, double upper, std::vector<ClassicBucket>& buckets);

// What the last and the first histogram of a range differ by.
struct HistogramChange {
  HistogramRef histogram;                       // null: no result. A gauge, compacted.
  bool not_counter = false, not_gauge = false;  // "this native histogram metric is not a counter"/"not a gauge"
  bool mixed_buckets = false;  // "vector contains a mix of histograms with exponential and custom buckets schemas"
  HistogramNotes notes;        // of the subtraction and of the additions
  HistogramNotes added;
};
// rate, increase (is_counter: resets are undone) and delta, before extrapolation. Two or more histograms.
// `anew`: of each, whether it is known to begin anew besides what comparing it with the one before shows; may be empty.
HistogramChange range_change(std::span<const HistogramRef> histograms, bool is_counter, std::vector<bool> anew = {});
// irate and idelta, before the division by time.
HistogramChange instant_change(const Histogram& previous, const Histogram& last, bool is_counter, bool anew = false);

}  // namespace trilobite::metrics
