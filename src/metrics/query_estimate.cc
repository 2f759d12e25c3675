#include "metrics/query_estimate.h"

#include <algorithm>

#include "metrics/durations.h"

namespace trilobite::metrics {
namespace {

// Of a series that is held whole: its labels, and a value for each step.
constexpr std::uint64_t kSeriesBytes = 400;

// Whether a series disappears into its group as soon as it has been read.
bool reduces(AggregateOp op) {
  switch (op) {
    case AggregateOp::kSum:
    case AggregateOp::kAvg:
    case AggregateOp::kCount:
    case AggregateOp::kMin:
    case AggregateOp::kMax:
    case AggregateOp::kGroup:
    case AggregateOp::kStddev:
    case AggregateOp::kStdvar:
      return true;
    default:
      return false;
  }
}

class Estimator {
 public:
  Estimator(query::QueryContext& context, const query::TimeGrid& grid, const PromqlOptions& options)
      : context_(context), options_(options), range_{grid.start, grid.last()}, steps_(grid.steps()) {}

  // `reduced`: the parent folds series away while they are read.
  Result<void> go(const Expr& expr, bool reduced) {
    return std::visit([&](const auto& node) { return look(node, reduced); }, expr.node);
  }

  QueryEstimate estimate;

 private:
  struct Times {
    TimeNs first, last;
  };

  Result<void> look(const NumberLiteral&, bool) { return {}; }
  Result<void> look(const StringLiteral&, bool) { return {}; }
  Result<void> look(const Paren& node, bool reduced) { return go(*node.expr, reduced); }
  Result<void> look(const Unary& node, bool reduced) { return go(*node.expr, reduced); }
  Result<void> look(const Binary& node, bool) {
    TRY_VOID(go(*node.left, false));
    return go(*node.right, false);
  }
  Result<void> look(const Call& node, bool reduced) {
    for (const ExprPtr& argument : node.arguments) TRY_VOID(go(*argument, reduced));
    return {};
  }
  Result<void> look(const Aggregation& node, bool) {
    if (node.parameter) TRY_VOID(go(*node.parameter, false));
    return go(*node.expr, reduces(node.op));
  }
  Result<void> look(const VectorSelector& node, bool reduced) { return scan(node, options_.lookback, reduced); }
  Result<void> look(const MatrixSelector& node, bool reduced) {
    return scan(std::get<VectorSelector>(node.selector->node), node.range.value, reduced);
  }
  // Its inside is evaluated over a longer time at steps of its own.
  Result<void> look(const Subquery& node, bool reduced) {
    const Times outer = range_;
    const std::size_t outer_steps = steps_;
    const TimeNs step = std::max<TimeNs>(node.step ? node.step->value : options_.subquery_step, 1);
    range_ = moved(node.modifiers);
    range_.first = time_minus(range_.first, node.range.value);
    steps_ = static_cast<std::size_t>(std::max<TimeNs>(time_minus(range_.last, range_.first) / step, 1));
    Result<void> inside = go(*node.expr, reduced);
    range_ = outer;
    steps_ = outer_steps;
    return inside;
  }

  // Where a selector with these modifiers looks.
  Times moved(const Modifiers& modifiers) const {
    Times out = range_;
    if (modifiers.at == Modifiers::At::kTime) out = {modifiers.at_time, modifiers.at_time};
    if (modifiers.at == Modifiers::At::kStart) out.last = out.first;
    if (modifiers.at == Modifiers::At::kEnd) out.first = out.last;
    const TimeNs offset = modifiers.offset ? modifiers.offset->value : 0;
    return {time_minus(out.first, offset), time_minus(out.last, offset)};
  }

  Result<void> scan(const VectorSelector& node, TimeNs range, bool reduced) {
    const Times times = moved(node.modifiers);
    ScanRequest request;
    request.tenant = context_.tenant();
    request.signal = Signal::kMetrics;
    request.range = {time_plus(time_minus(times.first, range), 1), time_plus(times.last, 1)};
    request.matchers = node.matchers;
    request.cancel = context_.cancel();
    TRY_VOID(context_.check());
    TRY(scan, context_.store().scan_series(std::move(request)));
    ++estimate.selectors;
    estimate.series += scan->series();
    estimate.samples += scan->samples_max();
    if (!reduced) estimate.bytes += scan->series() * (kSeriesBytes + steps_ * sizeof(double));
    return {};
  }

  query::QueryContext& context_;
  const PromqlOptions& options_;
  Times range_;
  std::size_t steps_;
};

}  // namespace

Result<QueryEstimate> estimate_promql(query::QueryContext& context, const Expr& expr, const query::TimeGrid& grid,
                                      const PromqlOptions& options) {
  Estimator estimator(context, grid, options);
  TRY_VOID(estimator.go(expr, false));
  return estimator.estimate;
}

std::string estimate_text(const QueryEstimate& estimate) {
  return fmt::format("about {} series with up to {} samples, {:.1f} MiB of memory", estimate.series, estimate.samples,
                     static_cast<double>(estimate.bytes) / (1 << 20));
}

}  // namespace trilobite::metrics
