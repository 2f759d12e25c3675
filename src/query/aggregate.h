// Vector aggregation: many series to one per group, or a choice or order of them, step by step.
#pragma once

#include <cstddef>

#include "query/grouping.h"
#include "query/matrix.h"

namespace trilobite::query {

enum class AggregateOp : std::uint8_t {
  kSum,
  kAverage,
  kMin,
  kMax,
  kCount,
  kStddev,
  kStdvar,  // one series per group
  kTopk,
  kBottomk,  // k series per group and step, with all their labels
  kSort,
  kSortDescending,  // by the value at the last step
};

// `k` for kTopk and kBottomk only. The result is sorted by labels, but at one instant topk, bottomk and sorts are in
// order of value.
Matrix aggregate(Matrix input, AggregateOp op, const LabelGrouping& grouping, std::size_t k = 0);

}  // namespace trilobite::query
