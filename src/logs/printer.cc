#include "logs/printer.h"

#include <fmt/format.h>

#include "logs/functions.h"
#include "logs/text.h"
#include "query/number_format.h"

namespace trilobite::logql {

namespace {

constexpr std::size_t kLineBytes = 100;  // where to_pretty_string breaks

std::string join(const std::vector<std::string>& parts, std::string_view glue) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += glue;
    out += part;
  }
  return out;
}

// "-0" would be read as a duration.
std::string literal(double value) { return query::number_text(value == 0 ? 0 : value); }

std::string to_string(const Matcher& matcher) {
  return fmt::format("{}{}{}", matcher.name, name_of(matcher.op), quote(matcher.value));
}

std::string to_string(const std::vector<Extraction>& list) {
  std::vector<std::string> parts;
  for (const Extraction& one : list) parts.push_back(fmt::format("{}={}", one.label, quote(one.expression)));
  return join(parts, ",");
}

std::string to_string(const std::vector<NameOrMatcher>& list) {
  std::vector<std::string> parts;
  for (const NameOrMatcher& one : list) parts.push_back(one.matcher ? to_string(*one.matcher) : one.name);
  return join(parts, ",");
}

std::string to_string(const Grouping& grouping) {
  return fmt::format("{} ({})", grouping.without ? "without" : "by", join(grouping.labels, ","));
}

std::string to_string(const Unwrap& unwrap) {
  static constexpr std::string_view kConversions[] = {"", "bytes", "duration", "duration_seconds"};
  const std::string_view conversion = kConversions[static_cast<std::size_t>(unwrap.conversion)];
  std::string out = conversion.empty() ? fmt::format("| unwrap {}", unwrap.label)
                                       : fmt::format("| unwrap {}({})", conversion, unwrap.label);
  for (const LabelFilter& filter : unwrap.filters) out += " | " + to_string(filter);
  return out;
}

struct StagePrinter {
  std::string operator()(const LineFilter& filter) const {
    std::string out(name_of(filter.op));
    std::string_view glue = " ";
    for (const LineFilter::Operand& operand : filter.operands) {
      out += glue;
      if (operand.fold_case) out += 'i';
      out += operand.ip ? fmt::format("ip({})", quote(operand.text)) : quote(operand.text);
      glue = " or ";
    }
    return out;
  }
  std::string operator()(const LabelFilter& filter) const { return "| " + to_string(filter); }
  std::string operator()(const JsonStage& stage) const {
    return stage.extractions.empty() ? "| json" : "| json " + to_string(stage.extractions);
  }
  std::string operator()(const LogfmtStage& stage) const {
    std::string out = "| logfmt";
    if (stage.strict) out += " --strict";
    if (stage.keep_empty) out += " --keep-empty";
    return stage.extractions.empty() ? out : out + " " + to_string(stage.extractions);
  }
  std::string operator()(const PatternStage& stage) const { return "| pattern " + quote(stage.pattern); }
  std::string operator()(const RegexpStage& stage) const { return "| regexp " + quote(stage.regex); }
  std::string operator()(const UnpackStage&) const { return "| unpack"; }
  std::string operator()(const DecolorizeStage&) const { return "| decolorize"; }
  std::string operator()(const LineFormatStage& stage) const { return "| line_format " + quote(stage.text); }
  std::string operator()(const LabelFormatStage& stage) const {
    std::vector<std::string> parts;
    for (const auto& format : stage.formats) {
      parts.push_back(fmt::format("{}={}", format.label, format.rename ? format.value : quote(format.value)));
    }
    return "| label_format " + join(parts, ",");
  }
  std::string operator()(const DropStage& stage) const { return "| drop " + to_string(stage.labels); }
  std::string operator()(const KeepStage& stage) const { return "| keep " + to_string(stage.labels); }
  std::string operator()(const UnrollStage& stage) const {
    if (stage.field.expression == stage.field.label) return "| unroll " + stage.field.label;
    return fmt::format("| unroll {}={}", stage.field.label, quote(stage.field.expression));
  }
};

// distinct and sort, each with "| " in front.
std::vector<std::string> clauses(const LogExpr& log) {
  std::vector<std::string> out;
  if (!log.distinct.empty()) out.push_back("| distinct " + join(log.distinct, ","));
  if (log.sort) {
    out.push_back(fmt::format("| sort by ({}){}", join(log.sort->labels, ","), log.sort->descending ? " desc" : ""));
  }
  return out;
}

// ---- Metric expressions ----

std::string modifiers(const Binary& binary) {
  std::string out(name_of(binary.op));
  if (binary.return_bool) out += " bool";
  if (!binary.matching) return out;
  const VectorMatching& matching = *binary.matching;
  out += fmt::format(" {} ({})", matching.on ? "on" : "ignoring", join(matching.labels, ","));
  if (matching.card == VectorMatching::Card::kOneToOne) return out;
  out += matching.card == VectorMatching::Card::kManyToOne ? " group_left" : " group_right";
  // Always with parentheses: what follows may start with one.
  return out + fmt::format(" ({})", join(matching.include, ","));
}

std::string range_suffix(std::int64_t range_ns, std::int64_t offset_ns) {
  std::string out = fmt::format("[{}]", format_prometheus_duration(range_ns));
  if (offset_ns != 0) out += " offset " + format_go_duration(offset_ns);
  return out;
}

std::string range_body(const RangeAggregation& range) {
  std::string out = to_string(range.log);
  if (range.unwrap) out += " " + to_string(*range.unwrap);
  return out + range_suffix(range.range_ns, range.offset_ns);
}

// The text of an expression; `pretty` breaks what is longer than a line, `indent` is the depth in units of two blanks.
class Printer {
 public:
  explicit Printer(bool pretty) : pretty_(pretty) {}

  std::string print(const Expr& expr, std::size_t depth) const {
    const std::string flat = std::visit([&](const auto& node) { return Printer(false).one(node, 0); }, expr.node);
    if (!pretty_) return flat;
    if (depth * 2 + flat.size() <= kLineBytes) return indent(depth) + flat;
    return std::visit([&](const auto& node) { return one(node, depth); }, expr.node);
  }

 private:
  static std::string indent(std::size_t depth) { return std::string(depth * 2, ' '); }

  std::string one(const LogExpr& log, std::size_t depth) const {
    if (!pretty_) return logql::to_string(log);
    std::string out = indent(depth) + logql::to_string(log.matchers);
    for (const Stage& stage : log.stages) out += "\n" + indent(depth + 1) + logql::to_string(stage);
    for (const std::string& clause : clauses(log)) out += "\n" + indent(depth + 1) + clause;
    return out;
  }
  std::string one(const RangeAggregation& range, std::size_t depth) const {
    std::string head = fmt::format("{}(", name_of(range.op));
    if (range.op == RangeOp::kQuantile) head += literal(range.parameter) + ",";
    const std::string tail = range.grouping ? " " + to_string(*range.grouping) : "";
    if (!pretty_) return head + range_body(range) + ")" + tail;
    std::string out = indent(depth) + head + "\n" + one(range.log, depth + 1);
    if (range.unwrap) out += "\n" + indent(depth + 2) + to_string(*range.unwrap);
    out += "\n" + indent(depth + 2) + range_suffix(range.range_ns, range.offset_ns);
    return out + "\n" + indent(depth) + ")" + tail;
  }
  // As written: without what the expansion adds.
  std::string one(const CountDistinct& count, std::size_t depth) const {
    const auto& vector = std::get<VectorAggregation>(count.expanded->node);
    const auto& range = std::get<RangeAggregation>(vector.inner->node);
    LogExpr log = range.log;
    log.stages.pop_back();
    const std::string head = fmt::format("count_distinct_over_time({}, ", count.label);
    const std::string tail = vector.grouping.labels.empty() ? "" : " " + to_string(vector.grouping);
    const std::string suffix = range_suffix(range.range_ns, range.offset_ns);
    if (!pretty_) return head + logql::to_string(log) + suffix + ")" + tail;
    return fmt::format("{0}{1}\n{2}\n{3}{4}\n{0}){5}", indent(depth), head, one(log, depth + 1), indent(depth + 2),
                       suffix, tail);
  }
  std::string one(const VectorAggregation& vector, std::size_t depth) const {
    std::string head(name_of(vector.op));
    if (vector.grouping_written) head += " " + to_string(vector.grouping);
    head += "(";
    if (function_of(vector.op).parameter) head += fmt::format("{}, ", vector.parameter);
    if (!pretty_) return head + print(*vector.inner, 0) + ")";
    return indent(depth) + head + "\n" + print(*vector.inner, depth + 1) + "\n" + indent(depth) + ")";
  }
  std::string one(const Binary& binary, std::size_t depth) const {
    const std::string op = modifiers(binary);
    if (!pretty_) return fmt::format("({} {} {})", print(*binary.lhs, 0), op, print(*binary.rhs, 0));
    return print(*binary.lhs, depth + 1) + "\n" + indent(depth) + op + "\n" + print(*binary.rhs, depth + 1);
  }
  std::string one(const LabelReplace& replace, std::size_t depth) const {
    const std::string arguments = fmt::format("{},{},{},{}", quote(replace.destination), quote(replace.replacement),
                                              quote(replace.source), quote(replace.regex));
    if (!pretty_) return fmt::format("label_replace({},{})", print(*replace.inner, 0), arguments);
    return fmt::format("{0}label_replace(\n{1},\n{2}{3}\n{0})", indent(depth), print(*replace.inner, depth + 1),
                       indent(depth + 1), arguments);
  }
  std::string one(const Literal& number, std::size_t depth) const { return indent(depth) + literal(number.value); }
  std::string one(const VectorLiteral& vector, std::size_t depth) const {
    const std::string six = fmt::format("{:f}", vector.value);  // Loki's form, where it loses nothing
    return indent(depth) + fmt::format("vector({})", parse_number(six) == vector.value ? six : literal(vector.value));
  }
  std::string one(const Variants& variants, std::size_t depth) const {
    std::vector<std::string> members;
    for (const ExprPtr& member : variants.members) members.push_back(Printer(false).print(*member, 0));
    return indent(depth) + fmt::format("variants({}) of ({}{})", join(members, ", "), logql::to_string(variants.log),
                                       range_suffix(variants.range_ns, 0));
  }

  bool pretty_;
};

}  // namespace

std::string to_string(const std::vector<Matcher>& matchers) {
  std::vector<std::string> parts;
  for (const Matcher& matcher : matchers) parts.push_back(to_string(matcher));
  return "{" + join(parts, ", ") + "}";
}

std::string to_string(const LabelFilter& filter) {
  const auto with_value = [&](const std::string& value) {
    return fmt::format("{}{}{}", filter.matcher.name, name_of(filter.compare), value);
  };
  switch (filter.kind) {
    case LabelFilter::Kind::kAnd:
      return fmt::format("( {} , {} )", to_string(filter.sides[0]), to_string(filter.sides[1]));
    case LabelFilter::Kind::kOr:
      return fmt::format("( {} or {} )", to_string(filter.sides[0]), to_string(filter.sides[1]));
    case LabelFilter::Kind::kString: return to_string(filter.matcher);
    case LabelFilter::Kind::kNumber: return with_value(literal(filter.number));
    case LabelFilter::Kind::kDuration: return with_value(format_go_duration(filter.duration_ns));
    case LabelFilter::Kind::kBytes: return with_value(format_bytes(filter.bytes));
    case LabelFilter::Kind::kIp: return with_value(fmt::format("ip({})", quote(filter.ip)));
  }
  CHECK(false);
}

std::string to_string(const Stage& stage) { return std::visit(StagePrinter{}, stage); }

std::string to_string(const LogExpr& log) {
  std::string out = to_string(log.matchers);
  for (const Stage& stage : log.stages) out += " " + to_string(stage);
  for (const std::string& clause : clauses(log)) out += " " + clause;
  return out;
}

std::string to_string(const Expr& expr) { return Printer(false).print(expr, 0); }
std::string to_pretty_string(const Expr& expr) { return Printer(true).print(expr, 0); }

}  // namespace trilobite::logql
