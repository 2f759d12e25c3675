// What metric expressions compute with: series of one value per point of a grid. Series-major and dense, so that
// operators are loops over aligned arrays and labels are looked at once per series, never per step.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>
#include <vector>

#include "columnar/label_set.h"
#include "query/time_grid.h"

namespace trilobite::query {

// "No sample at this step". A NaN of its own (the bits of Prometheus' staleness marker), apart from the NaN that
// arithmetic gives, which is a value like any other.
inline constexpr std::uint64_t kAbsentBits = 0x7FF0000000000002;
inline constexpr double kAbsent = std::bit_cast<double>(kAbsentBits);
inline bool is_absent(double value) { return std::bit_cast<std::uint64_t>(value) == kAbsentBits; }
inline bool is_present(double value) { return !is_absent(value); }

struct Series {
  LabelSet labels;
  std::vector<double> values;  // one per step; kAbsent where there is none
};

struct Matrix {
  TimeGrid grid;
  std::vector<Series> series;
  bool ordered = false;  // the order of the series is part of the answer (sort, topk at one instant)
};

// Sorted by labels as clients expect them: pair by pair, name before value.
void sort_by_labels(Matrix& matrix);
// The indices of label sets in the same order; equal ones as they come.
std::vector<std::size_t> order_by_labels(const std::vector<const LabelSet*>& sets);
// Drops series that have no value at all.
void drop_empty(Matrix& matrix);
// <0, 0, >0: the order of sort_by_labels.
int compare_labels(const LabelSet& a, const LabelSet& b);

}  // namespace trilobite::query
