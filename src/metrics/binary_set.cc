// and, or, unless: whether the other side has a matching series at the step decides.
#include "metrics/evaluator.h"
#include "metrics/series_matching.h"

namespace trilobite::metrics {
namespace {

void keep_steps(StepSeries& series, const std::vector<bool>& flags, bool wanted) {
  for (std::size_t step = 0; step < series.values.size(); ++step) {
    if (flags[step] != wanted) series.clear(step);
  }
}

}  // namespace

Result<StepVector> evaluate_set(Evaluator& evaluator, const Binary& binary) {
  TRY(left, evaluator.vector(*binary.left));
  TRY(right, evaluator.vector(*binary.right));
  const std::size_t steps = evaluator.steps();
  const bool is_union = binary.op == BinaryOp::kOr;
  for (const MatchGroup& group : match_series(left, right, *binary.matching)) {
    if (is_union) {
      if (group.left.empty() || group.right.empty()) continue;
      const std::vector<bool> taken = present_steps(left, group.left, steps);
      for (const std::uint32_t i : group.right) keep_steps(right.series[i], taken, false);
    } else {
      const bool wanted = binary.op == BinaryOp::kAnd;
      if (group.right.empty() && !wanted) continue;
      const std::vector<bool> found = present_steps(right, group.right, steps);
      for (const std::uint32_t i : group.left) keep_steps(left.series[i], found, wanted);
    }
  }
  if (is_union) {
    std::move(right.series.begin(), right.series.end(), std::back_inserter(left.series));
    left.held.add(std::move(right.held));
    TRY_VOID(join_equal_labels(left));
  } else {
    drop_empty(left);
  }
  return left;
}

}  // namespace trilobite::metrics
