// Quantiles as Prometheus and Loki define them: linear between the two nearest ranks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace trilobite::query {

// Of values in any order, which are reordered. q < 0 gives -Inf, q > 1 +Inf, no values NaN. NaN sorts first.
double quantile(double q, std::span<double> values);

// Values that enter and leave a window, each known beforehand: any rank in O(log n), also for windows that overlap a
// lot. Counts present values in a Fenwick tree over their order.
class SlidingQuantile {
 public:
  explicit SlidingQuantile(std::span<const double> values);
  void insert(std::size_t index) {
    change(rank_of_[index], 1);
    ++present_;
  }
  void remove(std::size_t index) {
    change(rank_of_[index], -1);
    --present_;
  }
  double quantile(double q) const;

 private:
  void change(std::uint32_t rank, std::int32_t by);
  double nth(std::size_t position) const;  // of the values present, from the smallest

  std::vector<double> sorted_;
  std::vector<std::uint32_t> rank_of_;
  std::vector<std::int32_t> tree_;
  std::size_t present_ = 0;
  std::size_t top_bit_ = 1;
};

}  // namespace trilobite::query
