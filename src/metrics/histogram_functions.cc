#include "metrics/histogram_functions.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "metrics/histogram_buckets.h"

namespace trilobite::metrics {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool is_custom(const Histogram& histogram) { return histogram.schema == kCustomBuckets; }

// Where the observations of a bucket can be taken to lie: a zero bucket has those of one sign only if no bucket has the
// other; the first custom bucket starts at 0 if it ends above.
Bucket narrowed(Bucket bucket, const Histogram& histogram) {
  if (is_custom(histogram)) {
    if (std::isinf(bucket.lower) && bucket.upper > 0 && std::isfinite(bucket.upper)) bucket.lower = 0;
  } else if (bucket.lower < 0 && bucket.upper > 0) {
    if (histogram.negative.empty() && !histogram.positive.empty()) bucket.lower = 0;
    if (histogram.positive.empty() && !histogram.negative.empty()) bucket.upper = 0;
  }
  return bucket;
}

// Linear in custom and zero buckets; in the others as if the next finer schema split the bucket again and again.
bool interpolates_linearly(const Bucket& bucket, const Histogram& histogram) {
  return is_custom(histogram) || (bucket.lower <= 0 && bucket.upper >= 0);
}

double value_at(const Bucket& bucket, double share, bool linear) {
  if (linear) return bucket.lower + (bucket.upper - bucket.lower) * share;
  const double lower = std::log2(std::fabs(bucket.lower)), upper = std::log2(std::fabs(bucket.upper));
  if (bucket.lower > 0) return std::exp2(lower + (upper - lower) * share);
  return -std::exp2(upper + (lower - upper) * (1 - share));
}

double share_at(const Bucket& bucket, double value, bool linear) {
  if (linear) return std::isinf(bucket.lower) ? 1 : (value - bucket.lower) / (bucket.upper - bucket.lower);
  const double lower = std::log2(std::fabs(bucket.lower)), upper = std::log2(std::fabs(bucket.upper));
  const double at = std::log2(std::fabs(value));
  return value > 0 ? (at - lower) / (upper - lower) : 1 - (at - upper) / (lower - upper);
}

double bucket_total(const std::vector<Bucket>& buckets) {
  double total = 0;
  for (const Bucket& bucket : buckets) total += bucket.count;
  return total;
}

}  // namespace

double histogram_quantile(double quantile, const Histogram& histogram, QuantileNotes& notes) {
  if (quantile < 0) return -kInfinity;
  if (quantile > 1) return kInfinity;
  if (histogram.count == 0 || std::isnan(quantile)) return kNaN;
  const std::vector<Bucket> buckets = buckets_ascending(histogram);
  // NaN observations are in `count` but in no bucket, as if they were above all others: then the rank counts from
  // below.
  const bool nan = std::isnan(histogram.sum);
  const bool from_below = nan || quantile < 0.5;
  double rank = (from_below ? quantile : 1 - quantile) * histogram.count;
  Bucket bucket;
  double count = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    const Bucket& next = buckets[from_below ? i : buckets.size() - 1 - i];
    if (next.count == 0) continue;
    bucket = next;
    count += bucket.count;
    if (count >= rank) break;
  }
  bucket = narrowed(bucket, histogram);
  if (is_custom(histogram)) {
    if (std::isinf(bucket.lower)) return bucket.upper;
    if (std::isinf(bucket.upper) && !nan) return bucket.lower;
  }
  count = std::min(count, histogram.count);
  if (count < rank) {
    notes.nan_result |= nan;
    return kNaN;
  }
  notes.nan_skewed |= nan && bucket_total(buckets) < histogram.count;
  if (is_custom(histogram) && std::isinf(bucket.upper)) return bucket.lower;
  rank = from_below ? rank - (count - bucket.count) : count - rank;
  return value_at(bucket, rank / bucket.count, interpolates_linearly(bucket, histogram));
}

double histogram_fraction(double lower, double upper, const Histogram& histogram, QuantileNotes& notes) {
  if (histogram.count == 0 || std::isnan(lower) || std::isnan(upper)) return kNaN;
  const std::vector<Bucket> buckets = buckets_ascending(histogram);
  double count = histogram.count;
  if (std::isnan(histogram.sum)) {
    const double total = bucket_total(buckets);
    notes.nan_excluded |= total < count;
    count = std::min(count, total);
  }
  if (lower >= upper) return 0;
  // How many observations lie below `value`.
  const auto rank_of = [&](double value) {
    double rank = 0;
    for (const Bucket& whole : buckets) {
      const Bucket bucket = narrowed(whole, histogram);
      if (bucket.lower >= value) return std::min(rank, count);
      if (bucket.upper > value) {
        const double share = share_at(bucket, value, interpolates_linearly(bucket, histogram));
        return std::min(rank + bucket.count * share, count);
      }
      rank += bucket.count;
    }
    return count;
  };
  return (rank_of(upper) - rank_of(lower)) / histogram.count;
}

double histogram_average(const Histogram& histogram) { return histogram.sum / histogram.count; }

double histogram_variance(const Histogram& histogram) {
  const double mean = histogram.sum / histogram.count;
  double variance = 0, lost = 0;
  for (const Bucket& bucket : buckets_ascending(histogram)) {
    if (bucket.count == 0) continue;
    double middle = 0;
    if (is_custom(histogram)) {
      middle = (bucket.lower + bucket.upper) / 2;
    } else if (bucket.lower > 0 || bucket.upper < 0) {
      middle = std::copysign(std::sqrt(bucket.lower * bucket.upper), bucket.upper);
    }
    const double term = bucket.count * (middle - mean) * (middle - mean);
    const double total = variance + term;
    if (std::isinf(total)) {
      lost = 0;
    } else {
      lost += std::fabs(variance) >= std::fabs(term) ? (variance - total) + term : (term - total) + variance;
    }
    variance = total;
  }
  return (variance + lost) / histogram.count;
}

}  // namespace trilobite::metrics
