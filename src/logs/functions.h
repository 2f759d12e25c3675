// The functions of LogQL: one row each. Parser, printer and error texts read the same tables.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "logs/ast.h"

namespace trilobite::logql {

struct RangeFunction {
  RangeOp op;
  std::string_view name;
  bool with_unwrap;     // allowed with an unwrap
  bool without_unwrap;  // allowed without
  bool grouping;        // may have by or without of its own
};

struct VectorFunction {
  VectorOp op;
  std::string_view name;
  bool parameter;  // needs k
};

struct BinaryOperator {
  BinaryOp op;
  std::string_view name;
  int precedence;  // higher binds tighter
  bool right;      // associates to the right
};

std::span<const RangeFunction> range_functions();
std::span<const VectorFunction> vector_functions();
std::span<const BinaryOperator> binary_operators();

const RangeFunction& function_of(RangeOp op);
const VectorFunction& function_of(VectorOp op);
const BinaryOperator& operator_of(BinaryOp op);

bool is_comparison(BinaryOp op);
bool is_set_operator(BinaryOp op);  // and, or, unless
// What the operator gives for two numbers; comparisons 1 or 0, x/0 and x%0 NaN. REQUIRES: no set operator.
double apply(BinaryOp op, double left, double right);

}  // namespace trilobite::logql
