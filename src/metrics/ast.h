// The syntax tree of a PromQL query. Values, owned by their parent, immutable once parsed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "storage/store.h"

namespace trilobite::metrics {

enum class ValueType : std::uint8_t { kNone, kScalar, kString, kVector, kMatrix };
std::string_view type_name(ValueType type);  // "scalar", "string", "instant vector", "range vector", "none"
// Prometheus' inner names, which its trees and one of its errors show: "vector", "matrix"; others as above.
std::string_view short_type_name(ValueType type);

// Bytes [start, end) of the query text.
struct Position {
  std::uint32_t start = 0, end = 0;
};
// "LINE:COL" of a byte of the query, both from 1, columns in bytes; "unknown position" in an empty query.
std::string place_text(std::string_view query, std::uint32_t start);

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

// Where a duration stands in the grammar: nanoseconds, or an expression over step() and range() of the query. Any
// number of nanoseconds that fits is possible, so differences of times take care of overflow (durations.h).
struct DurationExpr {
  enum class Op : std::uint8_t {
    kNumber, kStep, kRange, kNegate, kPlus, kAdd, kSub, kMul, kDiv, kMod, kPow, kMin, kMax,
  };
  Op op = Op::kNumber;
  double seconds = 0;             // of kNumber
  bool written_as_number = false; // kNumber: `[300]` rather than `[5m]`, for the printer
  bool parens = false;            // written in parentheses
  Position position;
  std::unique_ptr<DurationExpr> left, right;  // operands: kNegate and kPlus have only `left`
};
struct Duration {
  TimeNs value = 0;                    // when there is no expression
  std::unique_ptr<DurationExpr> expr;  // null: `value` is it; otherwise resolved before a query runs (durations.h)
};

// `offset` and `@` of a selector or subquery.
struct Modifiers {
  std::optional<Duration> offset;
  enum class At : std::uint8_t { kNone, kTime, kStart, kEnd };
  At at = At::kNone;
  TimeNs at_time = 0;  // of kTime, a whole number of milliseconds
};

// A selector's matchers include __name__. `name` is what stood before the braces, "" if nothing did.
struct VectorSelector {
  std::string name;
  std::vector<Matcher> matchers;
  Modifiers modifiers;
  bool anchored = false, smoothed = false;
  bool bypass_empty_check = false;  // the data selector of info(): may match everything
};
// selector[range]; offset and @ are those of the selector inside.
struct MatrixSelector {
  ExprPtr selector;  // a VectorSelector
  Duration range;
};
struct Subquery {
  ExprPtr expr;
  Duration range;
  std::optional<Duration> step;  // none: the default of the engine
  Modifiers modifiers;
};
struct NumberLiteral {
  double value = 0;
  bool duration = false;  // written as one: 1h30m
};
struct StringLiteral {
  std::string value;
};

struct FunctionSignature;  // functions.h
struct Call {
  const FunctionSignature* function = nullptr;
  std::vector<ExprPtr> arguments;
};

enum class AggregateOp : std::uint8_t {
  kSum, kAvg, kCount, kMin, kMax, kGroup, kStddev, kStdvar,
  kTopk, kBottomk, kCountValues, kQuantile, kLimitk, kLimitRatio,
};
struct Aggregation {
  AggregateOp op = AggregateOp::kSum;
  ExprPtr expr;
  ExprPtr parameter;  // of topk, bottomk, count_values, quantile, limitk, limit_ratio; otherwise null
  std::vector<std::string> grouping;
  bool without = false;
  bool has_grouping = false;  // by or without was written
};

enum class BinaryOp : std::uint8_t {
  kAdd, kSub, kMul, kDiv, kMod, kPow, kAtan2,
  kEqual, kNotEqual, kGreater, kLess, kGreaterEqual, kLessEqual,
  kTrimUpper,  // </  keeps what is below
  kTrimLower,  // >/  keeps what is above
  kAnd, kOr, kUnless,
};
bool is_comparison(BinaryOp op);  // those that take `bool`, so not the trims
bool is_set(BinaryOp op);
std::string_view operator_text(BinaryOp op);
std::string_view aggregate_name(AggregateOp op);
bool has_parameter(AggregateOp op);

struct VectorMatching {
  enum class Card : std::uint8_t { kOneToOne, kManyToOne, kOneToMany, kManyToMany };
  Card card = Card::kOneToOne;
  std::vector<std::string> labels;  // of on or ignoring
  bool on = false;                  // `labels` are those compared; otherwise those left out
  std::vector<std::string> include; // of group_left, group_right
  std::optional<double> fill_left, fill_right;
};
struct Binary {
  BinaryOp op = BinaryOp::kAdd;
  ExprPtr left, right;
  std::optional<VectorMatching> matching;  // set when both sides are vectors
  bool return_bool = false;
};
struct Unary {
  bool negate = false;
  ExprPtr expr;
};
struct Paren {
  ExprPtr expr;
};

struct Expr {
  using Node = std::variant<NumberLiteral, StringLiteral, VectorSelector, MatrixSelector, Subquery, Call, Aggregation,
                            Binary, Unary, Paren>;
  Node node;
  ValueType type = ValueType::kNone;
  Position position;
  std::uint32_t depth = 1;  // levels of nodes down to the deepest leaf, at most kQueryDepthMax
};

}  // namespace trilobite::metrics
