#include "metrics/functions.h"

#include <algorithm>

namespace trilobite::metrics {

namespace {

constexpr ValueType kS = ValueType::kScalar, kT = ValueType::kString, kV = ValueType::kVector, kM = ValueType::kMatrix;

std::vector<FunctionSignature> make_table() {
  std::vector<FunctionSignature> out;
  const auto add = [&](std::string_view name, std::vector<ValueType> arguments, int variadic = 0,
                       ValueType result = kV) {
    out.push_back({name, std::move(arguments), variadic, result, false});
  };
  const auto experimental = [&](std::string_view name, std::vector<ValueType> arguments, int variadic = 0,
                                ValueType result = kV) {
    out.push_back({name, std::move(arguments), variadic, result, true});
  };
  for (const std::string_view name : {"abs",
                                      "absent",
                                      "acos",
                                      "acosh",
                                      "asin",
                                      "asinh",
                                      "atan",
                                      "atanh",
                                      "ceil",
                                      "cos",
                                      "cosh",
                                      "deg",
                                      "exp",
                                      "floor",
                                      "ln",
                                      "log10",
                                      "log2",
                                      "rad",
                                      "sgn",
                                      "sin",
                                      "sinh",
                                      "sort",
                                      "sort_desc",
                                      "sqrt",
                                      "tan",
                                      "tanh",
                                      "timestamp",
                                      "histogram_avg",
                                      "histogram_count",
                                      "histogram_stddev",
                                      "histogram_stdvar",
                                      "histogram_sum"}) {
    add(name, {kV});
  }
  for (const std::string_view name :
       {"absent_over_time", "avg_over_time", "changes", "count_over_time", "delta", "deriv", "idelta", "increase",
        "irate", "last_over_time", "max_over_time", "min_over_time", "present_over_time", "rate", "resets",
        "stddev_over_time", "stdvar_over_time", "sum_over_time"}) {
    add(name, {kM});
  }
  for (const std::string_view name : {"first_over_time", "mad_over_time", "ts_of_first_over_time",
                                      "ts_of_last_over_time", "ts_of_max_over_time", "ts_of_min_over_time"}) {
    experimental(name, {kM});
  }
  for (const std::string_view name :
       {"day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year"}) {
    add(name, {kV}, 1);
  }
  add("clamp", {kV, kS, kS});
  add("clamp_max", {kV, kS});
  add("clamp_min", {kV, kS});
  add("histogram_fraction", {kS, kS, kV});
  add("histogram_quantile", {kS, kV});
  experimental("histogram_quantiles", {kV, kT, kS, kS}, 9);
  experimental("double_exponential_smoothing", {kM, kS, kS});
  experimental("info", {kV, kV}, 1);
  add("label_join", {kV, kT, kT, kT}, -1);
  add("label_replace", {kV, kT, kT, kT, kT});
  add("pi", {}, 0, kS);
  add("predict_linear", {kM, kS});
  add("quantile_over_time", {kS, kM});
  add("round", {kV, kS}, 1);
  add("scalar", {kV}, 0, kS);
  experimental("sort_by_label", {kV, kT}, -1);
  experimental("sort_by_label_desc", {kV, kT}, -1);
  experimental("start_timestamp", {kV});
  add("time", {}, 0, kS);
  add("vector", {kS});
  for (const std::string_view name : {"start", "end", "step", "range"}) experimental(name, {}, 0, kS);
  experimental("max_of", {kS, kS}, 0, kS);
  experimental("min_of", {kS, kS}, 0, kS);
  std::ranges::sort(out, {}, &FunctionSignature::name);
  return out;
}

}  // namespace

std::span<const FunctionSignature> functions() {
  static const std::vector<FunctionSignature> table = make_table();
  return table;
}

const FunctionSignature* find_function(std::string_view name) {
  const auto table = functions();
  const auto found = std::ranges::lower_bound(table, name, {}, &FunctionSignature::name);
  return found != table.end() && found->name == name ? &*found : nullptr;
}

}  // namespace trilobite::metrics
