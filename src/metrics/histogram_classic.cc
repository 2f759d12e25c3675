// Quantiles and fractions of classic histograms: series of cumulative counts per upper bound.
#include <algorithm>
#include <cmath>
#include <limits>

#include "metrics/histogram_functions.h"

namespace trilobite::metrics {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Relative differences up to here come from rounding, as sums of rates have it.
constexpr double kTolerance = 1e-12;

bool nearly_equal(double a, double b) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return true;
  const double size = std::fabs(a) + std::fabs(b), difference = std::fabs(a - b);
  constexpr double kNormal = std::numeric_limits<double>::min();
  if (a == 0 || b == 0 || size < kNormal) return difference < kTolerance * kNormal;
  return difference / std::min(size, std::numeric_limits<double>::max()) < kTolerance;
}

// In order of bounds, equal bounds as one; a bound that is no number has no place. False: there is no bucket for
// everything.
bool put_in_order(std::vector<ClassicBucket>& buckets) {
  std::erase_if(buckets, [](const ClassicBucket& bucket) { return std::isnan(bucket.upper); });
  std::stable_sort(buckets.begin(), buckets.end(),
                   [](const ClassicBucket& a, const ClassicBucket& b) { return a.upper < b.upper; });
  if (buckets.empty() || buckets.back().upper != kInfinity) return false;
  std::size_t last = 0;
  for (std::size_t i = 1; i < buckets.size(); ++i) {
    if (buckets[i].upper == buckets[last].upper) {
      buckets[last].count += buckets[i].count;
    } else {
      buckets[++last] = buckets[i];
    }
  }
  buckets.resize(last + 1);
  return true;
}

// Counts must not fall. What rounding does is put right silently, the rest is said.
void make_monotonic(std::vector<ClassicBucket>& buckets, ClassicQuantile& out) {
  double previous = buckets[0].count;
  for (ClassicBucket& bucket : buckets) {
    const double count = bucket.count;
    if (nearly_equal(previous, count)) {
      bucket.count = previous;
    } else if (count < previous) {
      bucket.count = previous;
      out.fixed_from = out.fixed ? std::min(out.fixed_from, bucket.upper) : bucket.upper;
      out.fixed_to = out.fixed ? std::max(out.fixed_to, bucket.upper) : bucket.upper;
      out.fixed_max = std::max(out.fixed_max, previous - count);
      out.fixed = true;
    } else {
      previous = count;
    }
  }
}

}  // namespace

ClassicQuantile classic_quantile(double quantile, std::vector<ClassicBucket>& buckets) {
  ClassicQuantile out;
  out.value = kNaN;
  if (std::isnan(quantile)) return out;
  if (quantile < 0 || quantile > 1) {
    out.value = quantile < 0 ? -kInfinity : kInfinity;
    return out;
  }
  if (!put_in_order(buckets)) return out;
  make_monotonic(buckets, out);
  const double observations = buckets.back().count;
  if (buckets.size() < 2 || observations == 0) return out;
  double rank = quantile * observations;
  const auto found =
      std::find_if(buckets.begin(), buckets.end() - 1, [&](const ClassicBucket& b) { return b.count >= rank; });
  if (found == buckets.end() - 1) {
    out.value = buckets[buckets.size() - 2].upper;
  } else if (found == buckets.begin() && found->upper <= 0) {
    out.value = found->upper;
  } else {
    double lower = 0, count = found->count;
    if (found != buckets.begin()) {
      lower = (found - 1)->upper;
      count -= (found - 1)->count;
      rank -= (found - 1)->count;
    }
    out.value = lower + (found->upper - lower) * (rank / count);
  }
  return out;
}

double classic_fraction(double lower, double upper, std::vector<ClassicBucket>& buckets) {
  if (!put_in_order(buckets)) return kNaN;
  const double count = buckets.back().count;
  if (count == 0 || std::isnan(lower) || std::isnan(upper)) return kNaN;
  if (lower >= upper) return 0;
  const auto rank_of = [&](double value) {
    double rank = 0, from = -kInfinity;
    for (const ClassicBucket& bucket : buckets) {
      if (from == -kInfinity && bucket.upper > 0 && std::isfinite(bucket.upper)) from = 0;
      if (from >= value) return std::min(rank, count);
      if (bucket.upper > value) {
        const double share = std::isinf(from) ? 1 : (value - from) / (bucket.upper - from);
        return std::min(rank + (bucket.count - rank) * share, count);
      }
      rank = bucket.count;
      from = bucket.upper;
    }
    return count;
  };
  return (rank_of(upper) - rank_of(lower)) / count;
}

}  // namespace trilobite::metrics
