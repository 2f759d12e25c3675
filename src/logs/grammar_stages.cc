// The stages of a log pipeline: filters, parsers, formatters.
#include <array>
#include <utility>

#include "logs/grammar.h"
#include "logs/pattern.h"
#include "logs/regex.h"
#include "logs/text.h"

namespace trilobite::logql {

std::optional<MatchOp> match_op(const Token& token);  // grammar.cc

std::optional<LineFilter::Op> Grammar::line_filter_op() const {
  using Op = LineFilter::Op;
  for (const Op op : {Op::kContains, Op::kNotContains, Op::kRegex, Op::kNotRegex, Op::kPattern, Op::kNotPattern}) {
    if (peek().is(name_of(op))) return op;
  }
  return std::nullopt;
}

// All stages up to something else. With `unwrap` (in a range) "| unwrap" may end them.
Result<void> Grammar::stages(LogExpr& log, std::optional<Unwrap>* unwrap_out) {
  while (true) {
    if (const auto op = line_filter_op()) {
      TRY_VOID(check_end_of_stages(log));
      // Behind a log query of its own, "!=" may also compare; Loki's grammar takes it as a filter, and so do we.
      TRY(filter, line_filter(*op));
      log.stages.emplace_back(std::move(filter));
      continue;
    }
    if (!accept("|")) return {};
    if (unwrap_out != nullptr && peek().is("unwrap")) {
      TRY(value, unwrap());
      *unwrap_out = std::move(value);
      return {};
    }
    TRY(extension, extension_stage(log, unwrap_out != nullptr));
    if (extension) continue;
    TRY_VOID(check_end_of_stages(log));
    TRY(next, stage());
    log.stages.push_back(std::move(next));
  }
}

// ---- Line filters -------------------------------------------------------------------------------------------------

Result<LineFilter::Operand> Grammar::line_operand() {
  LineFilter::Operand out;
  if (accept("ip")) {
    out.ip = true;
    TRY_VOID(expect("(", {"("}));
    TRY(text, expect(TokenKind::kString, {"STRING"}));
    out.text = std::move(text);
    TRY_VOID(expect(")", {")"}));
    return out;
  }
  if (at_folded_text()) {
    take();
    out.fold_case = true;
  }
  TRY(text, expect(TokenKind::kString, {"STRING", "ip"}));
  out.text = std::move(text);
  return out;
}

Result<LineFilter> Grammar::line_filter(LineFilter::Op op) {
  LineFilter out;
  out.op = op;
  take();
  do {
    TRY(operand, line_operand());
    out.operands.push_back(std::move(operand));
  } while (accept("or"));
  return out;
}

// ---- Parsers and formatters ---------------------------------------------------------------------------------------

Result<std::vector<Extraction>> Grammar::extractions() {
  std::vector<Extraction> out;
  do {
    Extraction one;
    TRY(label, expect(TokenKind::kIdentifier, {"IDENTIFIER"}));
    one.label = std::move(label);
    one.expression = one.label;
    if (accept("=")) {
      TRY(expression, expect(TokenKind::kString, {"STRING"}));
      one.expression = std::move(expression);
    }
    out.push_back(std::move(one));
  } while (accept(","));
  return out;
}

Result<LabelFormatStage> Grammar::label_format() {
  LabelFormatStage out;
  do {
    LabelFormatStage::Format format;
    TRY(label, expect(TokenKind::kIdentifier, {"IDENTIFIER"}));
    format.label = std::move(label);
    TRY_VOID(expect("=", {"="}));
    if (peek().kind != TokenKind::kIdentifier && peek().kind != TokenKind::kString)
      return unexpected({"IDENTIFIER", "STRING"});
    format.rename = peek().kind == TokenKind::kIdentifier;
    format.value = take().text;
    out.formats.push_back(std::move(format));
  } while (accept(","));
  return out;
}

Result<std::vector<NameOrMatcher>> Grammar::names_or_matchers() {
  std::vector<NameOrMatcher> out;
  do {
    NameOrMatcher one;
    TRY(name, expect(TokenKind::kIdentifier, {"IDENTIFIER"}));
    one.name = std::move(name);
    if (const auto op = match_op(peek())) {
      take();
      TRY(value, expect(TokenKind::kString, {"STRING"}));
      TRY(matcher, checked({one.name, *op, std::move(value)}));
      one.matcher = std::move(matcher);
    }
    out.push_back(std::move(one));
  } while (accept(","));
  return out;
}

Result<Stage> Grammar::stage() {
  if (accept("json")) {
    JsonStage out;
    if (peek().kind == TokenKind::kIdentifier) {
      TRY(list, extractions());
      out.extractions = std::move(list);
    }
    return Stage{std::move(out)};
  }
  if (accept("logfmt")) {
    LogfmtStage out;
    while (peek().kind == TokenKind::kParserFlag) (take().text == "--strict" ? out.strict : out.keep_empty) = true;
    if (peek().kind == TokenKind::kIdentifier) {
      TRY(list, extractions());
      out.extractions = std::move(list);
    }
    return Stage{std::move(out)};
  }
  if (accept("pattern")) {
    TRY(text, expect(TokenKind::kString, {"STRING"}));
    if (auto pattern = Pattern::compile_parser(text); !pattern.ok()) {
      return invalid("invalid pattern parser: " + pattern.error().message);
    }
    return Stage{PatternStage{std::move(text)}};
  }
  if (accept("regexp")) {
    TRY(text, expect(TokenKind::kString, {"STRING"}));
    if (auto names = capture_names(text); !names.ok())
      return invalid("invalid regexp parser: " + names.error().message);
    return Stage{RegexpStage{std::move(text)}};
  }
  if (accept("unpack")) return Stage{UnpackStage{}};
  if (accept("decolorize")) return Stage{DecolorizeStage{}};
  if (accept("line_format")) {
    TRY(text, expect(TokenKind::kString, {"STRING"}));
    return Stage{LineFormatStage{std::move(text)}};
  }
  if (accept("label_format")) {
    TRY(format, label_format());
    return Stage{std::move(format)};
  }
  if (peek().is("drop") || peek().is("keep")) {
    const bool drop = take().name == "drop";
    TRY(labels, names_or_matchers());
    return drop ? Stage{DropStage{std::move(labels)}} : Stage{KeepStage{std::move(labels)}};
  }
  if (peek().kind != TokenKind::kIdentifier && !peek().is("(")) return unexpected();
  TRY(filter, label_filter(0));
  return Stage{std::move(filter)};
}

// ---- Label filters ------------------------------------------------------------------------------------------------

namespace {

constexpr int kOr = 1, kAnd = 2;

LabelFilter both(LabelFilter::Kind kind, LabelFilter left, LabelFilter right) {
  LabelFilter out;
  out.kind = kind;
  out.sides.push_back(std::move(left));
  out.sides.push_back(std::move(right));
  return out;
}

}  // namespace

// `and` before `or`, both to the left; a comma or a blank takes everything to its right as one operand.
Result<LabelFilter> Grammar::label_filter(int precedence) {
  const Level level(depth_);
  TRY_VOID(check_depth());
  TRY(left, label_condition());
  while (true) {
    const bool comma = accept(",");
    if (comma || peek().kind == TokenKind::kIdentifier || peek().is("(")) {
      TRY(right, label_filter(0));
      left = both(LabelFilter::Kind::kAnd, std::move(left), std::move(right));
      continue;
    }
    const int next = peek().is("and") ? kAnd : peek().is("or") ? kOr : 0;
    if (next <= precedence) return left;
    take();
    ++operators_;
    TRY_VOID(check_depth());
    TRY(right, label_filter(next));
    left = both(next == kAnd ? LabelFilter::Kind::kAnd : LabelFilter::Kind::kOr, std::move(left), std::move(right));
  }
}

Result<LabelFilter> Grammar::label_condition() {
  if (accept("(")) {
    TRY(inner, label_filter(0));
    TRY_VOID(expect(")", {}));
    return inner;
  }
  LabelFilter filter;
  TRY(name, expect(TokenKind::kIdentifier, {"IDENTIFIER", "("}));
  filter.matcher.name = std::move(name);
  return comparison(std::move(filter));
}

Result<LabelFilter> Grammar::comparison(LabelFilter filter) {
  using Kind = LabelFilter::Kind;
  static constexpr std::array<std::pair<std::string_view, CompareOp>, 7> kCompare{{{"=", CompareOp::kEqual},
                                                                                  {"==", CompareOp::kEqual},
                                                                                  {"!=", CompareOp::kNotEqual},
                                                                                  {">", CompareOp::kGreater},
                                                                                  {">=", CompareOp::kGreaterEqual},
                                                                                  {"<", CompareOp::kLess},
                                                                                  {"<=", CompareOp::kLessEqual}}};
  const auto match = match_op(peek());
  const CompareOp* compare = nullptr;
  for (const auto& [name, op] : kCompare) {
    if (peek().is(name)) compare = &op;
  }
  if (!match && compare == nullptr) return unexpected();
  take();
  if (match && peek().kind == TokenKind::kString) {
    filter.matcher.op = *match;
    filter.matcher.value = take().text;
    TRY(valid, checked(std::move(filter.matcher)));
    filter.matcher = std::move(valid);
    return filter;
  }
  if (compare == nullptr) return unexpected({"STRING"});
  filter.compare = *compare;
  if (match && accept("ip")) {
    filter.kind = Kind::kIp;
    TRY_VOID(expect("(", {"("}));
    TRY(text, expect(TokenKind::kString, {"STRING"}));
    filter.ip = std::move(text);
    TRY_VOID(expect(")", {")"}));
    return filter;
  }
  if (peek().kind == TokenKind::kDuration) {
    filter.kind = Kind::kDuration;
    filter.duration_ns = take().duration_ns;
    return filter;
  }
  if (peek().kind == TokenKind::kBytes) {
    filter.kind = Kind::kBytes;
    filter.bytes = take().bytes;
    return filter;
  }
  if (peek().kind != TokenKind::kNumber && !peek().is("+") && !peek().is("-")) return unexpected();
  filter.kind = Kind::kNumber;
  TRY(number, literal());
  filter.number = std::get<Literal>(number.node).value;
  return filter;
}

// ---- Unwrap -------------------------------------------------------------------------------------------------------

Result<Unwrap> Grammar::unwrap() {
  take();
  Unwrap out;
  using Conversion = Unwrap::Conversion;
  static constexpr std::array<std::pair<std::string_view, Conversion>, 3> kConversions{
      {{"bytes", Conversion::kBytes},
       {"duration", Conversion::kDuration},
       {"duration_seconds", Conversion::kDurationSeconds}}};
  if (peek().kind == TokenKind::kFunction) {
    for (const auto& [name, conversion] : kConversions) {
      if (peek().text == name) out.conversion = conversion;
    }
    if (out.conversion == Conversion::kNumber) return unexpected();
    take();
    TRY_VOID(expect("(", {"("}));
    TRY(label, expect(TokenKind::kIdentifier, {"IDENTIFIER"}));
    out.label = std::move(label);
    TRY_VOID(expect(")", {")"}));
  } else {
    TRY(label, expect(TokenKind::kIdentifier, {}));
    out.label = std::move(label);
  }
  while (accept("|")) {
    if (peek().kind != TokenKind::kIdentifier && !peek().is("(")) return unexpected({"IDENTIFIER", "("});
    TRY(filter, label_filter(0));
    out.filters.push_back(std::move(filter));
  }
  return out;
}

}  // namespace trilobite::logql
