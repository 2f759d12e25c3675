// Functions of one number per sample, and scalars that are numbers.
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "metrics/float_order.h"
#include "metrics/function_table.h"

namespace trilobite::metrics {
namespace {

using query::is_present;

double sign(double value) { return value < 0 ? -1 : value > 0 ? 1 : value; }
double radians(double value) { return value * std::numbers::pi / 180; }
double degrees(double value) { return value * 180 / std::numbers::pi; }

struct MathFunction {
  std::string_view name;
  double (*apply)(double);
};
constexpr MathFunction kMath[] = {
    {"abs", std::fabs},    {"ceil", std::ceil},   {"floor", std::floor}, {"exp", std::exp},   {"ln", std::log},
    {"log2", std::log2},   {"log10", std::log10}, {"sqrt", std::sqrt},   {"sgn", sign},       {"acos", std::acos},
    {"acosh", std::acosh}, {"asin", std::asin},   {"asinh", std::asinh}, {"atan", std::atan}, {"atanh", std::atanh},
    {"cos", std::cos},     {"cosh", std::cosh},   {"sin", std::sin},     {"sinh", std::sinh}, {"tan", std::tan},
    {"tanh", std::tanh},   {"rad", radians},      {"deg", degrees},
};

// Applies `change(step, value)` to every float; histograms go.
template <class Change>
Result<void> stream_floats(Evaluator& evaluator, const Expr& vector, const Change& change, const SeriesSink& sink) {
  const auto map = [&](StepSeries& series) {
    series.histograms.clear();
    for (std::size_t step = 0; step < series.values.size(); ++step) {
      if (is_present(series.values[step])) series.values[step] = change(step, series.values[step]);
    }
  };
  return evaluator.stream_mapped(vector, true, map, sink);
}

Result<void> stream_math(Evaluator& evaluator, const Expr&, const Call& call, const SeriesSink& sink) {
  double (*apply)(double) = nullptr;
  for (const MathFunction& function : kMath) {
    if (function.name == call.function->name) apply = function.apply;
  }
  CHECK(apply != nullptr);
  return stream_floats(
      evaluator, *call.arguments[0], [&](std::size_t, double value) { return apply(value); }, sink);
}

Result<void> stream_round(Evaluator& evaluator, const Expr&, const Call& call, const SeriesSink& sink) {
  ScalarColumn nearest{{1}};
  if (call.arguments.size() > 1) {
    TRY(written, evaluator.scalar(*call.arguments[1]));
    nearest = std::move(written);
  }
  const auto round = [&](std::size_t step, double value) {
    const double per_unit = 1 / nearest.at(step);  // halves are rounded up
    return std::floor(value * per_unit + 0.5) / per_unit;
  };
  return stream_floats(evaluator, *call.arguments[0], round, sink);
}

Result<void> stream_clamped(Evaluator& evaluator, const Call& call, const ScalarColumn& least, const ScalarColumn& most,
                            const SeriesSink& sink) {
  const auto clamp = [&](std::size_t step, double value) {
    if (most.at(step) < least.at(step)) return query::kAbsent;
    return max_of(least.at(step), min_of(most.at(step), value));
  };
  return stream_floats(evaluator, *call.arguments[0], clamp, sink);
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Result<void> stream_clamp(Evaluator& evaluator, const Expr&, const Call& call, const SeriesSink& sink) {
  TRY(least, evaluator.scalar(*call.arguments[1]));
  TRY(most, evaluator.scalar(*call.arguments[2]));
  return stream_clamped(evaluator, call, least, most, sink);
}
Result<void> stream_clamp_min(Evaluator& evaluator, const Expr&, const Call& call, const SeriesSink& sink) {
  TRY(least, evaluator.scalar(*call.arguments[1]));
  return stream_clamped(evaluator, call, least, ScalarColumn{{kInfinity}}, sink);
}
Result<void> stream_clamp_max(Evaluator& evaluator, const Expr&, const Call& call, const SeriesSink& sink) {
  TRY(most, evaluator.scalar(*call.arguments[1]));
  return stream_clamped(evaluator, call, ScalarColumn{{-kInfinity}}, most, sink);
}

Result<ScalarColumn> scalar_pi(Evaluator&, const Expr&, const Call&) { return ScalarColumn{{std::numbers::pi}}; }

template <double (*choose)(double, double)>
Result<ScalarColumn> scalar_choice(Evaluator& evaluator, const Expr&, const Call& call) {
  TRY(result, evaluator.scalar(*call.arguments[0]));
  for (std::size_t i = 1; i < call.arguments.size(); ++i) {
    TRY(other, evaluator.scalar(*call.arguments[i]));
    if (result.constant() && !other.constant()) result.values.assign(other.values.size(), double(result.values[0]));
    for (std::size_t step = 0; step < result.values.size(); ++step) {
      result.values[step] = choose(result.values[step], other.at(step));
    }
  }
  return result;
}

constexpr Function kOthers[] = {
    {.name = "round", .stream = stream_round},
    {.name = "clamp", .stream = stream_clamp},
    {.name = "clamp_min", .stream = stream_clamp_min},
    {.name = "clamp_max", .stream = stream_clamp_max},
    {.name = "pi", .scalar = scalar_pi},
    {.name = "min_of", .scalar = scalar_choice<min_of>},
    {.name = "max_of", .scalar = scalar_choice<max_of>},
};

constexpr auto kFunctions = [] {
  std::array<Function, std::size(kMath) + std::size(kOthers)> rows;
  std::size_t count = 0;
  for (const MathFunction& function : kMath) rows[count++] = {.name = function.name, .stream = stream_math};
  for (const Function& function : kOthers) rows[count++] = function;
  return rows;
}();

}  // namespace

std::span<const Function> math_functions() { return kFunctions; }

}  // namespace trilobite::metrics
