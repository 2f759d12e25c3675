#include "logs/functions.h"

#include <array>
#include <cmath>
#include <limits>

namespace trilobite::logql {

namespace {

constexpr std::array<RangeFunction, 15> kRangeFunctions{{
    {RangeOp::kCount, "count_over_time", false, true, false},
    {RangeOp::kRate, "rate", true, true, false},
    {RangeOp::kRateCounter, "rate_counter", true, false, false},
    {RangeOp::kBytes, "bytes_over_time", false, true, false},
    {RangeOp::kBytesRate, "bytes_rate", false, true, false},
    {RangeOp::kAbsent, "absent_over_time", true, true, false},
    {RangeOp::kSum, "sum_over_time", true, false, false},
    {RangeOp::kAvg, "avg_over_time", true, false, true},
    {RangeOp::kMin, "min_over_time", true, false, true},
    {RangeOp::kMax, "max_over_time", true, false, true},
    {RangeOp::kStddev, "stddev_over_time", true, false, true},
    {RangeOp::kStdvar, "stdvar_over_time", true, false, true},
    {RangeOp::kQuantile, "quantile_over_time", true, false, true},
    {RangeOp::kFirst, "first_over_time", true, false, true},
    {RangeOp::kLast, "last_over_time", true, false, true},
}};

constexpr std::array<VectorFunction, 12> kVectorFunctions{{
    {VectorOp::kSum, "sum", false},
    {VectorOp::kAvg, "avg", false},
    {VectorOp::kMin, "min", false},
    {VectorOp::kMax, "max", false},
    {VectorOp::kCount, "count", false},
    {VectorOp::kStddev, "stddev", false},
    {VectorOp::kStdvar, "stdvar", false},
    {VectorOp::kTopk, "topk", true},
    {VectorOp::kBottomk, "bottomk", true},
    {VectorOp::kSort, "sort", false},
    {VectorOp::kSortDesc, "sort_desc", false},
    {VectorOp::kApproxTopk, "approx_topk", true},
}};

constexpr std::array<BinaryOperator, 15> kBinaryOperators{{
    {BinaryOp::kPow, "^", 6, true},
    {BinaryOp::kMul, "*", 5, false},
    {BinaryOp::kDiv, "/", 5, false},
    {BinaryOp::kMod, "%", 5, false},
    {BinaryOp::kAdd, "+", 4, false},
    {BinaryOp::kSub, "-", 4, false},
    {BinaryOp::kEqual, "==", 3, false},
    {BinaryOp::kNotEqual, "!=", 3, false},
    {BinaryOp::kGreater, ">", 3, false},
    {BinaryOp::kGreaterEqual, ">=", 3, false},
    {BinaryOp::kLess, "<", 3, false},
    {BinaryOp::kLessEqual, "<=", 3, false},
    {BinaryOp::kAnd, "and", 2, false},
    {BinaryOp::kUnless, "unless", 2, false},
    {BinaryOp::kOr, "or", 1, false},
}};

template <class Table, class Op>
const auto& row_of(const Table& table, Op op) {
  for (const auto& row : table) {
    if (row.op == op) return row;
  }
  CHECK(false);
}

}  // namespace

std::span<const RangeFunction> range_functions() { return kRangeFunctions; }
std::span<const VectorFunction> vector_functions() { return kVectorFunctions; }
std::span<const BinaryOperator> binary_operators() { return kBinaryOperators; }

const RangeFunction& function_of(RangeOp op) { return row_of(kRangeFunctions, op); }
const VectorFunction& function_of(VectorOp op) { return row_of(kVectorFunctions, op); }
const BinaryOperator& operator_of(BinaryOp op) { return row_of(kBinaryOperators, op); }

std::string_view name_of(RangeOp op) { return function_of(op).name; }
std::string_view name_of(VectorOp op) { return function_of(op).name; }
std::string_view name_of(BinaryOp op) { return operator_of(op).name; }

std::string_view name_of(CompareOp op) {
  static constexpr std::array<std::string_view, 6> kNames{"=", "!=", ">", ">=", "<", "<="};
  return kNames[static_cast<std::size_t>(op)];
}

std::string_view name_of(LineFilter::Op op) {
  static constexpr std::array<std::string_view, 6> kNames{"|=", "!=", "|~", "!~", "|>", "!>"};
  return kNames[static_cast<std::size_t>(op)];
}

std::string_view name_of(MatchOp op) {
  static constexpr std::array<std::string_view, 4> kNames{"=", "!=", "=~", "!~"};
  return kNames[static_cast<std::size_t>(op)];
}

bool is_comparison(BinaryOp op) { return operator_of(op).precedence == 3; }
bool is_set_operator(BinaryOp op) { return operator_of(op).precedence <= 2; }

double apply(BinaryOp op, double left, double right) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  switch (op) {
    case BinaryOp::kPow: return std::pow(left, right);
    case BinaryOp::kMul: return left * right;
    case BinaryOp::kDiv: return right == 0 ? kNan : left / right;
    case BinaryOp::kMod: return right == 0 ? kNan : std::fmod(left, right);
    case BinaryOp::kAdd: return left + right;
    case BinaryOp::kSub: return left - right;
    case BinaryOp::kEqual: return left == right ? 1 : 0;
    case BinaryOp::kNotEqual: return left != right ? 1 : 0;
    case BinaryOp::kGreater: return left > right ? 1 : 0;
    case BinaryOp::kGreaterEqual: return left >= right ? 1 : 0;
    case BinaryOp::kLess: return left < right ? 1 : 0;
    case BinaryOp::kLessEqual: return left <= right ? 1 : 0;
    case BinaryOp::kAnd:
    case BinaryOp::kUnless:
    case BinaryOp::kOr: break;
  }
  CHECK(false);
}

}  // namespace trilobite::logql
