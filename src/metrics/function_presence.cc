// Functions of whether there is anything: absent, absent_over_time; scalar and vector, which turn one into the other.
#include <algorithm>
#include <limits>
#include <set>

#include "metrics/function_table.h"
#include "metrics/interpolation.h"
#include "metrics/label_algebra.h"

namespace trilobite::metrics {
namespace {

// What the missing series would be labelled, as far as the selector says: its `=` matchers, except for labels that are
// named twice.
LabelSet labels_of_absent(const Expr& expr) {
  const Expr* selector = &expr;
  if (const auto* range = std::get_if<MatrixSelector>(&expr.node)) selector = &unwrapped(*range->selector);
  const auto* vector = std::get_if<VectorSelector>(&selector->node);
  if (!vector) return {};
  LabelBuilder builder{LabelSet()};
  std::set<std::string_view> seen;
  for (const Matcher& matcher : vector->matchers) {
    if (matcher.name == kMetricName) continue;
    const bool first = seen.insert(matcher.name).second;
    if (matcher.op == MatchOp::kEqual && first) {
      builder.set(matcher.name, matcher.value);
    } else {
      builder.remove(matcher.name);
    }
  }
  return builder.build();
}

// 1 at the steps where nobody was seen.
class AbsentSteps {
 public:
  AbsentSteps(std::size_t workers, std::size_t steps) : seen_(workers, std::vector<bool>(steps)) {}
  std::vector<bool>& seen_by(std::size_t worker) { return seen_[worker]; }

  StepVector finish(LabelSet labels) const {
    StepVector out;
    out.series.push_back(empty_series(std::move(labels), seen_[0].size()));
    for (std::size_t step = 0; step < seen_[0].size(); ++step) {
      const bool seen = std::any_of(seen_.begin(), seen_.end(), [&](const auto& steps) { return steps[step]; });
      if (!seen) out.series[0].values[step] = 1;
    }
    drop_empty(out);
    return out;
  }

 private:
  std::vector<std::vector<bool>> seen_;  // by worker
};

Result<StepVector> absent(Evaluator& evaluator, const Expr&, const Call& call) {
  AbsentSteps steps(evaluator.workers(), evaluator.steps());
  TRY_VOID(evaluator.stream(*call.arguments[0], [&](std::size_t worker, StepSeries series) -> Result<void> {
    for (std::size_t step = 0; step < series.values.size(); ++step) {
      if (series.has(step)) steps.seen_by(worker)[step] = true;
    }
    return {};
  }));
  return steps.finish(labels_of_absent(unwrapped(*call.arguments[0])));
}

Result<StepVector> absent_over_time(Evaluator& evaluator, const Expr&, const Call& call) {
  const Expr& range = unwrapped(*call.arguments[0]);
  TRY_VOID(check_extension(range, call.function->name));
  TRY(windows, evaluator.windows_of(range));
  AbsentSteps steps(evaluator.workers(), evaluator.steps());
  TRY_VOID(evaluator.for_each_range(range, [&](std::size_t worker, const RangeSeries& series) -> Result<void> {
    std::vector<bool>& seen = steps.seen_by(worker);
    for (std::size_t step = 0; step < windows.count; ++step) {
      const TimeNs end = windows.end_of(step), start = end - windows.range;
      if (slice_of(series.times, start, end).size() + slice_of(series.histogram_times, start, end).size() > 0) {
        seen[step] = true;
      }
    }
    return {};
  }));
  return steps.finish(labels_of_absent(range));
}

// The value of the only series that has a float; NaN if there is none or more than one.
Result<ScalarColumn> scalar_of_vector(Evaluator& evaluator, const Expr&, const Call& call) {
  TRY(vector, evaluator.vector(*call.arguments[0]));
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  ScalarColumn out{std::vector<double>(evaluator.steps(), kNan)};
  std::vector<bool> found(evaluator.steps());
  for (const StepSeries& series : vector.series) {
    for (std::size_t step = 0; step < series.values.size(); ++step) {
      if (!query::is_present(series.values[step])) continue;
      out.values[step] = found[step] ? kNan : series.values[step];
      found[step] = true;
    }
  }
  return out;
}

Result<void> stream_vector(Evaluator& evaluator, const Expr&, const Call& call, const SeriesSink& sink) {
  TRY(scalar, evaluator.scalar(*call.arguments[0]));
  StepSeries series = empty_series({}, evaluator.steps());
  for (std::size_t step = 0; step < evaluator.steps(); ++step) series.values[step] = scalar.at(step);
  return sink(0, std::move(series));
}

constexpr Function kFunctions[] = {
    {.name = "absent", .vector = absent},
    {.name = "absent_over_time", .vector = absent_over_time},
    {.name = "scalar", .scalar = scalar_of_vector},
    {.name = "vector", .stream = stream_vector},
};

}  // namespace

std::span<const Function> presence_functions() { return kFunctions; }

}  // namespace trilobite::metrics
