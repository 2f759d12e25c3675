#include "metrics/grammar.h"

#include <algorithm>

#include "logs/text.h"
#include "metrics/functions.h"
#include "metrics/limits.h"

namespace trilobite::metrics {

namespace {

constexpr int kUnaryPrecedence = 6, kPowPrecedence = 7;  // a sign binds as multiplication does, below a power

int precedence(BinaryOp op) {
  switch (op) {
    case BinaryOp::kOr:
      return 1;
    case BinaryOp::kAnd:
    case BinaryOp::kUnless:
      return 2;
    case BinaryOp::kAdd:
    case BinaryOp::kSub:
      return 4;
    case BinaryOp::kMul:
    case BinaryOp::kDiv:
    case BinaryOp::kMod:
    case BinaryOp::kAtan2:
      return 5;
    case BinaryOp::kPow:
      return kPowPrecedence;
    default:
      return 3;  // comparisons and trims
  }
}

// Words that are names of metrics where an expression begins.
bool is_metric_word(const Token& token) {
  switch (token.kind) {
    case TokenKind::kIdentifier:
    case TokenKind::kMetricIdentifier:
    case TokenKind::kAggregator:
    case TokenKind::kBy:
    case TokenKind::kWithout:
    case TokenKind::kOffset:
    case TokenKind::kAnchored:
    case TokenKind::kSmoothed:
    case TokenKind::kFill:
    case TokenKind::kFillLeft:
    case TokenKind::kFillRight:
    case TokenKind::kStart:
    case TokenKind::kEndWord:
    case TokenKind::kStep:
    case TokenKind::kRange:
    case TokenKind::kMinOf:
    case TokenKind::kMaxOf:
      return true;
    case TokenKind::kOperator:
      return is_set(token.binary);
    default:
      return false;
  }
}

bool is_label_word(const Token& token) {
  if (token.is(BinaryOp::kAtan2)) return true;
  return is_metric_word(token) || (token.kind >= TokenKind::kBool && token.kind <= TokenKind::kFillRight);
}

bool is_function_word(const Token& token) {
  return token.is(TokenKind::kIdentifier) || token.kind >= TokenKind::kStart;
}

}  // namespace

// ---- Tokens and errors ----

const Token& Grammar::peek() {
  if (!ahead_) ahead_ = lexer_.next();
  return *ahead_;
}

Token Grammar::take() {
  Token token = peek();
  ahead_.reset();
  return token;
}

// What cannot be read at all comes before what is wrong with what was read.
Error Grammar::fail(Position at, std::string_view text) {
  if (ahead_ && ahead_->is(TokenKind::kError)) {
    at = ahead_->position;
    text = ahead_->text;
  }
  return error(Code::kInvalid, "{}: parse error: {}", place_text(lexer_.text(), at.start), text);
}

Error Grammar::unexpected() {
  return parts_.empty() ? unexpected("", "") : unexpected(parts_.back().place, parts_.back().wanted);
}

Error Grammar::unexpected(std::string_view place, std::string_view wanted) {
  std::string text = "unexpected " + describe(peek());
  if (!place.empty()) text += fmt::format(" in {}", place);
  if (!wanted.empty()) text += fmt::format(", expected {}", wanted);
  return fail(peek().position, text);
}

Result<Token> Grammar::expect(TokenKind kind) {
  if (!at(kind)) return unexpected();
  return take();
}

Result<ExprPtr> Grammar::finish(Expr expr, std::uint32_t depth_below) {
  expr.depth = depth_below + 1;
  if (expr.depth > kQueryDepthMax) {
    return fail(expr.position, fmt::format("expression is nested more than {} levels deep", kQueryDepthMax));
  }
  return std::make_unique<Expr>(std::move(expr));
}

// ---- Expressions ----

Result<ExprPtr> Grammar::query() {
  if (at(TokenKind::kEnd)) return fail({}, "no expression found in input");
  TRY(expr, expression(0));
  if (!at(TokenKind::kEnd)) return unexpected();
  return expr;
}

Result<ExprPtr> Grammar::expression(int precedence_min) {
  if (++nesting_ > kQueryDepthMax) {
    return fail(peek().position, fmt::format("expression is nested more than {} levels deep", kQueryDepthMax));
  }
  TRY(left, unary());
  while (at(TokenKind::kOperator) && precedence(peek().binary) >= precedence_min) {
    Binary node;
    node.op = take().binary;
    TRY_VOID(binary_modifiers(node));
    TRY(right, expression(precedence(node.op) + (node.op == BinaryOp::kPow ? 0 : 1)));
    const Position position{left->position.start, right->position.end};
    const std::uint32_t depth = std::max(left->depth, right->depth);
    const bool scalar = left->type == ValueType::kScalar && right->type == ValueType::kScalar;
    if (!options_.fill_modifiers && (node.matching->fill_left || node.matching->fill_right)) {
      return fail(position, "binop fill modifiers are experimental and not enabled");
    }
    node.left = std::move(left);
    node.right = std::move(right);
    TRY(whole, finish({std::move(node), scalar ? ValueType::kScalar : ValueType::kVector, position}, depth));
    left = std::move(whole);
  }
  --nesting_;
  return left;
}

Result<ExprPtr> Grammar::unary() {
  if (!peek().is(BinaryOp::kAdd) && !peek().is(BinaryOp::kSub)) {
    TRY(expr, primary());
    return postfix(std::move(expr));
  }
  const Token sign = take();
  const bool negate = sign.binary == BinaryOp::kSub;
  TRY(expr, expression(kUnaryPrecedence));
  if (auto* literal = std::get_if<NumberLiteral>(&expr->node)) {
    if (negate) literal->value = -literal->value;
    expr->position.start = sign.position.start;
    return expr;
  }
  const Position position{sign.position.start, expr->position.end};
  const ValueType type = expr->type;
  const std::uint32_t depth = expr->depth;
  return finish({Unary{negate, std::move(expr)}, type, position}, depth);
}

Result<ExprPtr> Grammar::primary() {
  switch (peek().kind) {
    case TokenKind::kNumber:
    case TokenKind::kDuration:
    case TokenKind::kString:
      return literal();
    case TokenKind::kLeftParen:
      return parenthesised();
    case TokenKind::kLeftBrace:
      word_ = {};
      return vector_selector();
    default:
      break;
  }
  if (!is_metric_word(peek())) return unexpected();
  // Whether a word is a function or a metric is seen at what follows it.
  word_ = take();
  const bool opens = at(TokenKind::kLeftParen);
  const bool groups = at(TokenKind::kBy) || at(TokenKind::kWithout);
  if (word_.is(TokenKind::kAggregator) && (opens || groups)) return aggregation();
  if (is_function_word(word_) && opens) return call();
  return vector_selector();
}

bool Grammar::starts_expression() {
  const Token& token = peek();
  switch (token.kind) {
    case TokenKind::kNumber:
    case TokenKind::kDuration:
    case TokenKind::kString:
    case TokenKind::kLeftParen:
    case TokenKind::kLeftBrace:
      return true;
    default:
      return token.is(BinaryOp::kAdd) || token.is(BinaryOp::kSub) || is_metric_word(token);
  }
}

Result<ExprPtr> Grammar::literal() {
  const Token token = take();
  if (token.is(TokenKind::kString)) {
    TRY(text, unquoted(token));
    return finish({StringLiteral{std::move(text)}, ValueType::kString, token.position}, 0);
  }
  TRY(value, number(token));
  return finish({NumberLiteral{value, token.is(TokenKind::kDuration)}, ValueType::kScalar, token.position}, 0);
}

// Of a number or a duration, which is its seconds.
Result<double> Grammar::number(const Token& token) {
  if (token.is(TokenKind::kDuration)) {
    const auto duration = logql::parse_prometheus_duration(token.text);
    if (!duration.ok()) return fail(token.position, duration.error().message);
    return static_cast<double>(*duration) / kNsPerSecond;
  }
  const auto value = parse_number_text(token.text);
  if (!value || value->out_of_range) {
    return fail(token.position, fmt::format("error parsing number: strconv.ParseFloat: parsing {}: {}",
                                            logql::quote(token.text), value ? "value out of range" : "invalid syntax"));
  }
  return value->value;
}

Result<ExprPtr> Grammar::parenthesised() {
  const Token open = take();
  TRY(expr, expression(0));
  TRY(close, expect(TokenKind::kRightParen));
  const ValueType type = expr->type;
  const std::uint32_t depth = expr->depth;
  return finish({Paren{std::move(expr)}, type, {open.position.start, close.position.end}}, depth);
}

// ---- Calls and aggregations ----

Result<std::vector<ExprPtr>> Grammar::arguments(Position& closing) {
  TRY(open, expect(TokenKind::kLeftParen));
  std::vector<ExprPtr> out;
  while (!at(TokenKind::kRightParen) || !out.empty()) {
    TRY(argument, expression(0));
    out.push_back(std::move(argument));
    if (!at(TokenKind::kComma)) break;
    const Token comma = take();
    if (!starts_expression()) return fail(comma.position, "trailing commas not allowed in function call args");
  }
  TRY(close, expect(TokenKind::kRightParen));
  closing = close.position;
  return out;
}

namespace {

std::uint32_t deepest(const std::vector<ExprPtr>& exprs) {
  std::uint32_t depth = 0;
  for (const ExprPtr& expr : exprs) depth = std::max(depth, expr->depth);
  return depth;
}

}  // namespace

Result<ExprPtr> Grammar::call() {
  const Token name = std::move(word_);
  Position closing;
  TRY(list, arguments(closing));
  const FunctionSignature* function = find_function(name.text);
  if (function == nullptr) {
    return fail(name.position, fmt::format("unknown function with name {}", logql::quote(name.text)));
  }
  if (function->experimental && !options_.experimental_functions) {
    return fail(name.position, fmt::format("function {} is not enabled", logql::quote(name.text)));
  }
  const std::uint32_t depth = deepest(list);
  return finish({Call{function, std::move(list)}, function->result, {name.position.start, closing.end}}, depth);
}

Result<ExprPtr> Grammar::aggregation() {
  const Token name = std::move(word_);
  const InPart part(*this, "aggregation", "");
  Aggregation node;
  node.op = name.aggregate;
  Position closing;
  if (!at(TokenKind::kLeftParen)) TRY_VOID(grouping(node, closing));
  TRY(list, arguments(closing));
  if (!node.has_grouping && (at(TokenKind::kBy) || at(TokenKind::kWithout))) TRY_VOID(grouping(node, closing));
  return make_aggregation(std::move(node), std::move(list), {name.position.start, closing.end});
}

Result<void> Grammar::grouping(Aggregation& node, Position& closing) {
  node.has_grouping = true;
  node.without = take().is(TokenKind::kWithout);
  TRY(names, labels(&closing));
  node.grouping = std::move(names);
  return {};
}

Result<ExprPtr> Grammar::make_aggregation(Aggregation node, std::vector<ExprPtr> list, Position position) {
  if (list.empty()) return fail(position, "no arguments for aggregate expression provided");
  if (node.op >= AggregateOp::kLimitk && !options_.experimental_functions) {
    return fail(position, fmt::format("{}() is experimental and must be enabled with "
                                      "--enable-feature=promql-experimental-functions",
                                      aggregate_name(node.op)));
  }
  const std::size_t wanted = has_parameter(node.op) ? 2 : 1;
  if (list.size() != wanted) {
    return fail(position,
                fmt::format("wrong number of arguments for aggregate expression provided, expected {}, got {}", wanted,
                            list.size()));
  }
  const std::uint32_t depth = deepest(list);
  node.expr = std::move(list.back());
  if (wanted == 2) node.parameter = std::move(list.front());
  return finish({std::move(node), ValueType::kVector, position}, depth);
}

// ---- Modifiers of binary operators ----

Result<void> Grammar::binary_modifiers(Binary& node) {
  VectorMatching matching;
  if (at(TokenKind::kBool)) {
    take();
    node.return_bool = true;
  }
  if (at(TokenKind::kOn) || at(TokenKind::kIgnoring)) {
    matching.on = take().is(TokenKind::kOn);
    TRY(names, labels(nullptr));
    matching.labels = std::move(names);
    if (at(TokenKind::kGroupLeft) || at(TokenKind::kGroupRight)) {
      matching.card =
          take().is(TokenKind::kGroupLeft) ? VectorMatching::Card::kManyToOne : VectorMatching::Card::kOneToMany;
      // Without labels, an expression follows; what cannot begin one is taken for bad labels.
      if (at(TokenKind::kLeftParen) || !starts_expression()) {
        TRY(include, labels(nullptr));
        matching.include = std::move(include);
      }
    }
  }
  TRY_VOID(fill_modifiers(matching));
  node.matching = std::move(matching);
  return {};
}

// fill(x), or fill_left(x) and fill_right(x) once each in any order.
Result<void> Grammar::fill_modifiers(VectorMatching& matching) {
  if (at(TokenKind::kFill)) {
    take();
    TRY(value, fill_value());
    matching.fill_left = matching.fill_right = value;
    return {};
  }
  while (true) {
    auto& side = at(TokenKind::kFillLeft) ? matching.fill_left : matching.fill_right;
    if ((!at(TokenKind::kFillLeft) && !at(TokenKind::kFillRight)) || side) return {};
    take();
    TRY(value, fill_value());
    side = value;
  }
}

Result<double> Grammar::fill_value() {
  TRY(open, expect(TokenKind::kLeftParen));
  double sign = 1;
  if (peek().is(BinaryOp::kAdd) || peek().is(BinaryOp::kSub)) sign = take().is(BinaryOp::kSub) ? -1 : 1;
  if (!at(TokenKind::kNumber) && !at(TokenKind::kDuration)) return unexpected();
  TRY(value, number(take()));
  TRY(close, expect(TokenKind::kRightParen));
  return sign * value;
}

Result<std::vector<std::string>> Grammar::labels(Position* closing) {
  constexpr std::string_view kPlace = "grouping opts";
  if (!at(TokenKind::kLeftParen)) return unexpected(kPlace, "\"(\"");
  take();
  std::vector<std::string> out;
  while (!at(TokenKind::kRightParen)) {
    if (!at(TokenKind::kString) && !is_label_word(peek())) return unexpected(kPlace, "label");
    const Token token = take();
    std::string name = token.text;
    if (token.is(TokenKind::kString)) {
      TRY(text, unquoted(token));
      name = std::move(text);
      if (name.empty() || !logql::is_utf8(name)) {
        return fail(token.position, "invalid label name for grouping: " + logql::quote(name));
      }
    }
    out.push_back(std::move(name));
    if (at(TokenKind::kRightParen)) break;
    if (!at(TokenKind::kComma)) return unexpected(kPlace, "\",\" or \")\"");
    take();
  }
  const Token close = take();
  if (closing != nullptr) *closing = close.position;
  return out;
}

}  // namespace trilobite::metrics
