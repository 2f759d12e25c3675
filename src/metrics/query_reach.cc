#include "metrics/query_reach.h"

#include <algorithm>
#include <string_view>

#include "metrics/durations.h"
#include "metrics/functions.h"

namespace trilobite::metrics {
namespace {

bool uses_range(const DurationExpr& expr) {
  if (expr.op == DurationExpr::Op::kRange) return true;
  return (expr.left && uses_range(*expr.left)) || (expr.right && uses_range(*expr.right));
}
bool uses_range(const Duration& duration) { return duration.expr && uses_range(*duration.expr); }

class Walk {
 public:
  explicit Walk(const PromqlOptions& options) : options_(options) {}

  // Below subqueries, evaluation happens up to `before` earlier and no later than `after` earlier than at the top.
  void go(const Expr& expr, TimeNs before, TimeNs after) {
    std::visit([&](const auto& node) { look(node, before, after); }, expr.node);
  }

  bool fixed = false;
  QueryReach reach;

 private:
  void look(const NumberLiteral&, TimeNs, TimeNs) {}
  void look(const StringLiteral&, TimeNs, TimeNs) {}
  void look(const Paren& node, TimeNs before, TimeNs after) { go(*node.expr, before, after); }
  void look(const Unary& node, TimeNs before, TimeNs after) { go(*node.expr, before, after); }
  void look(const Binary& node, TimeNs before, TimeNs after) {
    go(*node.left, before, after);
    go(*node.right, before, after);
  }
  void look(const Aggregation& node, TimeNs before, TimeNs after) {
    go(*node.expr, before, after);
    if (node.parameter) go(*node.parameter, before, after);
  }
  void look(const Call& node, TimeNs before, TimeNs after) {
    const std::string_view name = node.function->name;
    if (name == "start" || name == "end" || name == "range") fixed = true;
    if (name == "info") fixed = true;  // reads other series than those it names
    for (const ExprPtr& argument : node.arguments) go(*argument, before, after);
  }
  void look(const VectorSelector& node, TimeNs before, TimeNs after) {
    const TimeNs offset = offset_of(node.modifiers);
    const TimeNs beyond = node.smoothed ? options_.lookback : 0;
    add(time_plus(time_plus(before, offset), options_.lookback), time_minus(time_plus(after, offset), beyond));
  }
  void look(const MatrixSelector& node, TimeNs before, TimeNs after) {
    const auto& selector = std::get<VectorSelector>(node.selector->node);
    const TimeNs offset = offset_of(selector.modifiers);
    fixed |= uses_range(node.range);
    const TimeNs earlier = selector.anchored || selector.smoothed ? options_.lookback : 0;
    const TimeNs beyond = selector.smoothed ? options_.lookback : 0;
    add(time_plus(time_plus(time_plus(before, offset), node.range.value), earlier),
        time_minus(time_plus(after, offset), beyond));
  }
  void look(const Subquery& node, TimeNs before, TimeNs after) {
    const TimeNs offset = offset_of(node.modifiers);
    fixed |= uses_range(node.range) || (node.step && uses_range(*node.step));
    go(*node.expr, time_plus(time_plus(before, offset), node.range.value), time_plus(after, offset));
  }

  TimeNs offset_of(const Modifiers& modifiers) {
    fixed |= modifiers.at != Modifiers::At::kNone;
    if (!modifiers.offset) return 0;
    fixed |= uses_range(*modifiers.offset);
    return modifiers.offset->value;
  }

  void add(TimeNs oldest, TimeNs newest) {
    reach.oldest = reach.any ? std::max(reach.oldest, oldest) : oldest;
    reach.newest = reach.any ? std::min(reach.newest, newest) : newest;
    reach.any = true;
  }

  const PromqlOptions& options_;
};

}  // namespace

std::optional<QueryReach> reach_of(const Expr& expr, const PromqlOptions& options) {
  Walk walk(options);
  walk.go(expr, 0, 0);
  if (walk.fixed) return std::nullopt;
  return walk.reach;
}

}  // namespace trilobite::metrics
