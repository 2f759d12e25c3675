#include "logs/metric_query.h"

#include <re2/re2.h>

#include "logs/range_query.h"
#include "query/aggregate.h"
#include "query/binary.h"

namespace trilobite::logql {
namespace {

query::AggregateOp aggregate_op(VectorOp op) {
  switch (op) {
    case VectorOp::kSum:
      return query::AggregateOp::kSum;
    case VectorOp::kAvg:
      return query::AggregateOp::kAverage;
    case VectorOp::kMin:
      return query::AggregateOp::kMin;
    case VectorOp::kMax:
      return query::AggregateOp::kMax;
    case VectorOp::kCount:
      return query::AggregateOp::kCount;
    case VectorOp::kStddev:
      return query::AggregateOp::kStddev;
    case VectorOp::kStdvar:
      return query::AggregateOp::kStdvar;
    case VectorOp::kTopk:
    case VectorOp::kApproxTopk:
      return query::AggregateOp::kTopk;  // exact is the best approximation
    case VectorOp::kBottomk:
      return query::AggregateOp::kBottomk;
    case VectorOp::kSort:
      return query::AggregateOp::kSort;
    case VectorOp::kSortDesc:
      return query::AggregateOp::kSortDescending;
  }
  CHECK(false);
  return {};
}

bool chooses(VectorOp op) {
  return op == VectorOp::kTopk || op == VectorOp::kBottomk || op == VectorOp::kApproxTopk;
}

query::BinaryOp binary_op(BinaryOp op) {
  // Both enumerations list the operators in the order of their precedence.
  static_assert(static_cast<int>(BinaryOp::kPow) == static_cast<int>(query::BinaryOp::kPow) &&
                static_cast<int>(BinaryOp::kSub) == static_cast<int>(query::BinaryOp::kSub) &&
                static_cast<int>(BinaryOp::kLessEqual) == static_cast<int>(query::BinaryOp::kLessEqual) &&
                static_cast<int>(BinaryOp::kOr) == static_cast<int>(query::BinaryOp::kOr));
  return static_cast<query::BinaryOp>(op);
}

query::BinaryOptions binary_options(const Binary& binary) {
  query::BinaryOptions options;
  options.return_bool = binary.return_bool;
  options.zero_divisor_is_nan = true;
  if (!binary.matching) return options;
  options.matching = true;
  options.compared = {!binary.matching->on, binary.matching->labels};
  options.card = static_cast<query::BinaryOptions::Card>(binary.matching->card);
  options.include = binary.matching->include;
  return options;
}

class Evaluation {
 public:
  Evaluation(query::QueryContext& context, const query::TimeGrid& grid) : context_(context), grid_(grid) {}

  Result<MetricValue> value(const Expr& expr) {
    return std::visit([this](const auto& node) { return evaluate(node); }, expr.node);
  }

 private:
  using Value = Result<MetricValue>;

  Value evaluate(const LogExpr&) { return error(Code::kInvalid, "only metric queries have a value"); }
  Value evaluate(const Literal& literal) { return MetricValue(literal.value); }
  Value evaluate(const VectorLiteral& literal) { return MetricValue(constant(literal.value)); }
  Value evaluate(const Variants&) {
    return error(Code::kInvalid, "multi variant queries are disabled for this instance");
  }

  Value evaluate(const CountDistinct& count) { return value(*count.expanded); }

  Value evaluate(const RangeAggregation& range) {
    TRY(matrix, run_range_query(context_, range, nullptr, grid_));
    return MetricValue(std::move(matrix));
  }

  Value evaluate(const VectorAggregation& aggregation) {
    TRY(result, aggregated(aggregation));
    // Only sort and sort_desc order an answer by value; Loki lists what topk and bottomk choose by labels.
    if (aggregation.op != VectorOp::kSort && aggregation.op != VectorOp::kSortDesc) {
      query::sort_by_labels(result);
      result.ordered = false;
    }
    return MetricValue(std::move(result));
  }

  // In no order where the operator gives it none.
  Result<query::Matrix> aggregated(const VectorAggregation& aggregation) {
    TRY_VOID(check_approximate(aggregation));
    TRY(inner, operand(*aggregation.inner, &aggregation));
    const query::LabelGrouping grouping{aggregation.grouping.without, aggregation.grouping.labels};
    const auto k = static_cast<std::size_t>(std::max<std::int64_t>(aggregation.parameter, 0));
    return query::aggregate(std::move(inner), aggregate_op(aggregation.op), grouping, k);
  }

  Value evaluate(const Binary& binary) {
    const query::BinaryOp op = binary_op(binary.op);
    const query::BinaryOptions options = binary_options(binary);
    TRY(left, value(*binary.lhs));
    TRY(right, value(*binary.rhs));
    const double* left_number = std::get_if<double>(&left);
    const double* right_number = std::get_if<double>(&right);
    if (query::is_set(op) && (left_number != nullptr || right_number != nullptr)) {
      return error(Code::kInvalid, "set operator {} needs a vector on both sides", name_of(binary.op));
    }
    if (left_number != nullptr && right_number != nullptr) {
      return MetricValue(query::binary_scalars(op, *left_number, *right_number, options));
    }
    if (right_number != nullptr) {
      return MetricValue(
          query::binary_right_scalar(op, std::get<query::Matrix>(std::move(left)), *right_number, options));
    }
    if (left_number != nullptr) {
      return MetricValue(
          query::binary_left_scalar(op, *left_number, std::get<query::Matrix>(std::move(right)), options));
    }
    TRY(matrix, query::binary(op, std::get<query::Matrix>(left), std::get<query::Matrix>(right), options));
    return MetricValue(std::move(matrix));
  }

  Value evaluate(const LabelReplace& replace) {
    TRY(matrix, operand(*replace.inner, nullptr));
    const re2::RE2 regex("^(?s:" + replace.regex + ")$", re2::RE2::Quiet);
    if (!regex.ok()) return error(Code::kInvalid, "invalid regex in label_replace: {}", regex.error());
    for (query::Series& series : matrix.series) series.labels = replaced(series.labels, replace, regex);
    query::sort_by_labels(matrix);
    return MetricValue(std::move(matrix));
  }

  // The value as series; `outer` as in run_range_query.
  Result<query::Matrix> operand(const Expr& expr, const VectorAggregation* outer) {
    if (const auto* range = std::get_if<RangeAggregation>(&expr.node)) {
      return run_range_query(context_, *range, outer, grid_);
    }
    // What is best does not depend on the order of what is looked at, and few series are left to be sorted then.
    const auto* chosen_from = std::get_if<VectorAggregation>(&expr.node);
    if (chosen_from != nullptr && outer != nullptr && chooses(outer->op)) return aggregated(*chosen_from);
    TRY(result, value(expr));
    if (const double* number = std::get_if<double>(&result)) return constant(*number);
    return std::get<query::Matrix>(std::move(result));
  }

  Result<void> check_approximate(const VectorAggregation& aggregation) const {
    if (aggregation.op != VectorOp::kApproxTopk || grid_.steps() == 1) return {};
    return error(Code::kInvalid, "count min sketches are only supported on instant queries");
  }

  query::Matrix constant(double number) const {
    return {grid_, {{LabelSet(), std::vector<double>(grid_.steps(), number)}}, false};
  }

  static LabelSet replaced(const LabelSet& labels, const LabelReplace& replace, const re2::RE2& regex) {
    const std::string_view source = labels.get(replace.source);
    const std::string_view destination = replace.destination;
    std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) + 1);
    if (!regex.Match(re2::StringPiece(source.data(), source.size()), 0, source.size(), re2::RE2::ANCHOR_BOTH,
                     groups.data(), static_cast<int>(groups.size()))) {
      return labels;
    }
    std::vector<std::pair<std::string, std::string>> pairs;
    pairs.emplace_back(destination, expand(replace.replacement, regex, groups));
    for (const auto& [name, value] : labels) {
      if (name != destination) pairs.emplace_back(name, value);
    }
    return LabelSet::from_pairs(std::move(pairs));
  }

  static std::string expand(std::string_view pattern, const re2::RE2& regex,
                            const std::vector<re2::StringPiece>& groups);

  query::QueryContext& context_;
  const query::TimeGrid& grid_;
};

bool is_name_character(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Go's Regexp.Expand: $name, ${name}, $1; $$ is a dollar; unknown groups are empty.
std::string Evaluation::expand(std::string_view pattern, const re2::RE2& regex,
                               const std::vector<re2::StringPiece>& groups) {
  std::string out;
  while (!pattern.empty()) {
    const std::size_t dollar = pattern.find('$');
    out += pattern.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    pattern.remove_prefix(dollar + 1);
    if (pattern.starts_with('$')) {
      out += '$';
      pattern.remove_prefix(1);
      continue;
    }
    const bool braces = pattern.starts_with('{');
    std::size_t end = braces ? 1 : 0;
    while (end < pattern.size() && is_name_character(pattern[end])) ++end;
    const std::string name(pattern.substr(braces ? 1 : 0, end - (braces ? 1 : 0)));
    if (name.empty() || (braces && (end >= pattern.size() || pattern[end] != '}'))) {
      out += '$';  // malformed: taken as it is
      continue;
    }
    pattern.remove_prefix(end + (braces ? 1 : 0));
    const bool number = name.find_first_not_of("0123456789") == std::string::npos && name.size() < 6;
    const auto named = regex.NamedCapturingGroups().find(name);
    const int group = number ? std::stoi(name) : named == regex.NamedCapturingGroups().end() ? -1 : named->second;
    if (group >= 0 && group < static_cast<int>(groups.size())) {
      out.append(groups[static_cast<std::size_t>(group)].data(), groups[static_cast<std::size_t>(group)].size());
    }
  }
  return out;
}

}  // namespace

Result<void> check_series(const query::QueryContext& context, const query::Matrix& matrix) {
  if (matrix.series.size() <= context.limits().series_max) return {};
  return error(Code::kLimit,
               "maximum number of series ({}) reached for a single query; consider reducing query cardinality by "
               "adding more specific stream selectors, reducing the time range, or aggregating results with functions "
               "like sum(), count() or topk()",
               context.limits().series_max);
}

Result<MetricValue> run_metric_query(query::QueryContext& context, const Expr& expr, const query::TimeGrid& grid) {
  Evaluation evaluation(context, grid);
  TRY(value, evaluation.value(expr));
  if (const auto* matrix = std::get_if<query::Matrix>(&value)) TRY_VOID(check_series(context, *matrix));
  return value;
}

}  // namespace trilobite::logql
