// The syntax tree of LogQL: plain values that the parser builds and nobody changes afterwards. What Loki's parser folds
// (arithmetic of literals) or moves (grouping before or after the operand) is already settled here; everything checked
// by Loki at parse time (allowed groupings, unwrap or not, regexes, templates) has been checked.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "storage/store.h"

namespace trilobite::logql {

// ---- Stages of a log pipeline -------------------------------------------------------------------------------------

// |= "a" or "b", != ip("10.0.0.0/8"), |~ "re", |> "<_> done". For positive operators one operand must match, for
// negative ones none may.
struct LineFilter {
  enum class Op : std::uint8_t { kContains, kNotContains, kRegex, kNotRegex, kPattern, kNotPattern };
  struct Operand {
    std::string text;
    bool ip = false;  // ip("text")
    bool fold_case = false;  // i"text": upper and lower case are alike (an extension)
  };
  Op op = Op::kContains;
  std::vector<Operand> operands;  // at least one
};

enum class CompareOp : std::uint8_t { kEqual, kNotEqual, kGreater, kGreaterEqual, kLess, kLessEqual };

// A condition on labels; a tree of `and` (also written `,` or a blank) and `or`.
struct LabelFilter {
  enum class Kind : std::uint8_t { kAnd, kOr, kString, kNumber, kDuration, kBytes, kIp };
  Kind kind = Kind::kString;
  std::vector<LabelFilter> sides;          // kAnd, kOr: two
  Matcher matcher;                         // kString: all of it; others: only the name
  CompareOp compare = CompareOp::kEqual;   // kNumber, kDuration, kBytes, kIp (= and !=)
  double number = 0;                       // kNumber
  std::int64_t duration_ns = 0;            // kDuration
  std::uint64_t bytes = 0;                 // kBytes
  std::string ip;                          // kIp: address, CIDR or range a-b
};

// label="expression" of json and logfmt; `label` alone stands for label="label".
struct Extraction {
  std::string label;
  std::string expression;
};
struct JsonStage {
  std::vector<Extraction> extractions;  // none: every field
};
struct LogfmtStage {
  bool strict = false;
  bool keep_empty = false;
  std::vector<Extraction> extractions;  // none: every pair
};
struct PatternStage {
  std::string pattern;
};
struct RegexpStage {
  std::string regex;
};
struct UnpackStage {};
struct DecolorizeStage {};
struct LineFormatStage {
  std::string text;
};
struct LabelFormatStage {
  struct Format {
    std::string label;
    std::string value;   // a label's name, or a template
    bool rename = false;
  };
  std::vector<Format> formats;
};
// drop and keep: a name, or a matcher that must hold for the name to be dropped or kept.
struct NameOrMatcher {
  std::string name;
  std::optional<Matcher> matcher;
};
struct DropStage {
  std::vector<NameOrMatcher> labels;
};
struct KeepStage {
  std::vector<NameOrMatcher> labels;
};

// unroll label="expression": a row per element of an array (an extension). The array is the label's value, or what the
// expression finds in the line where there is no such label.
struct UnrollStage {
  Extraction field;
};

using Stage = std::variant<LineFilter, LabelFilter, JsonStage, LogfmtStage, PatternStage, RegexpStage, UnpackStage,
                           DecolorizeStage, LineFormatStage, LabelFormatStage, DropStage, KeepStage,
                           UnrollStage>;

// sort by (a, b) desc (an extension): lines without any of the labels come last either way.
struct SortClause {
  std::vector<std::string> labels;
  bool descending = false;
};

// {app="x"} | stages: a log query, or what a range is taken over.
struct LogExpr {
  std::vector<Matcher> matchers;
  std::vector<Stage> stages;
  // Extensions, of log queries only, behind all stages.
  std::vector<std::string> distinct;  // the first line of each combination of values; empty: every line
  std::optional<SortClause> sort;     // none: by time
};

// ---- Metric expressions -------------------------------------------------------------------------------------------

struct Expr;
using ExprPtr = std::unique_ptr<const Expr>;

struct Grouping {
  bool without = false;
  std::vector<std::string> labels;  // as written; by () is an empty list without `without`
};

struct Unwrap {
  enum class Conversion : std::uint8_t { kNumber, kBytes, kDuration, kDurationSeconds };
  std::string label;
  Conversion conversion = Conversion::kNumber;  // both durations give seconds
  std::vector<LabelFilter> filters;             // after the conversion; all must hold
};

enum class RangeOp : std::uint8_t {
  kCount, kRate, kRateCounter, kBytes, kBytesRate, kAbsent,  // kRate with unwrap: sum of the values per second
  kSum, kAvg, kMin, kMax, kStddev, kStdvar, kQuantile, kFirst, kLast,
};

struct RangeAggregation {
  RangeOp op = RangeOp::kCount;
  double parameter = 0;  // quantile_over_time
  LogExpr log;
  std::optional<Unwrap> unwrap;
  std::int64_t range_ns = 0;
  std::int64_t offset_ns = 0;  // may be negative
  std::optional<Grouping> grouping;
};

enum class VectorOp : std::uint8_t {
  kSum, kAvg, kMin, kMax, kCount, kStddev, kStdvar, kTopk, kBottomk, kSort, kSortDesc, kApproxTopk,
};

struct VectorAggregation {
  VectorOp op = VectorOp::kSum;
  std::int64_t parameter = 0;  // k of topk, bottomk, approx_topk; positive
  Grouping grouping;           // none written: by ()
  bool grouping_written = false;
  ExprPtr inner;
};

enum class BinaryOp : std::uint8_t {
  kPow, kMul, kDiv, kMod, kAdd, kSub,
  kEqual, kNotEqual, kGreater, kGreaterEqual, kLess, kLessEqual,
  kAnd, kUnless, kOr,
};

struct VectorMatching {
  enum class Card : std::uint8_t { kOneToOne, kManyToOne /* group_left */, kOneToMany /* group_right */ };
  bool on = false;  // false: ignoring
  std::vector<std::string> labels;
  Card card = Card::kOneToOne;
  std::vector<std::string> include;  // labels copied from the "one" side
};

// At least one side is not a literal.
struct Binary {
  BinaryOp op = BinaryOp::kAdd;
  bool return_bool = false;
  std::optional<VectorMatching> matching;  // only what was written; none: all labels, one to one
  ExprPtr lhs;
  ExprPtr rhs;
};

struct LabelReplace {
  ExprPtr inner;
  std::string destination, replacement, source, regex;  // regex is anchored at both ends
};

struct Literal {
  double value = 0;
};
// vector(5)
struct VectorLiteral {
  double value = 0;
};

// variants(m1, m2) of ({...}[5m]): each member over the same log range.
struct Variants {
  std::vector<ExprPtr> members;
  LogExpr log;
  std::int64_t range_ns = 0;
};

// count_distinct_over_time(label, {...} [5m]) by (g) (an extension): how many values the label has. It is
// count by (g) (count_over_time({...} | label!="" [5m]) by (label, g)), which `expanded` is.
struct CountDistinct {
  std::string label;
  ExprPtr expanded;
};

struct Expr {
  std::variant<LogExpr, RangeAggregation, VectorAggregation, Binary, LabelReplace, Literal, VectorLiteral, Variants,
               CountDistinct>
      node;

  bool is_log() const { return std::holds_alternative<LogExpr>(node); }
};

// ---- Names
// ------------------------------------------------------------------------------------------------------------ As
// written in a query and printed by printer.h; the parser looks functions up in the same tables (functions.cc).

std::string_view name_of(RangeOp op);
std::string_view name_of(VectorOp op);
std::string_view name_of(BinaryOp op);
std::string_view name_of(CompareOp op);
std::string_view name_of(LineFilter::Op op);
std::string_view name_of(MatchOp op);

}  // namespace trilobite::logql
