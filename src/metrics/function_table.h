// What the functions of PromQL compute, by name. The parser's table (functions.h) says how they are called; here is
// what they do: a row each, in the function_*.cc of its kind.
#pragma once

#include <span>
#include <string_view>

#include "metrics/evaluator.h"
#include "metrics/functions.h"

namespace trilobite::metrics {

// Exactly one of them is set.
struct Function {
  std::string_view name;
  // A function that works on series one by one: hands its results to the sink.
  Result<void> (*stream)(Evaluator& evaluator, const Expr& expr, const Call& call, const SeriesSink& sink) = nullptr;
  // One that needs all series.
  Result<StepVector> (*vector)(Evaluator& evaluator, const Expr& expr, const Call& call) = nullptr;
  Result<ScalarColumn> (*scalar)(Evaluator& evaluator, const Expr& expr, const Call& call) = nullptr;
};

// The tables of the kinds.
std::span<const Function> math_functions();
std::span<const Function> time_functions();
std::span<const Function> label_functions();
std::span<const Function> order_functions();
std::span<const Function> presence_functions();
std::span<const Function> bucket_functions();
std::span<const Function> histogram_functions();
std::span<const Function> range_functions();
std::span<const Function> info_functions();

// Of a function that has none, one that says so.
const Function& find_implementation(std::string_view name);

}  // namespace trilobite::metrics
