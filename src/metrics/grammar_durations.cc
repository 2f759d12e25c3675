// Durations: a number or a duration, or an expression of them with step() and range().
#include <algorithm>
#include <cmath>
#include <limits>

#include "metrics/grammar.h"
#include "metrics/limits.h"

namespace trilobite::metrics {

namespace {

using Op = DurationExpr::Op;

constexpr double kSecondsMax = 9223372036.854775808;  // beyond it, nanoseconds do not fit 64 bits

std::optional<Op> duration_operator(const Token& token) {
  if (!token.is(TokenKind::kOperator)) return std::nullopt;
  switch (token.binary) {
    case BinaryOp::kAdd:
      return Op::kAdd;
    case BinaryOp::kSub:
      return Op::kSub;
    case BinaryOp::kMul:
      return Op::kMul;
    case BinaryOp::kDiv:
      return Op::kDiv;
    case BinaryOp::kMod:
      return Op::kMod;
    case BinaryOp::kPow:
      return Op::kPow;
    default:
      return std::nullopt;
  }
}

int precedence(Op op) {
  if (op == Op::kAdd || op == Op::kSub) return 1;
  return op == Op::kPow ? 4 : 2;
}
constexpr int kSignPrecedence = 3;  // a sign binds as multiplication does, below a power

bool is_literal(const DurationExpr& expr) { return expr.op == Op::kNumber; }

Duration made(std::unique_ptr<DurationExpr> expr) {
  if (!is_literal(*expr)) return {0, std::move(expr)};
  // Values at the very end round to one nanosecond too many.
  const double ns = std::round(expr->seconds * kNsPerSecond);
  constexpr double kEnd = 9223372036854775807.0;
  if (ns >= kEnd) return {std::numeric_limits<TimeNs>::max(), nullptr};
  if (ns <= -kEnd) return {-std::numeric_limits<TimeNs>::max(), nullptr};
  return {static_cast<TimeNs>(ns), nullptr};
}

}  // namespace

Result<void> Grammar::require_expressions(Position at) {
  if (!options_.duration_expressions) return fail(at, "experimental duration expression is not enabled");
  return {};
}

Result<Duration> Grammar::range_duration() {
  TRY(expr, duration_expression(0));
  if (!is_literal(*expr)) return made(std::move(expr));
  if (expr->seconds <= 0) return fail(expr->position, "duration must be greater than 0");
  Duration out = made(std::move(expr));
  out.value = std::max<TimeNs>(out.value, 1);  // a billionth of a second that rounds to nothing is still above 0
  return out;
}

// After `offset` a literal ends the duration: `a offset 1m + b` adds b. More stands in parentheses.
Result<Duration> Grammar::offset_duration(Position& last) {
  std::optional<Token> sign;
  if (peek().is(BinaryOp::kAdd) || peek().is(BinaryOp::kSub)) sign = take();
  TRY(expr, duration_primary());
  last = closing_;
  if (!sign) return made(std::move(expr));
  TRY(signed_expr, with_sign(*sign, std::move(expr)));
  return made(std::move(signed_expr));
}

Result<Grammar::DurationPtr> Grammar::duration_expression(int precedence_min) {
  if (++nesting_ > kQueryDepthMax) {
    return fail(peek().position, fmt::format("expression is nested more than {} levels deep", kQueryDepthMax));
  }
  TRY(left, duration_unary());
  std::uint32_t chain = 0;
  while (const auto op = duration_operator(peek())) {
    if (precedence(*op) < precedence_min) break;
    const Token token = take();
    if (++chain > kQueryDepthMax) {
      return fail(token.position, fmt::format("expression is nested more than {} levels deep", kQueryDepthMax));
    }
    TRY(right, duration_expression(precedence(*op) + (*op == Op::kPow ? 0 : 1)));
    TRY_VOID(require_expressions(left->position));
    if (is_literal(*right) && right->seconds == 0 && (*op == Op::kDiv || *op == Op::kMod)) {
      return fail(token.position, *op == Op::kDiv ? "division by zero" : "modulo by zero");
    }
    auto whole = std::make_unique<DurationExpr>();
    whole->op = *op;
    whole->position = {left->position.start, right->position.end};
    whole->left = std::move(left);
    whole->right = std::move(right);
    left = std::move(whole);
  }
  --nesting_;
  return left;
}

Result<Grammar::DurationPtr> Grammar::duration_unary() {
  if (!peek().is(BinaryOp::kAdd) && !peek().is(BinaryOp::kSub)) return duration_primary();
  const Token sign = take();
  TRY(operand, duration_expression(kSignPrecedence));
  return with_sign(sign, std::move(operand));
}

Result<Grammar::DurationPtr> Grammar::with_sign(const Token& sign, DurationPtr operand) {
  const bool negate = sign.is(BinaryOp::kSub);
  if (is_literal(*operand)) {
    if (negate) operand->seconds = -operand->seconds;
    operand->position.start = sign.position.start;
    return operand;
  }
  if (!negate) return operand;
  auto whole = std::make_unique<DurationExpr>();
  whole->op = Op::kNegate;
  whole->position = {sign.position.start, operand->position.end};
  whole->left = std::move(operand);
  return whole;
}

Result<Grammar::DurationPtr> Grammar::duration_primary() {
  switch (peek().kind) {
    case TokenKind::kNumber:
    case TokenKind::kDuration:
      return duration_literal();
    case TokenKind::kStep:
    case TokenKind::kRange:
    case TokenKind::kMinOf:
    case TokenKind::kMaxOf:
      return duration_call();
    case TokenKind::kLeftParen:
      break;
    default:
      return unexpected();
  }
  take();
  TRY(inner, duration_expression(0));
  TRY(close, expect(TokenKind::kRightParen));
  closing_ = close.position;
  TRY_VOID(require_expressions(inner->position));
  if (!is_literal(*inner)) {
    inner->parens = true;
    return inner;
  }
  auto whole = std::make_unique<DurationExpr>();
  whole->op = Op::kPlus;
  whole->parens = true;
  whole->position = inner->position;
  whole->left = std::move(inner);
  return whole;
}

Result<Grammar::DurationPtr> Grammar::duration_literal() {
  const Token token = take();
  closing_ = token.position;
  TRY(seconds, number(token));
  if (!(std::abs(seconds) <= kSecondsMax)) return fail(token.position, "duration out of range");
  auto out = std::make_unique<DurationExpr>();
  out->seconds = seconds;
  out->written_as_number = token.is(TokenKind::kNumber);
  out->position = token.position;
  return out;
}

// step(), range(), min_of(a, b), max_of(a, b)
Result<Grammar::DurationPtr> Grammar::duration_call() {
  const Token name = take();
  auto out = std::make_unique<DurationExpr>();
  out->op = name.is(TokenKind::kStep)    ? Op::kStep
            : name.is(TokenKind::kRange) ? Op::kRange
            : name.is(TokenKind::kMinOf) ? Op::kMin
                                         : Op::kMax;
  TRY(open, expect(TokenKind::kLeftParen));
  if (out->op == Op::kMin || out->op == Op::kMax) {
    TRY(left, duration_expression(0));
    TRY(comma, expect(TokenKind::kComma));
    TRY(right, duration_expression(0));
    out->left = std::move(left);
    out->right = std::move(right);
  }
  TRY(close, expect(TokenKind::kRightParen));
  closing_ = close.position;
  out->position = {name.position.start, close.position.end};
  TRY_VOID(require_expressions(out->position));
  return out;
}

}  // namespace trilobite::metrics
