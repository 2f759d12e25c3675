#include "query/quantile.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace trilobite::query {
namespace {

bool less_nan_first(double a, double b) { return std::isnan(a) ? !std::isnan(b) : a < b; }

struct Ranks {
  std::size_t lower = 0, upper = 0;
  double weight = 0;
};

Ranks ranks_of(double q, std::size_t count) {
  const double rank = q * (static_cast<double>(count) - 1);
  const double floor = std::max(0.0, std::floor(rank));
  const auto lower = static_cast<std::size_t>(floor);
  return {lower, std::min(count - 1, lower + 1), rank - std::floor(rank)};
}

// True if q or the absence of values alone settles the answer.
bool decided_by_q(double q, std::size_t count, double& answer) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (count == 0 || std::isnan(q)) return answer = std::numeric_limits<double>::quiet_NaN(), true;
  if (q < 0) return answer = -kInfinity, true;
  if (q > 1) return answer = kInfinity, true;
  return false;
}

}  // namespace

double quantile(double q, std::span<double> values) {
  double answer = 0;
  if (decided_by_q(q, values.size(), answer)) return answer;
  const Ranks ranks = ranks_of(q, values.size());
  const auto lower = values.begin() + static_cast<std::ptrdiff_t>(ranks.lower);
  std::nth_element(values.begin(), lower, values.end(), less_nan_first);
  const double low = *lower;
  const double high = ranks.upper == ranks.lower ? low : *std::min_element(lower + 1, values.end(), less_nan_first);
  return low * (1 - ranks.weight) + high * ranks.weight;
}

SlidingQuantile::SlidingQuantile(std::span<const double> values)
    : sorted_(values.begin(), values.end()), rank_of_(values.size()), tree_(values.size() + 1, 0) {
  std::vector<std::uint32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return less_nan_first(values[a], values[b]); });
  for (std::uint32_t rank = 0; rank < order.size(); ++rank) {
    rank_of_[order[rank]] = rank;
    sorted_[rank] = values[order[rank]];
  }
  while (top_bit_ * 2 < tree_.size()) top_bit_ *= 2;
}

void SlidingQuantile::change(std::uint32_t rank, std::int32_t by) {
  for (std::size_t i = rank + 1; i < tree_.size(); i += i & (~i + 1)) tree_[i] += by;
}

double SlidingQuantile::nth(std::size_t position) const {
  auto left = static_cast<std::int32_t>(position);
  std::size_t node = 0;
  for (std::size_t bit = top_bit_; bit > 0; bit /= 2) {
    if (node + bit < tree_.size() && tree_[node + bit] <= left) {
      node += bit;
      left -= tree_[node];
    }
  }
  return sorted_[node];
}

double SlidingQuantile::quantile(double q) const {
  double answer = 0;
  if (decided_by_q(q, present_, answer)) return answer;
  const Ranks ranks = ranks_of(q, present_);
  const double low = nth(ranks.lower);
  const double high = ranks.upper == ranks.lower ? low : nth(ranks.upper);
  return low * (1 - ranks.weight) + high * ranks.weight;
}

}  // namespace trilobite::query
