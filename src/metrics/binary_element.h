// One operator on one pair of samples: floats, histograms, or one of each.
#pragma once

#include <cmath>
#include <utility>

#include "metrics/annotations.h"
#include "metrics/ast.h"
#include "metrics/histogram.h"

namespace trilobite::metrics {

// The name of the metric says nothing about the result.
inline bool changes_meaning(BinaryOp op) { return op <= BinaryOp::kAtan2; }

// Calls work(f) with the operator on floats: f(left, right) is a number, or for comparisons a bool.
template <class Work>
void with_float_operator(BinaryOp op, Work&& work) {
  switch (op) {
    case BinaryOp::kAdd:
      return work([](double a, double b) { return a + b; });
    case BinaryOp::kSub:
      return work([](double a, double b) { return a - b; });
    case BinaryOp::kMul:
      return work([](double a, double b) { return a * b; });
    case BinaryOp::kDiv:
      return work([](double a, double b) { return a / b; });
    case BinaryOp::kMod:
      return work([](double a, double b) { return std::fmod(a, b); });
    case BinaryOp::kPow:
      return work([](double a, double b) { return std::pow(a, b); });
    case BinaryOp::kAtan2:
      return work([](double a, double b) { return std::atan2(a, b); });
    case BinaryOp::kEqual:
      return work([](double a, double b) { return a == b; });
    case BinaryOp::kNotEqual:
      return work([](double a, double b) { return a != b; });
    case BinaryOp::kGreater:
      return work([](double a, double b) { return a > b; });
    case BinaryOp::kLess:
      return work([](double a, double b) { return a < b; });
    case BinaryOp::kGreaterEqual:
      return work([](double a, double b) { return a >= b; });
    case BinaryOp::kLessEqual:
      return work([](double a, double b) { return a <= b; });
    default:
      return;
  }
}
// Both sides floats: anything but trimming and set operators.
inline bool has_float_operator(BinaryOp op) { return op <= BinaryOp::kLessEqual; }

// A sample on one side: a float, unless there is a histogram.
struct Operand {
  double value = 0;
  const HistogramRef* histogram = nullptr;
};
struct Outcome {
  bool fits = true;  // false: there is nothing for these types; annotated
  bool keep = true;  // of comparisons
  double value = 0;  // of comparisons: the left one
  HistogramRef histogram;
};
Outcome combine(BinaryOp op, const Operand& left, const Operand& right, Annotations& annotations, Position position);

}  // namespace trilobite::metrics
