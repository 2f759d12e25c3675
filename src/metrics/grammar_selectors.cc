// Selectors, ranges, and what follows them: offset, @, anchored, smoothed.
#include <cmath>
#include <limits>

#include "logs/regex.h"
#include "logs/text.h"
#include "metrics/durations.h"
#include "metrics/grammar.h"

namespace trilobite::metrics {

namespace {

constexpr std::string_view kName = "__name__";

struct Modified {
  Modifiers* modifiers = nullptr;
  VectorSelector* selector = nullptr;  // null: a subquery
};

// Where offset and @ of an expression go; nothing where they may not stand.
Modified modified(Expr& expr) {
  if (auto* vector = std::get_if<VectorSelector>(&expr.node)) return {&vector->modifiers, vector};
  if (auto* matrix = std::get_if<MatrixSelector>(&expr.node)) {
    auto& vector = std::get<VectorSelector>(matrix->selector->node);
    return {&vector.modifiers, &vector};
  }
  if (auto* subquery = std::get_if<Subquery>(&expr.node)) return {&subquery->modifiers, nullptr};
  return {};
}

bool is_zero(const Duration& duration) { return duration.value == 0 && !duration.expr; }

}  // namespace

// ---- Selectors ----

Result<ExprPtr> Grammar::vector_selector() {
  const Token name = std::move(word_);
  VectorSelector node;
  node.name = name.text;
  Position position = name.position;
  if (at(TokenKind::kLeftBrace)) {
    if (name.text.empty()) position = peek().position;
    Position closing;
    TRY(list, matchers(closing));
    node.matchers = std::move(list);
    position.end = closing.end;
  }
  if (!node.name.empty()) node.matchers.push_back({std::string(kName), MatchOp::kEqual, node.name});
  return finish({std::move(node), ValueType::kVector, position}, 0);
}

Result<std::vector<Matcher>> Grammar::matchers(Position& closing) {
  take();
  std::vector<Matcher> out;
  while (!at(TokenKind::kRightBrace)) {
    TRY(one, matcher());
    out.push_back(std::move(one));
    if (at(TokenKind::kRightBrace)) break;
    if (!at(TokenKind::kComma)) return unexpected("label matching", "\",\" or \"}\"");
    take();
  }
  closing = take().position;
  return out;
}

Result<std::string> Grammar::label_name(std::string_view place) {
  if (!at(TokenKind::kIdentifier) && !at(TokenKind::kString)) return unexpected(place, "identifier or \"}\"");
  const Token token = take();
  return token.is(TokenKind::kString) ? unquoted(token) : token.text;
}

Result<Matcher> Grammar::matcher() {
  constexpr std::string_view kPlace = "label matching";
  const Token first = peek();
  TRY(name, label_name(kPlace));
  std::optional<MatchOp> op;
  if (at(TokenKind::kEqual)) op = MatchOp::kEqual;
  if (peek().is(BinaryOp::kNotEqual)) op = MatchOp::kNotEqual;
  if (at(TokenKind::kMatchRegex)) op = MatchOp::kRegex;
  if (at(TokenKind::kMatchNotRegex)) op = MatchOp::kNotRegex;
  if (!op) {
    if (first.is(TokenKind::kString)) return Matcher{std::string(kName), MatchOp::kEqual, std::move(name)};
    return unexpected(kPlace, "label matching operator");
  }
  take();
  if (!at(TokenKind::kString)) return unexpected(kPlace, "string");
  return make_matcher(std::move(name), first, *op);
}

Result<Matcher> Grammar::make_matcher(std::string name, const Token& first, MatchOp op) {
  const Token token = take();
  TRY(value, unquoted(token));
  if (op == MatchOp::kRegex || op == MatchOp::kNotRegex) {
    const auto regex = logql::Regex::compile(value, {.anchored = true});
    if (!regex.ok()) return fail({first.position.start, token.position.end}, regex.error().message);
  }
  return Matcher{std::move(name), op, std::move(value)};
}

Result<std::string> Grammar::unquoted(const Token& token) {
  const std::string_view inner = std::string_view(token.text).substr(1, token.text.size() - 2);
  if (token.text.front() == '`') return std::string(inner);
  // The lexer let through no escape but those of Go and \' in '...', which Go knows in characters only.
  std::string go;
  for (std::size_t i = 0; i < inner.size(); ++i) {
    if (inner[i] == '\\' && inner[i + 1] == '\'') {
      go += '\'';
      ++i;
    } else {
      go += inner[i];
      if (inner[i] == '\\') go += inner[++i];
    }
  }
  auto text = logql::unquote(go);
  if (!text)
    return fail(token.position, fmt::format("error unquoting string {}: invalid syntax", logql::quote(token.text)));
  return std::move(*text);
}

Result<std::vector<Matcher>> Grammar::selector() {
  word_ = {};
  if (!at(TokenKind::kLeftBrace)) {
    if (!starts_expression() || at(TokenKind::kNumber) || at(TokenKind::kDuration) || at(TokenKind::kString) ||
        at(TokenKind::kLeftParen) || peek().is(BinaryOp::kAdd) || peek().is(BinaryOp::kSub)) {
      return unexpected();
    }
    word_ = take();
  }
  TRY(expr, vector_selector());
  if (!at(TokenKind::kEnd)) return unexpected();
  return std::move(std::get<VectorSelector>(expr->node).matchers);
}

Result<LabelSet> Grammar::series() {
  std::vector<std::pair<std::string, std::string>> pairs;
  if (!at(TokenKind::kLeftBrace) && !at(TokenKind::kEnd)) {
    if (!starts_expression() || at(TokenKind::kNumber) || at(TokenKind::kString) || at(TokenKind::kLeftParen)) {
      return unexpected();
    }
    pairs.emplace_back(kName, take().text);
  }
  return label_set(std::move(pairs));
}

Result<LabelSet> Grammar::label_set(std::vector<std::pair<std::string, std::string>> pairs) {
  constexpr std::string_view kPlace = "label set";
  if (at(TokenKind::kLeftBrace)) {
    take();
    while (!at(TokenKind::kRightBrace)) {
      const Token first = peek();
      TRY(name, label_name(kPlace));
      if (at(TokenKind::kEqual)) {
        take();
        if (!at(TokenKind::kString)) return unexpected(kPlace, "string");
        TRY(value, unquoted(take()));
        pairs.emplace_back(std::move(name), std::move(value));
      } else if (first.is(TokenKind::kString)) {
        pairs.emplace_back(kName, std::move(name));
      } else {
        return unexpected(kPlace, "\"=\"");
      }
      if (at(TokenKind::kRightBrace)) break;
      if (!at(TokenKind::kComma)) return unexpected(kPlace, "\",\" or \"}\"");
      take();
    }
    take();
  }
  if (!at(TokenKind::kEnd)) return unexpected();
  return LabelSet::from_pairs(std::move(pairs));
}

// ---- What follows ----

Result<ExprPtr> Grammar::postfix(ExprPtr expr) {
  while (true) {
    switch (peek().kind) {
      case TokenKind::kLeftBracket: {
        TRY(ranged, range(std::move(expr)));
        expr = std::move(ranged);
        break;
      }
      case TokenKind::kOffset:
        TRY_VOID(offset(*expr));
        break;
      case TokenKind::kAt:
        TRY_VOID(at_modifier(*expr));
        break;
      case TokenKind::kAnchored:
      case TokenKind::kSmoothed:
        TRY_VOID(extended(*expr));
        break;
      default:
        return expr;
    }
  }
}

Result<ExprPtr> Grammar::range(ExprPtr expr) {
  const Token open = take();
  Duration range;
  {
    const InPart part(*this, "subquery or range selector", "number, duration, step(), or range()");
    TRY(read, range_duration());
    range = std::move(read);
  }
  if (at(TokenKind::kColon)) {
    take();
    Subquery node;
    node.range = std::move(range);
    if (!at(TokenKind::kRightBracket)) {
      const InPart part(*this, "subquery selector", "number, duration, step(), range(), or \"]\"");
      TRY(step, range_duration());
      node.step = std::move(step);
    }
    if (!at(TokenKind::kRightBracket)) return unexpected("subquery selector", "\"]\"");
    const Position position{expr->position.start, take().position.end};
    const std::uint32_t depth = expr->depth;
    node.expr = std::move(expr);
    return finish({std::move(node), ValueType::kMatrix, position}, depth);
  }
  if (!at(TokenKind::kRightBracket)) return unexpected("subquery or range", "\":\" or \"]\"");
  const Token close = take();
  const auto* vector = std::get_if<VectorSelector>(&expr->node);
  const Position brackets{open.position.start, close.position.end};
  if (vector == nullptr) return fail(brackets, "ranges only allowed for vector selectors");
  if (vector->modifiers.offset && !is_zero(*vector->modifiers.offset)) {
    return fail(brackets, "no offset modifiers allowed before range");
  }
  if (vector->modifiers.at != Modifiers::At::kNone) return fail(brackets, "no @ modifiers allowed before range");
  const Position position{expr->position.start, close.position.end};
  return finish({MatrixSelector{std::move(expr), std::move(range)}, ValueType::kMatrix, position}, 1);
}

Result<void> Grammar::offset(Expr& expr) {
  take();
  Duration offset;
  Position last;
  {
    const InPart part(*this, "offset", "number, duration, step(), or range()");
    TRY(read, offset_duration(last));
    offset = std::move(read);
  }
  const Modified target = modified(expr);
  if (target.modifiers == nullptr) {
    return fail(
        expr.position,
        "offset modifier must be preceded by an instant vector selector or range vector selector or a subquery");
  }
  if (target.modifiers->offset && !is_zero(*target.modifiers->offset)) {
    return fail(expr.position, "offset may not be set multiple times");
  }
  target.modifiers->offset = std::move(offset);
  expr.position.end = last.end;
  return {};
}

Result<void> Grammar::at_modifier(Expr& expr) {
  take();
  const InPart part(*this, "@", "timestamp");
  Modifiers::At at_kind = Modifiers::At::kTime;
  double seconds = 0;
  Position last;
  if (at(TokenKind::kStart) || at(TokenKind::kEndWord)) {
    at_kind = take().is(TokenKind::kStart) ? Modifiers::At::kStart : Modifiers::At::kEnd;
    TRY(open, expect(TokenKind::kLeftParen));
    TRY(close, expect(TokenKind::kRightParen));
    last = close.position;
  } else {
    const bool negate = peek().is(BinaryOp::kSub);
    if (negate || peek().is(BinaryOp::kAdd)) take();
    if (!at(TokenKind::kNumber) && !at(TokenKind::kDuration)) return unexpected();
    const Token token = take();
    TRY(value, number(token));
    seconds = negate ? -value : value;
    last = token.position;
    if (!(std::abs(seconds) < 9223372036854775808.0)) {
      return fail(expr.position,
                  std::isnan(seconds) || std::isinf(seconds)
                      ? fmt::format("timestamp out of bounds for @ modifier: {}", std::isnan(seconds) ? "NaN"
                                                                                  : seconds > 0       ? "+Inf"
                                                                                                      : "-Inf")
                      : fmt::format("timestamp out of bounds for @ modifier: {:f}", seconds));
    }
  }
  const Modified target = modified(expr);
  if (target.modifiers == nullptr) {
    return fail(expr.position,
                "@ modifier must be preceded by an instant vector selector or range vector selector or a subquery");
  }
  if (target.modifiers->at != Modifiers::At::kNone) {
    return fail(expr.position, "@ <timestamp> may not be set multiple times");
  }
  target.modifiers->at = at_kind;
  constexpr auto kLast = static_cast<double>(kTimeReach / 1'000'000);  // what lies beyond has no data either
  const double milliseconds = std::clamp(std::round(seconds * 1000), -kLast, kLast);
  target.modifiers->at_time = static_cast<TimeNs>(milliseconds) * 1'000'000;
  expr.position.end = last.end;
  return {};
}

Result<void> Grammar::extended(Expr& expr) {
  const Token word = take();
  const bool anchored = word.is(TokenKind::kAnchored);
  const std::string_view name = anchored ? "anchored" : "smoothed";
  if (!options_.extended_range_selectors) {
    return fail(expr.position, fmt::format("{} modifier is experimental and not enabled", name));
  }
  const Modified target = modified(expr);
  if (target.modifiers == nullptr) return fail(expr.position, fmt::format("{} modifier not implemented", name));
  if (target.selector == nullptr) {
    return fail(expr.position, fmt::format("{} modifier is not supported for subqueries", name));
  }
  (anchored ? target.selector->anchored : target.selector->smoothed) = true;
  if (target.selector->anchored && target.selector->smoothed) {
    return fail(expr.position, "anchored and smoothed modifiers cannot be used together");
  }
  return {};
}

}  // namespace trilobite::metrics
