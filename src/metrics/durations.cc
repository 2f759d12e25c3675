#include "metrics/durations.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace trilobite::metrics {

namespace {

constexpr TimeNs kMillisecond = 1'000'000;

template <class... Args>
Error fail(Position at, fmt::format_string<Args...> format, Args&&... args) {
  return error(Code::kInvalid, "{}:{}: {}", at.start, at.end, fmt::format(format, std::forward<Args>(args)...));
}

Result<double> seconds_of(const DurationExpr& expr, const query::TimeGrid& grid) {
  using Op = DurationExpr::Op;
  double left = 0, right = 0;
  if (expr.left) {
    TRY(value, seconds_of(*expr.left, grid));
    left = value;
  }
  if (expr.right) {
    TRY(value, seconds_of(*expr.right, grid));
    right = value;
  }
  switch (expr.op) {
    case Op::kNumber:
      return expr.seconds;
    case Op::kStep:
      return static_cast<double>(grid.step) / kNsPerSecond;
    case Op::kRange:
      return (static_cast<double>(grid.end) - static_cast<double>(grid.start)) / kNsPerSecond;
    case Op::kNegate:
      return -left;
    case Op::kPlus:
      return left;
    case Op::kAdd:
      return left + right;
    case Op::kSub:
      return left - right;
    case Op::kMul:
      return left * right;
    case Op::kDiv:
      if (right == 0) return fail(expr.position, "division by zero");
      return left / right;
    case Op::kMod:
      if (right == 0) return fail(expr.position, "modulo by zero");
      return std::fmod(left, right);
    case Op::kPow:
      return std::pow(left, right);
    case Op::kMin:
      return std::fmin(left, right);
    case Op::kMax:
      return std::fmax(left, right);
  }
  return 0.0;
}

Result<TimeNs> to_time(double seconds, Position at) {
  if (!(std::abs(seconds) < 9223372036.0)) return fail(at, "duration is out of range");
  return within_reach(static_cast<TimeNs>(seconds * 1000) * kMillisecond);  // whole milliseconds, towards zero
}

Result<void> resolve_range_in(Duration& duration, const query::TimeGrid& grid) {
  TRY(value, resolve_range(duration, grid));
  duration.value = value;
  return {};
}

Result<void> resolve_modifiers(Modifiers& modifiers, const query::TimeGrid& grid) {
  if (!modifiers.offset) return {};
  TRY(value, resolve_offset(*modifiers.offset, grid));
  modifiers.offset->value = value;
  return {};
}

// Goes down the tree in the order that decides which error is the first.
struct Resolver {
  const query::TimeGrid& grid;

  Result<void> operator()(NumberLiteral&) const { return {}; }
  Result<void> operator()(StringLiteral&) const { return {}; }
  Result<void> operator()(VectorSelector& node) const { return resolve_modifiers(node.modifiers, grid); }
  Result<void> operator()(MatrixSelector& node) const {
    TRY_VOID(resolve_range_in(node.range, grid));
    return resolve_durations(*node.selector, grid);
  }
  Result<void> operator()(Subquery& node) const {
    TRY_VOID(resolve_modifiers(node.modifiers, grid));
    TRY_VOID(resolve_range_in(node.range, grid));
    if (node.step) TRY_VOID(resolve_range_in(*node.step, grid));
    return resolve_durations(*node.expr, grid);
  }
  Result<void> operator()(Call& node) const {
    for (const ExprPtr& argument : node.arguments) TRY_VOID(resolve_durations(*argument, grid));
    return {};
  }
  Result<void> operator()(Aggregation& node) const {
    TRY_VOID(resolve_durations(*node.expr, grid));
    return node.parameter ? resolve_durations(*node.parameter, grid) : Result<void>();
  }
  Result<void> operator()(Binary& node) const {
    TRY_VOID(resolve_durations(*node.left, grid));
    return resolve_durations(*node.right, grid);
  }
  Result<void> operator()(Unary& node) const { return resolve_durations(*node.expr, grid); }
  Result<void> operator()(Paren& node) const { return resolve_durations(*node.expr, grid); }
};

}  // namespace

Result<TimeNs> resolve_range(const Duration& duration, const query::TimeGrid& grid) {
  if (!duration.expr) return within_reach(duration.value);
  TRY(seconds, seconds_of(*duration.expr, grid));
  if (!(seconds > 0)) return fail(duration.expr->position, "duration must be greater than 0");
  return to_time(seconds, duration.expr->position);
}

Result<TimeNs> resolve_offset(const Duration& duration, const query::TimeGrid& grid) {
  if (!duration.expr) return within_reach(duration.value);
  TRY(seconds, seconds_of(*duration.expr, grid));
  return to_time(seconds, duration.expr->position);
}

Result<void> resolve_durations(Expr& expr, const query::TimeGrid& grid) {
  return std::visit(Resolver{grid}, expr.node);
}

std::string duration_text(TimeNs duration) {
  struct Unit {
    std::string_view name;
    std::uint64_t milliseconds;
    bool exact;  // years and weeks only where nothing is left: 90d rather than 12w6d
  };
  constexpr Unit kUnits[] = {{"y", 365ULL * 86'400'000, true},
                             {"w", 7ULL * 86'400'000, true},
                             {"d", 86'400'000, false},
                             {"h", 3'600'000, false},
                             {"m", 60'000, false},
                             {"s", 1000, false},
                             {"ms", 1, false}};
  std::string out = duration < 0 ? "-" : "";
  const auto magnitude = duration < 0 ? 0 - static_cast<std::uint64_t>(duration) : static_cast<std::uint64_t>(duration);
  std::uint64_t rest = magnitude / kMillisecond;
  if (rest == 0) return "0s";
  for (const Unit& unit : kUnits) {
    if (unit.exact && rest % unit.milliseconds != 0) continue;
    if (const std::uint64_t count = rest / unit.milliseconds; count > 0) {
      out += fmt::format("{}{}", count, unit.name);
      rest -= count * unit.milliseconds;
    }
  }
  return out;
}

TimeNs within_reach(TimeNs time) { return std::clamp(time, -kTimeReach, kTimeReach); }

TimeNs time_plus(TimeNs a, TimeNs b) {
  TimeNs sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? std::numeric_limits<TimeNs>::max() : std::numeric_limits<TimeNs>::min();
}

TimeNs time_minus(TimeNs a, TimeNs b) {
  TimeNs difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return b < 0 ? std::numeric_limits<TimeNs>::max() : std::numeric_limits<TimeNs>::min();
}

}  // namespace trilobite::metrics
