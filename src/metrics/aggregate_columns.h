// What a group of an aggregation has seen so far: a cell per step. Series are added one after the other, as they are
// read, and are not kept; the groups of several workers are merged in the end.
#pragma once

#include <memory>

#include "metrics/annotations.h"
#include "metrics/ast.h"
#include "metrics/step_values.h"

namespace trilobite::metrics {

// One thread at a time.
class GroupColumns {
 public:
  virtual ~GroupColumns() = default;
  virtual void add(const StepSeries& series) = 0;
  virtual void merge(const GroupColumns& other) = 0;  // of the same operation
  virtual StepSeries finish(LabelSet labels) const = 0;
  virtual std::size_t bytes() const = 0;
};

// sum, avg, count, min, max, group, stddev, stdvar. `position` is that of the expression aggregated.
std::unique_ptr<GroupColumns> make_group_columns(AggregateOp op, std::size_t steps, Annotations& annotations,
                                                 Position position);

}  // namespace trilobite::metrics
