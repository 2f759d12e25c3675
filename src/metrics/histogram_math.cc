#include "metrics/histogram_math.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "metrics/histogram_align.h"
#include "metrics/histogram_buckets.h"
#include "metrics/histogram_layout.h"

namespace trilobite::metrics {
namespace {

// The hint of a sum. True: one says reset, the other that there was none.
bool join_hints(Histogram& sum, CounterReset other) {
  if (sum.reset == other || sum.reset == CounterReset::kGauge) return false;
  if (other == CounterReset::kGauge) {
    sum.reset = other;
    return false;
  }
  const bool conflict = sum.reset != CounterReset::kUnknown && other != CounterReset::kUnknown;
  sum.reset = CounterReset::kUnknown;
  return conflict;
}

HistogramNotes combine(Histogram& sum, const Histogram& other, double sign) {
  HistogramNotes notes;
  if ((sum.schema == kCustomBuckets) != (other.schema == kCustomBuckets)) {
    notes.incompatible = true;
    return notes;
  }
  notes.resets_conflict = join_hints(sum, other.reset);
  AlignedTerm term(sum, other);
  notes.bounds_reconciled = term.bounds_reconciled();
  term.apply(sum);
  const Histogram& added = term.histogram();
  sum.whole_numbers = false;
  sum.count += sign * added.count;
  sum.sum += sign * added.sum;
  sum.zero_count += sign * added.zero_count;
  for (std::size_t i = 0; i < sum.positive.size(); ++i) sum.positive[i] += sign * added.positive[i];
  for (std::size_t i = 0; i < sum.negative.size(); ++i) sum.negative[i] += sign * added.negative[i];
  return notes;
}

template <class Change>
void each_number(Histogram& histogram, Change change) {
  histogram.whole_numbers = false;
  change(histogram.zero_count);
  change(histogram.count);
  change(histogram.sum);
  for (double& count : histogram.positive) change(count);
  for (double& count : histogram.negative) change(count);
}

void compact_side(Spans& spans, std::vector<double>& counts) {
  const bool nothing =
      std::none_of(counts.begin(), counts.end(), [](double count) { return count == 0; }) &&
      std::none_of(spans.begin(), spans.end(), [](const BucketSpan& span) { return span.length == 0; }) &&
      (spans.empty() ||
       std::none_of(spans.begin() + 1, spans.end(), [](const BucketSpan& span) { return span.offset == 0; }));
  if (nothing) return;
  SideBuilder compacted;
  each_bucket(spans, counts, [&](std::int32_t index, double count) {
    if (count != 0) compacted.add(index, count);
  });
  spans = std::move(compacted.spans);
  counts = std::move(compacted.counts);
}

// Whether a bucket of `before` is missing or smaller in `now`. Same schema; a bucket of no count may be missing.
bool side_shrank(const Spans& now_spans, const std::vector<double>& now, const Spans& before_spans,
                 const std::vector<double>& before) {
  if (now_spans == before_spans) {
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (now[i] < before[i]) return true;
    }
    return false;
  }
  const Spans all = join_spans(now_spans, before_spans);
  const std::vector<double> now_counts = widen(now, now_spans, all), before_counts = widen(before, before_spans, all);
  for (std::size_t i = 0; i < now_counts.size(); ++i) {
    if (now_counts[i] < before_counts[i]) return true;
  }
  return false;
}

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) { return same_bits(x, y); });
}

}  // namespace

HistogramNotes& HistogramNotes::operator|=(const HistogramNotes& other) {
  incompatible |= other.incompatible;
  resets_conflict |= other.resets_conflict;
  bounds_reconciled |= other.bounds_reconciled;
  return *this;
}

HistogramNotes add(Histogram& sum, const Histogram& other) { return combine(sum, other, 1); }
HistogramNotes subtract(Histogram& difference, const Histogram& other) { return combine(difference, other, -1); }

void multiply(Histogram& histogram, double factor) {
  each_number(histogram, [&](double& number) { number *= factor; });
  if (factor < 0) histogram.reset = CounterReset::kGauge;
}

void divide(Histogram& histogram, double divisor) {
  each_number(histogram, [&](double& number) { number /= divisor; });
  if (divisor < 0) histogram.reset = CounterReset::kGauge;
  if (divisor != 0) return;
  // Every bucket would be infinite or NaN.
  histogram.positive_spans.clear();
  histogram.negative_spans.clear();
  histogram.positive.clear();
  histogram.negative.clear();
}

bool was_reset(const Histogram& now, const Histogram& before) {
  if (now.reset == CounterReset::kReset) return true;
  if (now.reset == CounterReset::kNotReset) return false;
  if (now.count < before.count) return true;
  if ((now.schema == kCustomBuckets) != (before.schema == kCustomBuckets)) return true;
  if (now.schema == kCustomBuckets) {
    if (now.custom_bounds == before.custom_bounds) {
      return side_shrank(now.positive_spans, now.positive, before.positive_spans, before.positive);
    }
    // More or fewer bounds are no reset by themselves: compare between the bounds that both have.
    const std::vector<double> bounds = common_bounds(now.custom_bounds, before.custom_bounds);
    Histogram a = now, b = before;
    move_to_bounds(a.positive_spans, a.positive, now.custom_bounds, bounds);
    move_to_bounds(b.positive_spans, b.positive, before.custom_bounds, bounds);
    return side_shrank(a.positive_spans, a.positive, b.positive_spans, b.positive);
  }
  // A finer resolution or a smaller zero bucket comes with a new start only; the other way round, what was counted so
  // far is brought to the new layout, which must be possible without cutting a bucket.
  if (now.schema > before.schema || now.zero_threshold < before.zero_threshold) return true;
  const bool same = now.schema == before.schema && now.zero_threshold == before.zero_threshold;
  if (!same && whole_bucket_threshold(before, now.zero_threshold) != now.zero_threshold) return true;
  Histogram brought;
  if (!same) {
    brought = before;
    widen_zero_bucket(brought, now.zero_threshold);
    reduce_resolution(brought, now.schema);
  }
  const Histogram& b = same ? before : brought;
  return now.zero_count < b.zero_count || side_shrank(now.positive_spans, now.positive, b.positive_spans, b.positive) ||
         side_shrank(now.negative_spans, now.negative, b.negative_spans, b.negative);
}

bool equal(const Histogram& a, const Histogram& b) {
  return a.schema == b.schema && same_bits(a.count, b.count) && same_bits(a.sum, b.sum) &&
         (a.zero_threshold == b.zero_threshold || same_bits(a.zero_threshold, b.zero_threshold)) &&
         same_bits(a.zero_count, b.zero_count) &&
         (a.schema != kCustomBuckets || a.custom_bounds == b.custom_bounds) &&
         same_layout(a.positive_spans, b.positive_spans) && same_layout(a.negative_spans, b.negative_spans) &&
         same_bits(a.positive, b.positive) && same_bits(a.negative, b.negative);
}

void compact(Histogram& histogram) {
  compact_side(histogram.positive_spans, histogram.positive);
  compact_side(histogram.negative_spans, histogram.negative);
}

void reduce_resolution(Histogram& histogram, std::int32_t schema) {
  if (histogram.schema == schema) return;
  const auto reduce = [&](Spans& spans, std::vector<double>& counts) {
    SideBuilder reduced;
    each_bucket(spans, counts, [&](std::int32_t index, double count) {
      reduced.add(coarser_index(index, histogram.schema, schema), count);
    });
    spans = std::move(reduced.spans);
    counts = std::move(reduced.counts);
  };
  reduce(histogram.positive_spans, histogram.positive);
  reduce(histogram.negative_spans, histogram.negative);
  histogram.schema = schema;
}

}  // namespace trilobite::metrics
