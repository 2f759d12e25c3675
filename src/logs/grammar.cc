#include "logs/grammar.h"

#include <algorithm>
#include <charconv>

#include "logs/functions.h"
#include "logs/limits.h"
#include "logs/regex.h"
#include "logs/text.h"

namespace trilobite::logql {

// ---- Tokens -------------------------------------------------------------------------------------------------------

bool Grammar::accept(std::string_view symbol) {
  if (!peek().is(symbol)) return false;
  take();
  return true;
}

Error Grammar::unexpected(std::initializer_list<std::string_view> expecting) const {
  const Token& token = peek();
  if (token.kind == TokenKind::kError) return parse_error(token.line, token.column, token.text);
  std::string text = fmt::format("syntax error: unexpected {}", token.name);
  std::string_view glue = ", expecting ";
  for (const std::string_view name : expecting) {
    text += glue;
    text += name;
    glue = " or ";
  }
  return parse_error(token.line, token.column, text);
}

Result<void> Grammar::expect(std::string_view symbol, std::initializer_list<std::string_view> expecting) {
  if (!accept(symbol)) return unexpected(expecting);
  return {};
}

Result<std::string> Grammar::expect(TokenKind kind, std::initializer_list<std::string_view> expecting) {
  if (peek().kind != kind) return unexpected(expecting);
  return take().text;
}

Result<void> Grammar::check_depth() const {
  if (depth_ + operators_ > kQueryDepthMax) {
    return invalid(fmt::format("expression is nested too deeply (more than {} levels)", kQueryDepthMax));
  }
  return {};
}

// ---- Whole inputs -------------------------------------------------------------------------------------------------

Result<Expr> Grammar::query() {
  TRY(expr, expression(0));
  if (peek().kind != TokenKind::kEnd) return unexpected();
  return expr;
}

Result<std::vector<Matcher>> Grammar::matchers() {
  TRY(expr, query());
  auto* log = std::get_if<LogExpr>(&expr.node);
  if (log == nullptr || !log->stages.empty()) return error(Code::kInvalid, "only label matchers are supported");
  return std::move(log->matchers);
}

// ---- Expressions --------------------------------------------------------------------------------------------------

Result<Expr> Grammar::expression(int precedence) {
  const Level level(depth_);
  TRY_VOID(check_depth());
  TRY(left, primary());
  while (true) {
    const auto table = binary_operators();
    const auto row =
        std::find_if(table.begin(), table.end(), [&](const BinaryOperator& o) { return peek().is(o.name); });
    if (row == table.end() || row->precedence <= precedence) return left;
    take();
    ++operators_;
    TRY(binary, modifiers(row->op));
    TRY(right, expression(row->right ? row->precedence - 1 : row->precedence));
    TRY(both, combine(std::move(binary), std::move(left), std::move(right)));
    left = std::move(both);
  }
}

Result<Expr> Grammar::primary() {
  const Token& token = peek();
  if (token.is("{")) {
    LogExpr log;
    TRY(matchers, selector());
    log.matchers = std::move(matchers);
    TRY_VOID(stages(log, nullptr));
    return Expr{std::move(log)};
  }
  if (accept("(")) {
    TRY(inner, expression(0));
    TRY_VOID(expect(")", {}));
    return inner;
  }
  if (token.kind == TokenKind::kNumber || token.is("+") || token.is("-")) return literal();
  if (token.is("variants")) return variants();
  if (at_count_distinct()) return count_distinct();
  if (token.kind != TokenKind::kFunction) return unexpected();
  if (token.text == "label_replace") return label_replace();
  if (token.text == "vector") return vector_literal();
  for (const RangeFunction& row : range_functions()) {
    if (row.name == token.text) return range_aggregation();
  }
  for (const VectorFunction& row : vector_functions()) {
    if (row.name == token.text) return vector_aggregation();
  }
  return unexpected();
}

namespace {

Result<double> literal_value(const std::string& text) {
  const auto value = parse_number(text);
  if (!value) {
    return parse_error(
        0, 0,
        fmt::format("unable to parse literal as a float: strconv.ParseFloat: parsing {}: invalid syntax", quote(text)));
  }
  return *value;
}

}  // namespace

Result<Expr> Grammar::literal() {
  const bool negative = peek().is("-");
  if (peek().kind != TokenKind::kNumber) take();
  TRY(text, expect(TokenKind::kNumber, {"NUMBER"}));
  TRY(value, literal_value(text));
  return Expr{Literal{negative ? -value : value}};
}

Result<Expr> Grammar::vector_literal() {
  take();
  TRY_VOID(expect("(", {"("}));
  TRY(text, expect(TokenKind::kNumber, {"NUMBER"}));
  TRY_VOID(expect(")", {")"}));
  TRY(value, literal_value(text));
  return Expr{VectorLiteral{value}};
}

Result<Expr> Grammar::label_replace() {
  take();
  LabelReplace out;
  TRY_VOID(expect("(", {"("}));
  TRY(inner, expression(0));
  if (inner.is_log()) return unexpected();
  out.inner = std::make_unique<const Expr>(std::move(inner));
  for (std::string* argument : {&out.destination, &out.replacement, &out.source, &out.regex}) {
    TRY_VOID(expect(",", {","}));
    TRY(text, expect(TokenKind::kString, {"STRING"}));
    *argument = std::move(text);
  }
  TRY_VOID(expect(")", {")"}));
  auto regex = Regex::compile("^(?:" + out.regex + ")$", {});
  if (!regex.ok()) return invalid("invalid regex in label_replace: " + regex.error().message);
  return Expr{std::move(out)};
}

Result<Expr> Grammar::variants() {
  take();
  Variants out;
  TRY_VOID(expect("(", {"("}));
  do {
    TRY(member, expression(0));
    if (member.is_log()) return unexpected();
    out.members.push_back(std::make_unique<const Expr>(std::move(member)));
  } while (accept(","));
  TRY_VOID(expect(")", {")", ","}));
  TRY_VOID(expect("of", {"of"}));
  TRY_VOID(expect("(", {"("}));
  TRY(range, log_range());
  out.log = std::move(range.log);
  out.range_ns = range.range_ns;
  TRY_VOID(expect(")", {")"}));
  return Expr{std::move(out)};
}

// ---- Aggregations -------------------------------------------------------------------------------------------------

namespace {

Result<void> check_range(const RangeAggregation& range, const std::optional<std::string>& parameter) {
  const RangeFunction& function = function_of(range.op);
  const auto invalid = [](std::string text) { return parse_error(0, 0, text); };
  if (parameter && range.op != RangeOp::kQuantile) {
    return invalid(fmt::format("parameter {} not supported for operation {}", *parameter, function.name));
  }
  if (!parameter && range.op == RangeOp::kQuantile) {
    return invalid(fmt::format("parameter required for operation {}", function.name));
  }
  if (range.grouping && !function.grouping) {
    return invalid(fmt::format("grouping not allowed for {} aggregation", function.name));
  }
  if (range.unwrap && !function.with_unwrap)
    return invalid(fmt::format("invalid aggregation {} with unwrap", function.name));
  if (!range.unwrap && !function.without_unwrap) {
    return invalid(fmt::format("invalid aggregation {} without unwrap", function.name));
  }
  return {};
}

}  // namespace

Result<Expr> Grammar::range_aggregation() {
  RangeAggregation out;
  const std::string name = take().text;
  for (const RangeFunction& row : range_functions()) {
    if (row.name == name) out.op = row.op;
  }
  TRY_VOID(expect("(", {"("}));
  std::optional<std::string> parameter;
  if (peek().kind == TokenKind::kNumber) {
    parameter = take().text;
    TRY_VOID(expect(",", {","}));
  } else if (!peek().is("{") && !peek().is("(")) {
    return unexpected({"NUMBER", "{", "("});
  }
  TRY(range, log_range());
  TRY_VOID(expect(")", {")"}));
  out.log = std::move(range.log);
  out.unwrap = std::move(range.unwrap);
  out.range_ns = range.range_ns;
  out.offset_ns = range.offset_ns;
  if (peek().is("by") || peek().is("without")) {
    TRY(group, grouping());
    out.grouping = std::move(group);
  }
  TRY_VOID(check_range(out, parameter));
  if (parameter) {
    TRY(value, literal_value(*parameter));
    out.parameter = value;
  }
  return Expr{std::move(out)};
}

namespace {

Result<std::int64_t> check_vector(const VectorAggregation& vector, const std::optional<std::string>& parameter) {
  const std::string_view name = name_of(vector.op);
  const auto invalid = [](std::string text) { return parse_error(0, 0, text); };
  std::int64_t k = 0;
  if (function_of(vector.op).parameter) {
    if (!parameter) return invalid(fmt::format("parameter required for operation {}", name));
    const auto [end, code] = std::from_chars(parameter->data(), parameter->data() + parameter->size(), k);
    if (code != std::errc() || end != parameter->data() + parameter->size()) {
      return invalid(fmt::format("invalid parameter {}({},", name, *parameter));
    }
    if (k <= 0) return invalid(fmt::format("invalid parameter (must be greater than 0) {}({}", name, *parameter));
  } else if (parameter) {
    return invalid(fmt::format("unsupported parameter for operation {}({},", name, *parameter));
  }
  if (vector.grouping_written && vector.op == VectorOp::kApproxTopk) {
    return invalid(fmt::format("grouping not allowed for {} aggregation", name));
  }
  if (vector.grouping_written && (vector.op == VectorOp::kSort || vector.op == VectorOp::kSortDesc)) {
    return invalid("sort and sort_desc doesn't allow grouping by ");
  }
  return k;
}

}  // namespace

Result<Expr> Grammar::vector_aggregation() {
  VectorAggregation out;
  const std::string name = take().text;
  for (const VectorFunction& row : vector_functions()) {
    if (row.name == name) out.op = row.op;
  }
  const auto take_grouping = [&]() -> Result<void> {
    if (out.grouping_written || !(peek().is("by") || peek().is("without"))) return {};
    TRY(group, grouping());
    out.grouping = std::move(group);
    out.grouping_written = true;
    return {};
  };
  TRY_VOID(take_grouping());
  TRY_VOID(expect("(", {"("}));
  std::optional<std::string> parameter;
  if (peek().kind == TokenKind::kNumber && peek_next().is(",")) {
    parameter = take().text;
    take();
  }
  TRY(inner, expression(0));
  if (inner.is_log() || !peek().is(")")) return unexpected();
  take();
  TRY_VOID(take_grouping());
  TRY(k, check_vector(out, parameter));
  out.parameter = k;
  out.inner = std::make_unique<const Expr>(std::move(inner));
  return Expr{std::move(out)};
}

Result<Grouping> Grammar::grouping() {
  Grouping out;
  out.without = take().name == "without";
  TRY(labels, label_list());
  out.labels = std::move(labels);
  return out;
}

// "(a, b)" or "()".
Result<std::vector<std::string>> Grammar::label_list() {
  std::vector<std::string> out;
  TRY_VOID(expect("(", {"("}));
  if (accept(")")) return out;
  while (true) {
    TRY(label, expect(TokenKind::kIdentifier, {"IDENTIFIER"}));
    out.push_back(std::move(label));
    if (accept(")")) return out;
    TRY_VOID(expect(",", {")", ","}));
  }
}

// ---- Log ranges ---------------------------------------------------------------------------------------------------

// Allowed: sel[r] offset | stages | unwrap; sel | stages | unwrap [r] offset; (sel)[r] offset | unwrap;
// (sel | stages | unwrap)[r] offset; and any of these in parentheses.
Result<Grammar::LogRange> Grammar::log_range() {
  const Level level(depth_);
  TRY_VOID(check_depth());
  const bool parentheses = accept("(");
  if (parentheses && peek().is("(")) {
    TRY(inner, log_range());
    TRY_VOID(expect(")", {")"}));
    return inner;
  }
  if (!peek().is("{")) return unexpected({"{", "("});
  LogRange out;
  TRY(matchers, selector());
  out.log.matchers = std::move(matchers);
  TRY_VOID(stages(out.log, &out.unwrap));
  const bool bare = out.log.stages.empty() && !out.unwrap;
  if (peek().kind == TokenKind::kRange) {
    TRY_VOID(range_suffix(out, bare, bare));
    if (parentheses) TRY_VOID(expect(")", {")"}));
    return out;
  }
  if (!parentheses) return unexpected();
  TRY_VOID(expect(")", {}));
  if (peek().kind != TokenKind::kRange) return unexpected({"RANGE"});
  TRY_VOID(range_suffix(out, false, bare));
  return out;
}

Result<void> Grammar::range_suffix(LogRange& range, bool pipeline, bool unwrap_allowed) {
  range.range_ns = take().duration_ns;
  if (accept("offset")) {
    if (peek().kind != TokenKind::kDuration) return unexpected({"DURATION"});
    range.offset_ns = take().duration_ns;
  }
  if (pipeline) return stages(range.log, &range.unwrap);
  if (unwrap_allowed && peek().is("|") && peek_next().is("unwrap")) {
    take();
    TRY(value, unwrap());
    range.unwrap = std::move(value);
  }
  return {};
}

// ---- Binary operations --------------------------------------------------------------------------------------------

Result<Binary> Grammar::modifiers(BinaryOp op) {
  Binary out;
  out.op = op;
  out.return_bool = accept("bool");
  if (!peek().is("on") && !peek().is("ignoring")) return out;
  VectorMatching matching;
  matching.on = take().name == "on";
  TRY(labels, label_list());
  matching.labels = std::move(labels);
  if (peek().is("group_left") || peek().is("group_right")) {
    matching.card = take().name == "group_left" ? VectorMatching::Card::kManyToOne : VectorMatching::Card::kOneToMany;
    if (peek().is("(") && (peek_next().kind == TokenKind::kIdentifier || peek_next().is(")"))) {
      TRY(include, label_list());
      matching.include = std::move(include);
    }
  }
  out.matching = std::move(matching);
  return out;
}

Result<Expr> Grammar::combine(Binary binary, Expr left, Expr right) {
  const std::string_view op = name_of(binary.op);
  const auto check = [&](const Expr& leg, std::string_view side) -> Result<void> {
    if (const auto* log = std::get_if<LogExpr>(&leg.node)) {
      return invalid(fmt::format("unexpected type for {} leg of binary operation ({}): *syntax.{}", side, op,
                                 log->stages.empty() ? "MatchersExpr" : "PipelineExpr"));
    }
    const auto* literal = std::get_if<Literal>(&leg.node);
    if (literal != nullptr && is_set_operator(binary.op)) {
      return invalid(fmt::format("unexpected literal for {} leg of logical/set binary operation ({}): {:f}", side, op,
                                 literal->value));
    }
    return {};
  };
  TRY_VOID(check(left, "left"));
  TRY_VOID(check(right, "right"));
  const auto* a = std::get_if<Literal>(&left.node);
  const auto* b = std::get_if<Literal>(&right.node);
  if (a != nullptr && b != nullptr) return Expr{Literal{apply(binary.op, a->value, b->value)}};
  binary.lhs = std::make_unique<const Expr>(std::move(left));
  binary.rhs = std::make_unique<const Expr>(std::move(right));
  return Expr{std::move(binary)};
}

// ---- Selectors ----------------------------------------------------------------------------------------------------

Result<Matcher> Grammar::checked(Matcher matcher) const {
  if (matcher.op == MatchOp::kRegex || matcher.op == MatchOp::kNotRegex) {
    if (auto regex = Regex::compile(matcher.value, {.anchored = true}); !regex.ok())
      return invalid(regex.error().message);
  }
  return matcher;
}

std::optional<MatchOp> match_op(const Token& token) {
  for (const MatchOp op : {MatchOp::kEqual, MatchOp::kNotEqual, MatchOp::kRegex, MatchOp::kNotRegex}) {
    if (token.is(name_of(op))) return op;
  }
  return std::nullopt;
}

Result<std::vector<Matcher>> Grammar::selector() {
  std::vector<Matcher> out;
  TRY_VOID(expect("{", {"{"}));
  if (accept("}")) return out;
  while (true) {
    Matcher matcher;
    if (peek().kind != TokenKind::kIdentifier) {
      return out.empty() ? unexpected({"IDENTIFIER", "}"}) : unexpected({"IDENTIFIER"});
    }
    matcher.name = take().text;
    const auto op = match_op(peek());
    if (!op) return unexpected({"=", "=~", "!~", "!="});
    take();
    matcher.op = *op;
    TRY(value, expect(TokenKind::kString, {"STRING"}));
    matcher.value = std::move(value);
    TRY(valid, checked(std::move(matcher)));
    out.push_back(std::move(valid));
    if (accept("}")) return out;
    TRY_VOID(expect(",", {"}", ","}));
  }
}

}  // namespace trilobite::logql
