// Cutting a histogram at a value. Inside a bucket the cut goes where interpolation puts it: between the logarithms of
// the bounds for exponential buckets, linear for custom and zero buckets. The open buckets at the ends of custom bounds
// cannot be interpolated: they stay whole or go, see keep_below() and keep_above().
#include <cmath>

#include "metrics/histogram_buckets.h"
#include "metrics/histogram_layout.h"
#include "metrics/histogram_math.h"

namespace trilobite::metrics {
namespace {

enum class Shape : std::uint8_t { kExponential, kLinear };

// What stays of a bucket.
struct Kept {
  double count = 0;
  double middle = 0;  // its observations are taken to lie here
};

struct Interval {
  double lower, upper;
};

double middle_of(Interval part, Shape shape) {
  if (std::isinf(part.lower) && std::isinf(part.upper)) return 0;
  if (std::isinf(part.lower)) return part.upper;
  if (std::isinf(part.upper)) return part.lower;
  if (shape == Shape::kLinear) return (part.lower + part.upper) / 2;
  const double size = std::sqrt(part.lower * part.upper);
  return part.upper <= 0 ? -size : size;
}

// The share of the bucket below `bound`, which lies inside.
double share_below(Interval bucket, double bound, Shape shape) {
  if (shape == Shape::kLinear) return (bound - bucket.lower) / (bucket.upper - bucket.lower);
  const double lower = std::log2(std::fabs(bucket.lower)), upper = std::log2(std::fabs(bucket.upper));
  const double at = std::log2(std::fabs(bound));
  return (at - lower) / (upper - lower);
}

Kept keep_below(Interval bucket, double count, double bound, Shape shape) {
  if (bucket.upper <= bound) return {count, middle_of(bucket, shape)};
  if (!(bucket.lower < bound) || std::isinf(bucket.upper)) return {};
  if (std::isinf(bucket.lower)) return {count, bound};
  return {count * share_below(bucket, bound, shape), middle_of({bucket.lower, bound}, shape)};
}

Kept keep_above(Interval bucket, double count, double bound, Shape shape) {
  if (bucket.lower >= bound) return {count, middle_of(bucket, shape)};
  if (!(bucket.upper > bound) || std::isinf(bucket.lower)) return {};
  if (std::isinf(bucket.upper)) return {count, bound};
  return {count * (1 - share_below(bucket, bound, shape)), middle_of({bound, bucket.upper}, shape)};
}

class Trim {
 public:
  Trim(Histogram& histogram, double bound, bool below) : h_(histogram), bound_(bound), below_(below) {}

  void run() {
    side(h_.positive_spans, h_.positive, 1);
    side(h_.negative_spans, h_.negative, -1);
    if (h_.zero_count > 0) {
      // With buckets on one side only, the zero bucket is taken to have observations of that side only.
      const bool positive = h_.negative.empty() && !h_.positive.empty();
      const bool negative = h_.positive.empty() && !h_.negative.empty();
      zero_ = cut({positive ? 0 : -h_.zero_threshold, negative ? 0 : h_.zero_threshold}, h_.zero_count, Shape::kLinear);
    } else {
      zero_ = h_.zero_count;
    }
    if (!changed_) return;  // the sum stays the exact one
    h_.positive = std::move(positive_);
    h_.negative = std::move(negative_);
    h_.zero_count = zero_;
    h_.count = count_;
    h_.sum = sum_;
    h_.whole_numbers = false;
    compact(h_);
  }

 private:
  double cut(Interval bucket, double count, Shape shape) {
    const Kept kept = below_ ? keep_below(bucket, count, bound_, shape) : keep_above(bucket, count, bound_, shape);
    changed_ |= kept.count != count;
    count_ += kept.count;
    if (kept.count != 0) sum_ += kept.count * kept.middle;
    return kept.count;
  }

  void side(const Spans& spans, const std::vector<double>& counts, int sign) {
    std::vector<double>& out = sign > 0 ? positive_ : negative_;
    each_bucket(spans, counts, [&](std::int32_t index, double count) {
      if (count == 0) {
        out.push_back(0);
        return;
      }
      const double near = bucket_bound(index - 1, h_.schema, h_.custom_bounds);
      const double far = bucket_bound(index, h_.schema, h_.custom_bounds);
      if (h_.schema == kCustomBuckets) {
        out.push_back(cut(custom({near, far}), count, Shape::kLinear));
      } else {
        out.push_back(cut(sign > 0 ? Interval{near, far} : Interval{-far, -near}, count, Shape::kExponential));
      }
    });
  }

  // The first custom bucket starts at 0 if it ends above it, unless the cut lies below 0.
  Interval custom(Interval bucket) const {
    const bool from_zero = std::isinf(bucket.lower) && bucket.upper > 0 && std::isfinite(bucket.upper);
    if (from_zero && (below_ || bound_ >= 0 || std::isinf(bound_))) bucket.lower = 0;
    return bucket;
  }

  Histogram& h_;
  double bound_;
  bool below_;
  bool changed_ = false;
  double count_ = 0, sum_ = 0, zero_ = 0;
  std::vector<double> positive_, negative_;
};

}  // namespace

void trim_above(Histogram& histogram, double bound) { Trim(histogram, bound, true).run(); }
void trim_below(Histogram& histogram, double bound) { Trim(histogram, bound, false).run(); }

}  // namespace trilobite::metrics
