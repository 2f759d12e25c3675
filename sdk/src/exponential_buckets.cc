#include "exponential_buckets.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace trilobite::instruments {
namespace {

// Division by 2^shift, rounded up: bucket i ends at base^i, so it belongs to the wider bucket that ends at or after
// that.
std::int32_t widened(std::int32_t index, int shift) {
  return static_cast<std::int32_t>((static_cast<std::int64_t>(index) + (std::int64_t{1} << shift) - 1) >> shift);
}

void lower_range(BucketRange& range) {
  if (range.counts.empty()) return;
  const std::int32_t first = widened(range.first, 1);
  const std::int32_t last = widened(range.first + static_cast<std::int32_t>(range.counts.size()) - 1, 1);
  std::vector<std::uint64_t> merged(static_cast<std::size_t>(last - first + 1));
  for (std::size_t i = 0; i < range.counts.size(); ++i)
    merged[static_cast<std::size_t>(widened(range.first + static_cast<std::int32_t>(i), 1) - first)] += range.counts[i];
  range = {.first = first, .counts = std::move(merged)};
}

}  // namespace

int ExponentialScale::schema_for(double factor) {
  const double exponent = std::floor(std::log2(std::log2(factor)));
  return std::clamp(static_cast<int>(-exponent), kSchemaMin, kSchemaMax);
}

ExponentialScale::ExponentialScale(int schema, double zero_threshold)
    : schema_(schema), zero_threshold_(zero_threshold) {
  if (schema <= 0) return;
  const int count = 1 << schema;
  for (int i = 0; i < count; ++i) bounds_.push_back(std::exp2(static_cast<double>(i) / count - 1));
}

std::int32_t ExponentialScale::index_of(double value) const noexcept {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);  // 0.5 <= fraction < 1
  if (schema_ > 0) {
    const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), fraction);
    return static_cast<std::int32_t>(bound - bounds_.begin()) + (exponent - 1) * (1 << schema_);
  }
  return widened(fraction == 0.5 ? exponent - 1 : exponent, -schema_);
}

ExponentialBuckets::ExponentialBuckets(const ExponentialScale* scale, std::size_t buckets_max)
    : scale_(scale), buckets_max_(std::max<std::size_t>(buckets_max, 1)) {}

void ExponentialBuckets::add(double value, std::uint64_t count) {
  if (std::isnan(value) || count == 0) return;
  const double size = std::min(std::fabs(value), std::numeric_limits<double>::max());
  if (size <= scale_->zero_threshold()) {
    zero_count_ += count;
  } else {
    add_to(value > 0 ? positive_ : negative_, scale_->index_of(size), count);
  }
}

void ExponentialBuckets::clear() {
  lowered_ = 0;
  zero_count_ = 0;
  positive_.counts.clear();
  negative_.counts.clear();
}

void ExponentialBuckets::add_to(BucketRange& range, std::int32_t fine_index, std::uint64_t count) {
  for (;;) {
    const std::int32_t index = widened(fine_index, lowered_);
    if (range.counts.empty()) {
      range.first = index;
      range.counts.assign(1, count);
      return;
    }
    const std::int32_t last = range.first + static_cast<std::int32_t>(range.counts.size()) - 1;
    const auto width = static_cast<std::size_t>(std::max(last, index) - std::min(range.first, index) + 1);
    // The widest buckets cover all numbers with some 130 of them, so this ends.
    if (width > buckets_max_ && schema() > ExponentialScale::kSchemaMin) {
      lower();
      continue;
    }
    if (index < range.first) {
      range.counts.insert(range.counts.begin(), static_cast<std::size_t>(range.first - index), 0);
      range.first = index;
    } else if (index > last) {
      range.counts.resize(width);
    }
    range.counts[static_cast<std::size_t>(index - range.first)] += count;
    return;
  }
}

void ExponentialBuckets::lower() {
  ++lowered_;
  lower_range(positive_);
  lower_range(negative_);
}

std::uint64_t ExponentialBuckets::count() const {
  const auto sum = [](const BucketRange& range) {
    return std::accumulate(range.counts.begin(), range.counts.end(), std::uint64_t{0});
  };
  return zero_count_ + sum(positive_) + sum(negative_);
}

double ExponentialBuckets::bound_of(std::int32_t index) const {
  return std::exp2(std::ldexp(static_cast<double>(index), -schema()));
}

}  // namespace trilobite::instruments
