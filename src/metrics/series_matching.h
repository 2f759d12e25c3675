// Which series of two sides belong together: those whose compared labels are equal. Hashed once per series.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metrics/ast.h"
#include "metrics/label_algebra.h"
#include "metrics/step_values.h"

namespace trilobite::metrics {

struct MatchGroup {
  LabelSet labels;  // those compared
  std::vector<std::uint32_t> left, right;
};
std::vector<MatchGroup> match_series(const StepVector& left, const StepVector& right, const VectorMatching& matching);

// At which steps any of the series has a sample.
std::vector<bool> present_steps(const StepVector& side, const std::vector<std::uint32_t>& members, std::size_t steps);

}  // namespace trilobite::metrics
