// What docs/logql-extensions.md has. Each form begins with something that is an error in Loki's grammar, so that no
// query of Loki's means anything else here.
#include "logs/grammar.h"

namespace trilobite::logql {

bool Grammar::at_folded_text() const {
  return extensions_ && peek().kind == TokenKind::kIdentifier && peek().text == "i" &&
         peek_next().kind == TokenKind::kString;
}

Result<std::vector<std::string>> Grammar::names() {
  std::vector<std::string> out;
  do {
    TRY(name, expect(TokenKind::kIdentifier, {"IDENTIFIER"}));
    out.push_back(std::move(name));
  } while (accept(","));
  return out;
}

Result<void> Grammar::check_end_of_stages(const LogExpr& log) const {
  if (log.sort) return invalid("nothing may follow sort");
  if (!log.distinct.empty()) return invalid("only sort may follow distinct");
  return {};
}

Result<bool> Grammar::extension_stage(LogExpr& log, bool in_range) {
  if (!extensions_) return false;
  const bool named = peek().kind == TokenKind::kIdentifier && peek_next().kind == TokenKind::kIdentifier;
  if (named && peek().text == "unroll") {
    TRY_VOID(check_end_of_stages(log));
    take();
    UnrollStage unroll;
    TRY(label, expect(TokenKind::kIdentifier, {"IDENTIFIER"}));
    unroll.field = {label, label};
    if (accept("=")) {
      TRY(expression, expect(TokenKind::kString, {"STRING"}));
      unroll.field.expression = std::move(expression);
    }
    for (const Stage& stage : log.stages) {
      if (std::holds_alternative<UnrollStage>(stage)) return invalid("a query can have one unroll only");
    }
    log.stages.emplace_back(std::move(unroll));
    return true;
  }
  const bool distinct = named && peek().text == "distinct";
  const bool sort = peek().kind == TokenKind::kFunction && peek().text == "sort" && peek_next().is("by");
  if (!distinct && !sort) return false;
  if (in_range) return invalid(fmt::format("{} is for log queries, not for ranges", distinct ? "distinct" : "sort"));
  if (log.sort || distinct) TRY_VOID(check_end_of_stages(log));
  take();
  if (distinct) {
    TRY(labels, names());
    log.distinct = std::move(labels);
    return true;
  }
  take();  // by
  TRY_VOID(expect("(", {"("}));
  TRY(labels, names());
  TRY_VOID(expect(")", {")", ","}));
  SortClause clause{std::move(labels), false};
  if (peek().kind == TokenKind::kIdentifier && (peek().text == "asc" || peek().text == "desc")) {
    clause.descending = take().text == "desc";
  }
  log.sort = std::move(clause);
  return true;
}

bool Grammar::at_count_distinct() const {
  return extensions_ && peek().kind == TokenKind::kIdentifier && peek().text == "count_distinct_over_time" &&
         peek_next().is("(");
}

Result<Expr> Grammar::count_distinct() {
  take();
  take();
  CountDistinct out;
  TRY(label, expect(TokenKind::kIdentifier, {"IDENTIFIER"}));
  out.label = std::move(label);
  TRY_VOID(expect(",", {","}));
  TRY(range, log_range());
  if (range.unwrap) return invalid("count_distinct_over_time counts texts, it takes no unwrap");
  TRY_VOID(expect(")", {")"}));
  Grouping by;
  if (peek().is("by") || peek().is("without")) {
    TRY(group, grouping());
    if (group.without) return invalid("count_distinct_over_time takes by, not without");
    by = std::move(group);
  }
  for (const std::string& name : by.labels) {
    if (name == out.label) return invalid(fmt::format("count_distinct_over_time counts {}, and groups by it", name));
  }
  LabelFilter present;
  present.matcher = {out.label, MatchOp::kNotEqual, ""};
  range.log.stages.emplace_back(std::move(present));
  RangeAggregation counts;
  counts.op = RangeOp::kCount;
  counts.log = std::move(range.log);
  counts.range_ns = range.range_ns;
  counts.offset_ns = range.offset_ns;
  counts.grouping = Grouping{false, by.labels};
  counts.grouping->labels.push_back(out.label);
  VectorAggregation count;
  count.op = VectorOp::kCount;
  count.grouping = std::move(by);
  count.grouping_written = true;
  count.inner = std::make_unique<const Expr>(Expr{std::move(counts)});
  out.expanded = std::make_unique<const Expr>(Expr{std::move(count)});
  return Expr{std::move(out)};
}

}  // namespace trilobite::logql
