// Arithmetic on native histograms: what operators, aggregations and range functions are made of. Histograms of
// different resolution, zero buckets or custom bounds are brought to a common layout first (the coarser one);
// exponential and custom buckets do not go together. Pure functions; changes happen in place in the first argument.
#pragma once

#include <cstdint>

#include "metrics/histogram.h"

namespace trilobite::metrics {

// What came up on the way; the evaluator makes annotations of it.
struct HistogramNotes {
  bool incompatible = false;       // exponential with custom buckets: the result is meaningless, drop it
  bool resets_conflict = false;    // a counter reset here, none there
  bool bounds_reconciled = false;  // custom bounds differed: only the common ones were kept
  HistogramNotes& operator|=(const HistogramNotes& other);
};

// sum += other; the hint of the result is the weaker of both, kGauge wins.
HistogramNotes add(Histogram& sum, const Histogram& other);
// difference -= other; hint as in add(), but kGauge only comes from gauges (a PromQL `-` sets it itself).
HistogramNotes subtract(Histogram& difference, const Histogram& other);
// A negative factor or divisor makes it a gauge.
void multiply(Histogram& histogram, double factor);
void divide(Histogram& histogram, double divisor);

// Sums and means with the rounding errors carried along (Kahan-Neumaier), for sum, avg and *_over_time.
class HistogramSum {
 public:
  // An incompatible one is left out.
  HistogramNotes add(const Histogram& histogram);
  // As if all that `other` has had been added here.
  HistogramNotes merge(const HistogramSum& other);
  bool empty() const { return count_ == 0; }
  std::uint64_t count() const { return count_; }
  Histogram sum() const;   // REQUIRES: !empty(). Compacted.
  Histogram mean() const;  // sum() / count(), also where the sum would overflow

 private:
  struct Total {
    Histogram value, error;  // same layout; `error` has what rounding took away from each number
    Histogram rounded() const;
    Total scaled(double factor) const;
  };
  static bool add(Total& total, const Histogram& histogram, bool& bounds_reconciled);  // true: overflow
  static bool add(Total& total, const Total& other, bool& bounds_reconciled);
  void add_to_mean(const Histogram& histogram);
  void join_hint(CounterReset other);
  Total mean_total() const;

  Total sum_;
  Total mean_;  // of all so far, once the sum has overflowed
  bool incremental_ = false;
  double largest_ = 0;  // of all numbers so far
  std::uint64_t count_ = 0;
  bool seen_reset_ = false, seen_no_reset_ = false;
};

// Whether a counter was reset between the two. Looks at hints of `now` first.
bool was_reset(const Histogram& now, const Histogram& before);

// Equal as `==` of PromQL sees it: same layout and numbers; hints do not count.
bool equal(const Histogram& a, const Histogram& b);

// Operators </ and >/: only what lies below (above) `bound` stays; a bucket around it is cut by interpolation, and the
// sum is estimated anew from the buckets that are left.
void trim_above(Histogram& histogram, double bound);
void trim_below(Histogram& histogram, double bound);

// Empty buckets at the edges of spans go, spans without a gap become one.
void compact(Histogram& histogram);
// To a coarser schema. REQUIRES: both exponential, schema <= histogram.schema.
void reduce_resolution(Histogram& histogram, std::int32_t schema);

}  // namespace trilobite::metrics
