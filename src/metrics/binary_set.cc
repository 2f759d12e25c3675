// and, or, unless: whether the other side has a matching series at the step decides.
#include <algorithm>

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
  const std::vector<MatchGroup> groups = match_series(left, right, *binary.matching);
  const auto run_group = [&](const MatchGroup& group) {
    if (is_union) {
      if (group.left.empty() || group.right.empty()) return;
      const std::vector<bool> taken = present_steps(left, group.left, steps);
      for (const std::uint32_t i : group.right) keep_steps(right.series[i], taken, false);
    } else {
      const bool wanted = binary.op == BinaryOp::kAnd;
      if (group.right.empty() && !wanted) return;
      const std::vector<bool> found = present_steps(right, group.right, steps);
      for (const std::uint32_t i : group.left) keep_steps(left.series[i], found, wanted);
    }
  };
  // A series is in one group only, so that workers do not meet.
  constexpr std::size_t kGroupsPerPart = 64;
  TRY_VOID(
      evaluator.parallel((groups.size() + kGroupsPerPart - 1) / kGroupsPerPart, [&](std::size_t, std::size_t part) {
        const std::size_t end = std::min(groups.size(), (part + 1) * kGroupsPerPart);
        for (std::size_t i = part * kGroupsPerPart; i < end; ++i) run_group(groups[i]);
        return Result<void>();
      }));
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
