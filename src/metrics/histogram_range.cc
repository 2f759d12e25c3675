#include <algorithm>

#include "metrics/histogram_functions.h"

namespace trilobite::metrics {
namespace {

bool is_gauge(const Histogram& histogram) { return histogram.reset == CounterReset::kGauge; }
bool is_custom(const Histogram& histogram) { return histogram.schema == kCustomBuckets; }

void finish(HistogramChange& out, Histogram histogram) {
  histogram.reset = CounterReset::kGauge;
  compact(histogram);
  out.histogram = std::make_shared<const Histogram>(std::move(histogram));
}

}  // namespace

HistogramChange range_change(std::span<const HistogramRef> histograms, bool is_counter, std::vector<bool> anew) {
  anew.resize(histograms.size());
  HistogramChange out;
  const Histogram& first = *histograms.front();
  const Histogram& last = *histograms.back();
  if (is_counter) {
    out.not_counter = std::any_of(histograms.begin(), histograms.end(), [](const auto& h) { return is_gauge(*h); });
  } else {
    out.not_gauge = !is_gauge(first) || !is_gauge(last);
  }
  // Reset right behind the first one: nothing of it counts, not even its layout.
  Histogram nothing;
  const Histogram* base = &first;
  if (is_counter && histograms.size() > 1 && (anew[1] || was_reset(*histograms[1], first))) {
    nothing.schema = histograms[1]->schema;
    nothing.custom_bounds = histograms[1]->custom_bounds;
    nothing.zero_threshold = histograms[1]->zero_threshold;
    base = &nothing;
  }
  const bool custom = is_custom(*base);
  out.mixed_buckets = is_custom(last) != custom;
  if (is_counter && histograms.size() > 2) {
    for (const HistogramRef& histogram : histograms.subspan(1)) out.mixed_buckets |= is_custom(*histogram) != custom;
  }
  if (out.mixed_buckets) return out;
  Histogram result = last;
  // Hints that conflict are no news here: resets are looked for below.
  out.notes.bounds_reconciled = subtract(result, *base).bounds_reconciled;
  if (is_counter) {
    const Histogram* previous = base;
    for (std::size_t i = 1; i < histograms.size(); ++i) {
      const Histogram& histogram = *histograms[i];
      if (anew[i] || was_reset(histogram, *previous)) {
        out.added.bounds_reconciled |= add(result, *previous).bounds_reconciled;
      }
      previous = &histogram;
    }
    // The layout is that of the coarsest one, also if it is in the middle.
    std::int32_t schema = result.schema;
    for (const HistogramRef& histogram : histograms.subspan(1)) schema = std::min(schema, histogram->schema);
    if (!custom) reduce_resolution(result, schema);
  }
  finish(out, std::move(result));
  return out;
}

HistogramChange instant_change(const Histogram& previous, const Histogram& last, bool is_counter, bool anew) {
  HistogramChange out;
  out.not_counter = is_counter && (is_gauge(previous) || is_gauge(last));
  out.not_gauge = !is_counter && (!is_gauge(previous) || !is_gauge(last));
  Histogram result = last;
  if (!is_counter || (!anew && !was_reset(last, previous))) {
    const HistogramNotes notes = subtract(result, previous);
    out.mixed_buckets = notes.incompatible;
    if (notes.incompatible) return out;
    out.notes.bounds_reconciled = notes.bounds_reconciled;
  }
  finish(out, std::move(result));
  return out;
}

}  // namespace trilobite::metrics
