#include "metrics/printer.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "logs/text.h"
#include "metrics/durations.h"
#include "metrics/functions.h"
#include "query/number_format.h"

namespace trilobite::metrics {

namespace {

constexpr std::size_t kColumnsMax = 100;

bool is_plain_label(std::string_view name) {
  const auto fits = [](char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (name.empty() || !fits(name[0])) return false;
  return std::ranges::all_of(name, [&](char c) { return fits(c) || (c >= '0' && c <= '9'); });
}

std::string label_text(std::string_view name) { return is_plain_label(name) ? std::string(name) : logql::quote(name); }

std::string label_list(const std::vector<std::string>& names) {
  std::string out = "(";
  for (const std::string& name : names) {
    if (out.size() > 1) out += ", ";
    out += label_text(name);
  }
  return out + ")";
}

std::string matcher_text(const Matcher& matcher) {
  constexpr std::string_view kOps[] = {"=", "!=", "=~", "!~"};
  return label_text(matcher.name) + std::string(kOps[static_cast<std::size_t>(matcher.op)]) +
         logql::quote(matcher.value);
}

std::string selector_text(const VectorSelector& node) {
  std::vector<std::string> texts;
  for (const Matcher& matcher : node.matchers) {
    const bool is_name = matcher.name == "__name__" && matcher.op == MatchOp::kEqual && matcher.value == node.name;
    if (!is_name || node.name.empty()) texts.push_back(matcher_text(matcher));
  }
  std::ranges::sort(texts);
  if (texts.empty()) return node.name.empty() ? "{}" : node.name;
  std::string out = node.name + "{";
  for (const std::string& text : texts) {
    if (out.back() != '{') out += ",";
    out += text;
  }
  return out + "}";
}

std::string at_text(const Modifiers& modifiers) {
  switch (modifiers.at) {
    case Modifiers::At::kNone:
      return "";
    case Modifiers::At::kStart:
      return " @ start()";
    case Modifiers::At::kEnd:
      return " @ end()";
    case Modifiers::At::kTime:
      break;
  }
  const std::int64_t ms = modifiers.at_time / 1'000'000;
  return fmt::format(" @ {}{}.{:03}", ms < 0 ? "-" : "", std::abs(ms) / 1000, std::abs(ms) % 1000);
}

// Parts of milliseconds, which no unit has, are written as a number of seconds.
std::string written(const Duration& duration) {
  if (duration.expr) return to_string(*duration.expr);
  const bool exact = std::abs(duration.value) < (TimeNs{1} << 53);
  if (duration.value % 1'000'000 == 0 || !exact) return duration_text(duration.value);
  return query::number_text(static_cast<double>(duration.value) / kNsPerSecond);
}

std::string offset_text(const Modifiers& modifiers) {
  if (!modifiers.offset || (modifiers.offset->value == 0 && !modifiers.offset->expr)) return "";
  return " offset " + written(*modifiers.offset);
}

std::string extended_text(const VectorSelector& node) {
  return node.anchored ? " anchored" : node.smoothed ? " smoothed" : "";
}

std::string subquery_suffix(const Subquery& node) {
  return fmt::format("[{}:{}]{}{}", written(node.range), node.step ? written(*node.step) : "", at_text(node.modifiers),
                     offset_text(node.modifiers));
}

// Go's %v of a number: exponents for very large and very small ones.
std::string fill_text(double value) {
  const double magnitude = std::abs(value);
  if (value == 0 || !std::isfinite(value) || (magnitude >= 1e-4 && magnitude < 1e21)) return query::number_text(value);
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific);
  return {buffer, end.ptr};
}

std::string matching_text(const Binary& node) {
  std::string out = node.return_bool ? " bool" : "";
  if (!node.matching) return out;
  using Card = VectorMatching::Card;
  const VectorMatching& matching = *node.matching;
  const bool grouped = matching.card == Card::kManyToOne || matching.card == Card::kOneToMany;
  if (!matching.labels.empty() || matching.on || grouped) {
    out += (matching.on ? " on " : " ignoring ") + label_list(matching.labels);
  }
  if (grouped) {
    out += (matching.card == Card::kManyToOne ? " group_left " : " group_right ") + label_list(matching.include);
  }
  if (matching.fill_left && matching.fill_right && *matching.fill_left == *matching.fill_right) {
    return out + " fill (" + fill_text(*matching.fill_left) + ")";
  }
  if (matching.fill_left) out += " fill_left (" + fill_text(*matching.fill_left) + ")";
  if (matching.fill_right) out += " fill_right (" + fill_text(*matching.fill_right) + ")";
  return out;
}

std::string aggregation_text(const Aggregation& node) {
  std::string out(aggregate_name(node.op));
  if (node.without) return out + " without " + label_list(node.grouping) + " ";
  if (!node.grouping.empty()) out += " by " + label_list(node.grouping) + " ";
  return out;
}

std::string number_literal(const NumberLiteral& node) {
  if (!node.duration) return query::number_text(node.value);
  const double seconds = std::clamp(node.value, -9223372036.0, 9223372036.0);
  return duration_text(static_cast<TimeNs>(std::round(seconds * kNsPerSecond)));
}

std::string indent(std::size_t level) { return std::string(2 * level, ' '); }

// One line.
struct Plain {
  std::string operator()(const NumberLiteral& node) const { return number_literal(node); }
  std::string operator()(const StringLiteral& node) const { return logql::quote(node.value); }
  std::string operator()(const VectorSelector& node) const {
    return selector_text(node) + at_text(node.modifiers) + extended_text(node) + offset_text(node.modifiers);
  }
  std::string operator()(const MatrixSelector& node) const {
    const auto& inner = std::get<VectorSelector>(node.selector->node);
    return selector_text(inner) + "[" + written(node.range) + "]" + extended_text(inner) + at_text(inner.modifiers) +
           offset_text(inner.modifiers);
  }
  std::string operator()(const Subquery& node) const { return to_string(*node.expr) + subquery_suffix(node); }
  std::string operator()(const Call& node) const {
    std::string out(node.function->name);
    out += "(";
    for (const ExprPtr& argument : node.arguments) {
      if (&argument != &node.arguments.front()) out += ", ";
      out += to_string(*argument);
    }
    return out + ")";
  }
  std::string operator()(const Aggregation& node) const {
    return aggregation_text(node) + "(" + (node.parameter ? to_string(*node.parameter) + ", " : "") +
           to_string(*node.expr) + ")";
  }
  std::string operator()(const Binary& node) const {
    // The sign of +Inf would bind less than a power does.
    const auto* number = std::get_if<NumberLiteral>(&node.left->node);
    const bool infinite = number != nullptr && std::isinf(number->value) && number->value > 0;
    return fmt::format("{} {}{} {}", infinite && node.op == BinaryOp::kPow ? "Inf" : to_string(*node.left),
                       operator_text(node.op), matching_text(node), to_string(*node.right));
  }
  std::string operator()(const Unary& node) const { return (node.negate ? "-" : "+") + to_string(*node.expr); }
  std::string operator()(const Paren& node) const { return "(" + to_string(*node.expr) + ")"; }
};

std::string pretty(const Expr& expr, std::size_t level);

// The lines of a node that is too long for one; the first is not indented yet. Empty: it has no other form.
struct Split {
  std::size_t level;

  std::string operator()(const Call& node) const {
    std::string out = std::string(node.function->name) + "(\n";
    for (const ExprPtr& argument : node.arguments) {
      if (&argument != &node.arguments.front()) out += ",\n";
      out += pretty(*argument, level + 1);
    }
    return out + "\n" + indent(level) + ")";
  }
  std::string operator()(const Aggregation& node) const {
    std::string out = aggregation_text(node) + "(\n";
    if (node.parameter) out += pretty(*node.parameter, level + 1) + ",\n";
    return out + pretty(*node.expr, level + 1) + "\n" + indent(level) + ")";
  }
  std::string operator()(const Paren& node) const {
    return "(\n" + pretty(*node.expr, level + 1) + "\n" + indent(level) + ")";
  }
  template <class Other>
  std::string operator()(const Other&) const {
    return "";
  }
};

std::string pretty(const Expr& expr, std::size_t level) {
  if (const auto* unary = std::get_if<Unary>(&expr.node)) {
    const std::string below = pretty(*unary->expr, level);
    const std::size_t text = std::min(below.find_first_not_of(" \n"), below.size());
    return indent(level) + (unary->negate ? "-" : "+") + below.substr(text);
  }
  std::string line = to_string(expr);
  // Prometheus does not indent a subquery that fits, and neither do we: clients compare.
  const bool bare = std::holds_alternative<Subquery>(expr.node);
  if (line.size() <= kColumnsMax) return bare ? line : indent(level) + line;
  if (const auto* binary = std::get_if<Binary>(&expr.node)) {
    return fmt::format("{}\n{}{}{}\n{}", pretty(*binary->left, level + 1), indent(level), operator_text(binary->op),
                       matching_text(*binary), pretty(*binary->right, level + 1));
  }
  if (const auto* subquery = std::get_if<Subquery>(&expr.node)) {
    return pretty(*subquery->expr, level) + subquery_suffix(*subquery);
  }
  const std::string lines = std::visit(Split{level}, expr.node);
  return indent(level) + (lines.empty() ? line : lines);
}

struct NodeText {
  const Expr& expr;

  std::string operator()(const Subquery& node) const { return subquery_suffix(node); }
  std::string operator()(const Call& node) const { return std::string(node.function->name); }
  std::string operator()(const Aggregation& node) const {
    std::string out = aggregation_text(node);
    if (out.back() == ' ') out.pop_back();
    return out;
  }
  std::string operator()(const Binary& node) const { return std::string(operator_text(node.op)) + matching_text(node); }
  std::string operator()(const Unary& node) const { return node.negate ? "-" : "+"; }
  std::string operator()(const Paren&) const { return "()"; }
  template <class Other>
  std::string operator()(const Other&) const {
    return to_string(expr);
  }
};

std::string operand_text(const DurationExpr& expr) {
  using Op = DurationExpr::Op;
  const auto infix = [&](std::string_view op) {
    return fmt::format("{} {} {}", to_string(*expr.left), op, to_string(*expr.right));
  };
  const auto call = [&](std::string_view name) {
    return fmt::format("{}({}, {})", name, to_string(*expr.left), to_string(*expr.right));
  };
  switch (expr.op) {
    case Op::kNumber:
      return number_literal({expr.seconds, !expr.written_as_number});
    case Op::kStep:
      return "step()";
    case Op::kRange:
      return "range()";
    case Op::kNegate:
      return "-" + to_string(*expr.left);
    case Op::kPlus:
      return to_string(*expr.left);
    case Op::kAdd:
      return infix("+");
    case Op::kSub:
      return infix("-");
    case Op::kMul:
      return infix("*");
    case Op::kDiv:
      return infix("/");
    case Op::kMod:
      return infix("%");
    case Op::kPow:
      return infix("^");
    case Op::kMin:
      return call("min_of");
    case Op::kMax:
      return call("max_of");
  }
  return "";
}

}  // namespace

std::string to_string(const DurationExpr& expr) {
  const std::string text = operand_text(expr);
  return expr.parens ? "(" + text + ")" : text;
}

std::string to_string(const Expr& expr) { return std::visit(Plain{}, expr.node); }

std::string to_pretty_string(const Expr& expr) { return pretty(expr, 0); }

std::string node_text(const Expr& expr) { return std::visit(NodeText{expr}, expr.node); }

}  // namespace trilobite::metrics
