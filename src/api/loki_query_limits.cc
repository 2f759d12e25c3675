#include "api/loki_query_limits.h"

#include <fmt/format.h>

#include <algorithm>

#include "logs/regex.h"
#include "logs/text.h"

namespace trilobite::api {
namespace {

using logql::Expr;

// Calls selector(matchers) and range(ns) for each of a query.
template <class Selector, class Range>
Result<void> visit(const Expr& expr, const Selector& selector, const Range& range) {
  if (const auto* log = std::get_if<logql::LogExpr>(&expr.node)) return selector(log->matchers);
  if (const auto* over = std::get_if<logql::RangeAggregation>(&expr.node)) {
    TRY_VOID(range(over->range_ns));
    return selector(over->log.matchers);
  }
  if (const auto* vector = std::get_if<logql::VectorAggregation>(&expr.node))
    return visit(*vector->inner, selector, range);
  if (const auto* count = std::get_if<logql::CountDistinct>(&expr.node))
    return visit(*count->expanded, selector, range);
  if (const auto* replace = std::get_if<logql::LabelReplace>(&expr.node))
    return visit(*replace->inner, selector, range);
  if (const auto* binary = std::get_if<logql::Binary>(&expr.node)) {
    TRY_VOID(visit(*binary->lhs, selector, range));
    return visit(*binary->rhs, selector, range);
  }
  if (const auto* variants = std::get_if<logql::Variants>(&expr.node)) {
    for (const auto& member : variants->members) TRY_VOID(visit(*member, selector, range));
  }
  return {};
}

std::string names_of(const std::vector<Matcher>& matchers) {
  std::vector<std::string_view> names;
  for (const Matcher& matcher : matchers) names.push_back(matcher.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

Result<void> check_selector(const std::vector<Matcher>& matchers, const query::QueryLimits& limits) {
  std::vector<std::string_view> missing;
  for (const std::string& label : limits.required_labels) {
    const bool there = std::any_of(matchers.begin(), matchers.end(), [&](const Matcher& m) { return m.name == label; });
    if (!there) missing.push_back(label);
  }
  if (!missing.empty()) {
    return error(Code::kLimit,
                 "stream selector is missing required matchers [{}], labels present in the query were [{}]",
                 fmt::join(missing, ", "), names_of(matchers));
  }
  if (matchers.size() >= limits.matchers_min) return {};
  return error(Code::kLimit,
               "stream selector has less label matchers than required: (present: [{}], number_present: {}, "
               "required_number_label_matchers: {})",
               names_of(matchers), matchers.size(), limits.matchers_min);
}

Result<void> check_blocked(std::string_view text, const query::QueryLimits& limits) {
  for (const std::string& pattern : limits.blocked) {
    TRY(blocked, logql::Regex::compile(pattern, {.anchored = true}));
    if (blocked.matches(text)) return error(Code::kInvalid, "query blocked by policy");
  }
  return {};
}

}  // namespace

Result<void> check_query(const Expr& expr, std::string_view text, const query::QueryLimits& limits) {
  TRY_VOID(check_blocked(text, limits));
  std::size_t matchers = 0;
  const auto selector = [&](const std::vector<Matcher>& of_one) -> Result<void> {
    matchers += of_one.size();
    return check_selector(of_one, limits);
  };
  const auto range = [&](std::int64_t ns) -> Result<void> {
    const std::int64_t max = limits.interval_max.count();
    if (max == 0 || ns <= max) return {};
    return error(Code::kLimit, "[interval] value exceeds limit: [{}] > [{}]", logql::format_prometheus_duration(ns),
                 logql::format_prometheus_duration(max));
  };
  TRY_VOID(visit(expr, selector, range));
  if (limits.matchers_max == 0 || matchers <= limits.matchers_max) return {};
  return error(Code::kLimit, "max streams matchers per query exceeded, matchers-count > limit ({} > {})", matchers,
               limits.matchers_max);
}

Result<void> check_length(const Bounds& bounds, const query::QueryLimits& limits) {
  const TimeNs length = bounds.end - bounds.start;
  if (limits.length_max.count() == 0 || length <= limits.length_max.count()) return {};
  return error(Code::kLimit, "the query time range exceeds the limit (query length: {}, limit: {})",
               logql::format_go_duration(length), logql::format_prometheus_duration(limits.length_max.count()));
}

Bounds within_lookback(Bounds bounds, TimeNs now, const query::QueryLimits& limits) {
  if (limits.lookback_max.count() == 0) return bounds;
  bounds.start = std::max(bounds.start, now - limits.lookback_max.count());
  bounds.end = std::max(bounds.end, bounds.start);
  return bounds;
}

}  // namespace trilobite::api
