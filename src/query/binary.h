// Arithmetic, comparison and set operators between series and numbers, with label matching. Labels are hashed once per
// series; the inner loops run over aligned arrays of steps.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "query/grouping.h"
#include "query/matrix.h"

namespace trilobite::query {

enum class BinaryOp : std::uint8_t {
  kPow,
  kMul,
  kDiv,
  kMod,
  kAdd,
  kSub,
  kEqual,
  kNotEqual,
  kGreater,
  kGreaterEqual,
  kLess,
  kLessEqual,
  kAnd,
  kUnless,
  kOr,
};
bool is_comparison(BinaryOp op);
bool is_set(BinaryOp op);

struct BinaryOptions {
  enum class Card : std::uint8_t { kOneToOne, kManyToOne, kOneToMany };

  bool return_bool = false;          // comparisons give 0 and 1 instead of filtering
  bool zero_divisor_is_nan = false;  // x / 0 and x % 0: Loki's rule; otherwise IEEE's
  bool matching = false;             // on or ignoring was written: the result has only the labels that were compared
  LabelGrouping compared{true, {}};  // on (a): by (a); ignoring (a): without (a); default: all labels
  Card card = Card::kOneToOne;
  std::vector<std::string> include;  // group_left (a): labels taken from the "one" side
};

// Both matrices have the same grid. Errors (kInternal, as Loki answers them): two series of a side match one of the
// other at the same step without group_left or group_right.
Result<Matrix> binary(BinaryOp op, const Matrix& left, const Matrix& right, const BinaryOptions& options);
// vector op number, or number op vector. Filtering comparisons keep the vector's value. REQUIRES: !is_set(op).
Matrix binary_right_scalar(BinaryOp op, Matrix left, double right, const BinaryOptions& options);
Matrix binary_left_scalar(BinaryOp op, double left, Matrix right, const BinaryOptions& options);
// number op number: comparisons give 0 or 1.
double binary_scalars(BinaryOp op, double left, double right, const BinaryOptions& options);

}  // namespace trilobite::query
