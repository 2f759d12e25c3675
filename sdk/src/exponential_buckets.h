// Buckets whose bounds are powers of a base, as in Prometheus' native histograms: with schema s, bucket i holds what is
// above base^(i-1) and up to base^i, base = 2^(2^-s).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace trilobite::instruments {

// One schema and its bounds within a power of two. Immutable, shared by all histograms of a metric.
class ExponentialScale {
 public:
  static constexpr int kSchemaMin = -4;
  static constexpr int kSchemaMax = 8;

  // The coarsest schema whose buckets grow by at most factor. Requires factor > 1.
  static int schema_for(double factor);

  ExponentialScale(int schema, double zero_threshold);
  int schema() const { return schema_; }
  double zero_threshold() const { return zero_threshold_; }
  // The bucket of a finite number above 0.
  std::int32_t index_of(double value) const noexcept;

 private:
  int schema_;
  double zero_threshold_;
  std::vector<double> bounds_;  // between 0.5 and 1; schema > 0 only
};

// Counts of consecutive buckets.
struct BucketRange {
  std::int32_t first = 0;
  std::vector<std::uint64_t> counts;
};

// What was counted. When the distance between the smallest and the largest bucket grows beyond the maximum, pairs of
// buckets become one, which lowers the schema by one. One thread at a time.
class ExponentialBuckets {
 public:
  ExponentialBuckets(const ExponentialScale* scale, std::size_t buckets_max);

  // NaN is not counted, infinity as the largest number.
  void add(double value, std::uint64_t count);
  void clear();

  int schema() const { return scale_->schema() - lowered_; }
  double zero_threshold() const { return scale_->zero_threshold(); }
  std::uint64_t zero_count() const { return zero_count_; }
  const BucketRange& positive() const { return positive_; }
  const BucketRange& negative() const { return negative_; }
  std::uint64_t count() const;
  // Where the bucket ends that is further away from zero.
  double bound_of(std::int32_t index) const;

 private:
  void add_to(BucketRange& range, std::int32_t fine_index, std::uint64_t count);
  void lower();

  const ExponentialScale* scale_;
  std::size_t buckets_max_;
  int lowered_ = 0;
  std::uint64_t zero_count_ = 0;
  BucketRange positive_, negative_;
};

}  // namespace trilobite::instruments
