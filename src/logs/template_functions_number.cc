// Arithmetic. Whole numbers are 64 bits wide; what is no number counts as 0, as in sprig.
#include <array>
#include <cmath>

#include "logs/template_functions.h"
#include "logs/text.h"

namespace trilobite::logql {

namespace {

using Value = TemplateValue;

// Overflow wraps, as in Go.
std::int64_t wrap(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::uint64_t bits(std::int64_t value) { return static_cast<std::uint64_t>(value); }

template <std::int64_t (*F)(std::int64_t, std::int64_t)>
Result<Value> fold(const TemplateCall& call) {
  std::int64_t out = to_int(call[0]);
  for (std::size_t i = 1; i < call.arguments.size(); ++i) out = F(out, to_int(call[i]));
  return Value(out);
}

// sprig computes these in decimal: 0.1 + 0.2 is 0.3. Fifteen digits are what a double surely holds.
double decimal(double value) {
  if (!std::isfinite(value)) return value;
  return parse_number(fmt::format("{:.15g}", value)).value_or(value);
}

template <double (*F)(double, double)>
Result<Value> fold_real(const TemplateCall& call) {
  double out = to_float(call[0]);
  for (std::size_t i = 1; i < call.arguments.size(); ++i) out = decimal(F(out, to_float(call[i])));
  return Value(out);
}

template <double (*F)(double, double)>
Result<Value> choose_real(const TemplateCall& call) {
  double out = to_float(call[0]);
  for (std::size_t i = 1; i < call.arguments.size(); ++i) out = F(out, to_float(call[i]));
  return Value(out);
}

template <bool Remainder>
Result<Value> divide(const TemplateCall& call) {
  const std::int64_t a = to_int(call[0]), b = to_int(call[1]);
  if (b == 0) return error(Code::kInvalid, "runtime error: integer divide by zero");
  if (b == -1) return Value(Remainder ? std::int64_t{0} : wrap(0 - bits(a)));
  return Value(Remainder ? a % b : a / b);
}

Result<Value> divide_real(const TemplateCall& call) {
  double out = to_float(call[0]);
  for (std::size_t i = 1; i < call.arguments.size(); ++i) {
    const double b = to_float(call[i]);
    if (b == 0) return error(Code::kInvalid, "decimal division by 0");
    out = decimal(out / b);
  }
  return Value(out);
}

Result<Value> round(const TemplateCall& call) {
  const double value = to_float(call[0]);
  const double on = call.arguments.size() > 2 ? to_float(call[2]) : 0.5;
  const double power = std::pow(10, static_cast<double>(to_int(call[1])));
  const double digit = power * value;
  double whole = 0;
  const double fraction = std::modf(digit, &whole);
  // The half goes away from zero, of negative numbers too.
  const double rounded = std::fabs(fraction) >= on ? whole + (value < 0 ? -1 : 1) : whole;
  return Value(rounded / power);
}

constexpr std::array<TemplateFunction, 18> kFunctions{{
    {"int", 1, 1, [](const TemplateCall& call) -> Result<Value> { return Value(to_int(call[0])); }},
    {"float64", 1, 1, [](const TemplateCall& call) -> Result<Value> { return Value(to_float(call[0])); }},
    {"add", 1, kAnyCount, fold<[](std::int64_t a, std::int64_t b) { return wrap(bits(a) + bits(b)); }>},
    {"sub", 2, 2, fold<[](std::int64_t a, std::int64_t b) { return wrap(bits(a) - bits(b)); }>},
    {"mul", 1, kAnyCount, fold<[](std::int64_t a, std::int64_t b) { return wrap(bits(a) * bits(b)); }>},
    {"div", 2, 2, divide<false>},
    {"mod", 2, 2, divide<true>},
    {"addf", 1, kAnyCount, fold_real<[](double a, double b) { return a + b; }>},
    {"subf", 1, kAnyCount, fold_real<[](double a, double b) { return a - b; }>},
    {"mulf", 1, kAnyCount, fold_real<[](double a, double b) { return a * b; }>},
    {"divf", 1, kAnyCount, divide_real},
    {"max", 1, kAnyCount, fold<[](std::int64_t a, std::int64_t b) { return a < b ? b : a; }>},
    {"min", 1, kAnyCount, fold<[](std::int64_t a, std::int64_t b) { return b < a ? b : a; }>},
    {"maxf", 1, kAnyCount, choose_real<[](double a, double b) { return std::fmax(a, b); }>},
    {"minf", 1, kAnyCount, choose_real<[](double a, double b) { return std::fmin(a, b); }>},
    {"ceil", 1, 1, [](const TemplateCall& call) -> Result<Value> { return Value(std::ceil(to_float(call[0]))); }},
    {"floor", 1, 1, [](const TemplateCall& call) -> Result<Value> { return Value(std::floor(to_float(call[0]))); }},
    {"round", 2, 3, round},
}};

}  // namespace

std::span<const TemplateFunction> number_functions() { return kFunctions; }

}  // namespace trilobite::logql
