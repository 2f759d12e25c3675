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

// `k` for kTopk and kBottomk only. At one instant topk, bottomk and sorts are in order of value; other results are in
// the order in which the groups come in `input`, so that numbers are added in the same order whenever the input is
// sorted. No two series of the input have the same labels.
Matrix aggregate(Matrix input, AggregateOp op, const LabelGrouping& grouping, std::size_t k = 0);

}  // namespace trilobite::query
