// What is checked once a query has been read, in the order in which Prometheus reports it.
#include <algorithm>

#include "logs/regex.h"
#include "logs/text.h"
#include "metrics/functions.h"
#include "metrics/grammar.h"

namespace trilobite::metrics {

namespace {

constexpr std::string_view kOperandTypes = "binary expression must contain only scalar and instant vector types";

bool matches_empty(const Matcher& matcher) {
  if (matcher.op == MatchOp::kEqual) return matcher.value.empty();
  if (matcher.op == MatchOp::kNotEqual) return !matcher.value.empty();
  const auto regex = logql::Regex::compile(matcher.value, {.anchored = true});
  return regex.ok() && regex->matches("") == (matcher.op == MatchOp::kRegex);
}

class Checker {
 public:
  explicit Checker(std::string_view query) : query_(query) {}

  Result<void> check(Expr& expr) {
    return std::visit([&](auto& node) { return check_node(node, expr.position); }, expr.node);
  }

 private:
  Error fail(Position at, std::string_view text) const {
    return error(Code::kInvalid, "{}: parse error: {}", place_text(query_, at.start), text);
  }

  Result<void> check_node(NumberLiteral&, Position) { return {}; }
  Result<void> check_node(StringLiteral&, Position) { return {}; }
  Result<void> check_node(Paren& node, Position) { return check(*node.expr); }
  Result<void> check_node(MatrixSelector& node, Position) { return check(*node.selector); }

  Result<void> check_node(Unary& node, Position at) {
    TRY_VOID(check(*node.expr));
    if (node.expr->type == ValueType::kScalar || node.expr->type == ValueType::kVector) return {};
    return fail(at,
                fmt::format("unary expression only allowed on expressions of type scalar or instant vector, got \"{}\"",
                            type_name(node.expr->type)));
  }

  Result<void> check_node(Subquery& node, Position at) {
    TRY_VOID(check(*node.expr));
    if (node.expr->type == ValueType::kVector) return {};
    return fail(at,
                fmt::format("subquery is only allowed on instant vector, got {} instead", short_type_name(node.expr->type)));
  }

  Result<void> check_node(VectorSelector& node, Position at) {
    if (!node.name.empty()) {
      for (std::size_t i = 0; i + 1 < node.matchers.size(); ++i) {
        if (node.matchers[i].name != "__name__") continue;
        return fail(at, fmt::format("metric name must not be set twice: {} or {}", logql::quote(node.name),
                                    logql::quote(node.matchers[i].value)));
      }
      return {};
    }
    if (node.bypass_empty_check || !std::ranges::all_of(node.matchers, matches_empty)) return {};
    return fail(at, "vector selector must contain at least one non-empty matcher");
  }

  Result<void> expect(Expr& expr, ValueType type, std::string_view place) {
    TRY_VOID(check(expr));
    if (expr.type == type) return {};
    return fail(expr.position,
                fmt::format("expected type {} in {}, got {}", type_name(type), place, type_name(expr.type)));
  }

  Result<void> check_node(Aggregation& node, Position) {
    TRY_VOID(expect(*node.expr, ValueType::kVector, "aggregation expression"));
    if (!node.parameter) return {};
    const ValueType type = node.op == AggregateOp::kCountValues ? ValueType::kString : ValueType::kScalar;
    return expect(*node.parameter, type, "aggregation parameter");
  }

  Result<void> check_node(Call& node, Position at) {
    TRY_VOID(check_count(node, at));
    if (node.function->name == "info" && node.arguments.size() > 1) TRY_VOID(check_info(*node.arguments[1], at));
    const auto& types = node.function->arguments;
    for (std::size_t i = 0; i < node.arguments.size(); ++i) {
      TRY_VOID(expect(*node.arguments[i], types[std::min(i, types.size() - 1)],
                      fmt::format("call to function {}", logql::quote(node.function->name))));
    }
    return {};
  }

  Result<void> check_count(const Call& node, Position at) const {
    const FunctionSignature& function = *node.function;
    const std::size_t got = node.arguments.size(), declared = function.arguments.size();
    const auto wrong = [&](std::string_view how, std::size_t wanted) {
      return fail(at, fmt::format("expected {}{} argument(s) in call to {}, got {}", how, wanted,
                                  logql::quote(function.name), got));
    };
    if (function.variadic == 0) return got == declared ? Result<void>() : wrong("", declared);
    const std::size_t least = declared - 1;
    if (got < least) return wrong("at least ", least);
    const std::size_t most = least + static_cast<std::size_t>(std::max(function.variadic, 0));
    if (function.variadic > 0 && got > most) return wrong("at most ", most);
    return {};
  }

  // The second argument of info() is a bare selector of labels, which may match everything.
  Result<void> check_info(Expr& argument, Position at) const {
    if (argument.type != ValueType::kVector) {
      return fail(at, fmt::format("expected type instant vector in call to function \"info\", got {}",
                                  type_name(argument.type)));
    }
    auto* selector = std::get_if<VectorSelector>(&argument.node);
    if (selector == nullptr) return fail(argument.position, "expected label selectors only");
    if (!selector->name.empty()) {
      return fail(argument.position, "expected label selectors only, got vector selector instead");
    }
    selector->bypass_empty_check = true;
    return {};
  }

  // Where the operator stands, for errors about it: after the left operand and the blanks behind it.
  Position operator_position(const Binary& node) const {
    std::uint32_t start = node.left->position.end;
    while (start < query_.size() && std::string_view(" \t\n\r").find(query_[start]) != std::string_view::npos) ++start;
    return {start, node.right->position.start};
  }

  Result<void> check_node(Binary& node, Position at) {
    TRY_VOID(check(*node.left));
    TRY_VOID(check(*node.right));
    const ValueType left = node.left->type, right = node.right->type;
    const bool scalars = left == ValueType::kScalar && right == ValueType::kScalar;
    if (node.return_bool && !is_comparison(node.op)) {
      return fail(operator_position(node), "bool modifier can only be used on comparison operators");
    }
    if (is_comparison(node.op) && !node.return_bool && scalars) {
      return fail(operator_position(node), "comparisons between scalars must use BOOL modifier");
    }
    TRY_VOID(check_labels(node));
    const auto is_operand = [](ValueType type) { return type == ValueType::kScalar || type == ValueType::kVector; };
    if (!is_operand(left)) return fail(node.left->position, kOperandTypes);
    if (!is_operand(right)) return fail(node.right->position, kOperandTypes);
    return check_matching(node, at, left == ValueType::kVector && right == ValueType::kVector);
  }

  Result<void> check_labels(const Binary& node) const {
    if (!node.matching->on) return {};
    for (const std::string& label : node.matching->labels) {
      if (std::ranges::find(node.matching->include, label) == node.matching->include.end()) continue;
      return fail(operator_position(node),
                  fmt::format("label {} must not occur in ON and GROUP clause at once", logql::quote(label)));
    }
    return {};
  }

  Result<void> check_matching(Binary& node, Position at, bool vectors) const {
    using Card = VectorMatching::Card;
    VectorMatching& matching = *node.matching;
    const bool fills = matching.fill_left || matching.fill_right;
    const std::string name = logql::quote(operator_text(node.op));
    if (!vectors) {
      if (!matching.labels.empty()) return fail(at, "vector matching only allowed between instant vectors");
      if (fills) return fail(at, "filling in missing series only allowed between instant vectors");
      if (is_set(node.op)) {
        return fail(at, fmt::format("set operator {} not allowed in binary scalar expression", name));
      }
      node.matching.reset();
    } else if (is_set(node.op)) {
      if (matching.card != Card::kOneToOne) return fail(at, fmt::format("no grouping allowed for {} operation", name));
      if (fills) return fail(at, "filling in missing series not allowed for set operators");
      matching.card = Card::kManyToMany;
    }
    return {};
  }

  std::string_view query_;
};

}  // namespace

Result<void> check_types(Expr& expr, std::string_view query) { return Checker(query).check(expr); }

}  // namespace trilobite::metrics
