#include "metrics/histogram_align.h"

#include <algorithm>

#include "metrics/histogram_buckets.h"
#include "metrics/histogram_layout.h"
#include "metrics/histogram_math.h"

namespace trilobite::metrics {
namespace {

// Buckets inside the zero bucket are not the sum's: their counts are no one's.
bool reaches_into_zero(const Spans& spans, const Histogram& histogram) {
  const auto first = std::find_if(spans.begin(), spans.end(), [](const BucketSpan& span) { return span.length > 0; });
  if (first == spans.end() || histogram.zero_threshold == 0) return false;
  std::int64_t index = 0;
  for (auto span = spans.begin(); span <= first; ++span) index += span->offset;
  return bucket_bound(static_cast<std::int32_t>(index), histogram.schema, {}) <= histogram.zero_threshold;
}

void drop_inside_zero(Spans& spans, std::vector<double>& counts, const Histogram& histogram) {
  SideBuilder kept;
  each_bucket(spans, counts, [&](std::int32_t index, double count) {
    if (bucket_bound(index, histogram.schema, {}) > histogram.zero_threshold) kept.add(index, count);
  });
  spans = std::move(kept.spans);
  counts = std::move(kept.counts);
}

}  // namespace

AlignedTerm::AlignedTerm(const Histogram& sum, const Histogram& term)
    : term_(&term), schema_(sum.schema), zero_threshold_(sum.zero_threshold) {
  if (sum.schema == kCustomBuckets) {
    align_custom(sum);
  } else {
    align_exponential(sum);
  }
}

Histogram& AlignedTerm::own() {
  if (!copied_) copy_ = *term_;
  copied_ = true;
  return copy_;
}

void AlignedTerm::align_custom(const Histogram& sum) {
  if (sum.custom_bounds == term_->custom_bounds) return align_sides(sum);
  bounds_reconciled_ = true;
  bounds_ = common_bounds(sum.custom_bounds, term_->custom_bounds);
  Histogram& own_term = own();
  move_to_bounds(own_term.positive_spans, own_term.positive, term_->custom_bounds, bounds_);
  own_term.custom_bounds = bounds_;
  Histogram moved;
  moved.schema = kCustomBuckets;
  moved.positive_spans = sum.positive_spans;
  moved.positive = sum.positive;
  move_to_bounds(moved.positive_spans, moved.positive, sum.custom_bounds, bounds_);
  align_sides(moved);
}

void AlignedTerm::align_exponential(const Histogram& sum) {
  if (sum.zero_threshold != term_->zero_threshold) {
    // Up to where neither cuts a bucket that has a count.
    double threshold = std::max(sum.zero_threshold, term_->zero_threshold);
    for (;;) {
      const double larger = whole_bucket_threshold(*term_, whole_bucket_threshold(sum, threshold));
      if (!(larger > threshold)) break;
      threshold = larger;
    }
    zero_threshold_ = threshold;
    widen_zero_bucket(own(), threshold);
  }
  schema_ = std::min(sum.schema, term_->schema);
  if (histogram().schema != schema_) reduce_resolution(own(), schema_);
  if (reaches_into_zero(histogram().positive_spans, histogram()) ||
      reaches_into_zero(histogram().negative_spans, histogram())) {
    drop_inside_zero(own().positive_spans, own().positive, own());
    drop_inside_zero(own().negative_spans, own().negative, own());
  }
  if (sum.zero_threshold == zero_threshold_ && sum.schema == schema_) return align_sides(sum);
  Histogram moved = sum;
  widen_zero_bucket(moved, zero_threshold_);
  reduce_resolution(moved, schema_);
  align_sides(moved);
}

void AlignedTerm::align_sides(const Histogram& sum) {
  if (sum.positive_spans != histogram().positive_spans) {
    widen_positive_ = true;
    positive_ = join_spans(sum.positive_spans, histogram().positive_spans);
    Histogram& term = own();
    term.positive = widen(term.positive, term.positive_spans, positive_);
    term.positive_spans = positive_;
  }
  if (sum.negative_spans != histogram().negative_spans) {
    widen_negative_ = true;
    negative_ = join_spans(sum.negative_spans, histogram().negative_spans);
    Histogram& term = own();
    term.negative = widen(term.negative, term.negative_spans, negative_);
    term.negative_spans = negative_;
  }
}

void AlignedTerm::apply(Histogram& sum) const {
  if (bounds_reconciled_) {
    move_to_bounds(sum.positive_spans, sum.positive, sum.custom_bounds, bounds_);
    sum.custom_bounds = bounds_;
  } else if (schema_ != kCustomBuckets) {
    widen_zero_bucket(sum, zero_threshold_);
    reduce_resolution(sum, schema_);
  }
  if (widen_positive_) {
    sum.positive = widen(sum.positive, sum.positive_spans, positive_);
    sum.positive_spans = positive_;
  }
  if (widen_negative_) {
    sum.negative = widen(sum.negative, sum.negative_spans, negative_);
    sum.negative_spans = negative_;
  }
}

}  // namespace trilobite::metrics
