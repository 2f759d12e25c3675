#include "logs/query_estimate.h"

#include <limits>

#include "logs/text.h"

namespace trilobite::logql {
namespace {

// Times of queries may be at the very ends of what a number holds.
TimeNs minus(TimeNs a, TimeNs b) {
  TimeNs out = 0;
  if (__builtin_sub_overflow(a, b, &out)) {
    return b > 0 ? std::numeric_limits<TimeNs>::min() : std::numeric_limits<TimeNs>::max();
  }
  return out;
}

class Estimation {
 public:
  Estimation(query::QueryContext& context, const query::TimeGrid& grid) : context_(context), grid_(grid) {}

  Result<void> add(const Expr& expr) {
    return std::visit([this](const auto& node) { return add(node); }, expr.node);
  }
  const QueryEstimate& total() const { return total_; }

 private:
  Result<void> add(const LogExpr& log) { return add(log.matchers, {grid_.start, grid_.end}); }
  Result<void> add(const RangeAggregation& range) {
    const TimeNs start = minus(minus(grid_.start, range.offset_ns), range.range_ns);
    return add(range.log.matchers, {start, minus(minus(grid_.end, range.offset_ns), -1)});
  }
  Result<void> add(const VectorAggregation& vector) { return add(*vector.inner); }
  Result<void> add(const CountDistinct& count) { return add(*count.expanded); }
  Result<void> add(const Binary& binary) {
    TRY_VOID(add(*binary.lhs));
    return add(*binary.rhs);
  }
  Result<void> add(const LabelReplace& replace) { return add(*replace.inner); }
  Result<void> add(const Literal&) { return {}; }
  Result<void> add(const VectorLiteral&) { return {}; }
  Result<void> add(const Variants&) { return {}; }  // not executed

  Result<void> add(const std::vector<Matcher>& matchers, const TimeRange& range) {
    TRY(series, context_.store().series({context_.tenant(), Signal::kLogs, range, matchers}));
    for (const SeriesInfo& info : series) {
      ++total_.streams;
      total_.rows += info.rows;
      total_.bytes += info.bytes;
    }
    return {};
  }

  query::QueryContext& context_;
  const query::TimeGrid& grid_;
  QueryEstimate total_;
};

}  // namespace

Result<QueryEstimate> estimate_query(query::QueryContext& context, const Expr& expr, const query::TimeGrid& grid) {
  Estimation estimation(context, grid);
  TRY_VOID(estimation.add(expr));
  return estimation.total();
}

Result<void> check_budget(query::QueryContext& context, const Expr& expr, const query::TimeGrid& grid,
                          std::uint64_t bytes_max) {
  if (bytes_max == 0) return {};
  TRY(estimate, estimate_query(context, expr, grid));
  if (estimate.bytes <= bytes_max) return {};
  return error(Code::kLimit,
               "the query would read too many bytes (query: {}, limit: {}); consider adding more specific stream "
               "selectors or reduce the time range of the query",
               format_bytes(estimate.bytes), format_bytes(bytes_max));
}

}  // namespace trilobite::logql
