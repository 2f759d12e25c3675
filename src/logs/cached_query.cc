#include "logs/cached_query.h"

#include <algorithm>
#include <unordered_map>

#include "logs/printer.h"
#include "query/result_slices.h"

namespace trilobite::logql {
namespace {

using query::Matrix;
using query::ResultPiece;
using query::ResultSlice;
using query::Series;
using query::TimeGrid;

// How far the rows that a step needs lie before it: (step - oldest, step - newest].
struct Reach {
  TimeNs oldest = 0, newest = 0;
  bool any = false;
  bool whole = false;  // the expression has a part that only the whole can evaluate

  void add(const RangeAggregation& range) {
    const TimeNs oldest_here = range.range_ns + range.offset_ns;
    oldest = any ? std::max(oldest, oldest_here) : oldest_here;
    newest = any ? std::min(newest, range.offset_ns) : range.offset_ns;
    any = true;
  }
};

void add_reach(const Expr& expr, Reach& reach) {
  std::visit(
      [&](const auto& node) {
        using Node = std::decay_t<decltype(node)>;
        if constexpr (std::is_same_v<Node, RangeAggregation>) {
          reach.add(node);
        } else if constexpr (std::is_same_v<Node, VectorAggregation> || std::is_same_v<Node, LabelReplace>) {
          add_reach(*node.inner, reach);
        } else if constexpr (std::is_same_v<Node, Binary>) {
          add_reach(*node.lhs, reach);
          add_reach(*node.rhs, reach);
        } else if constexpr (std::is_same_v<Node, LogExpr> || std::is_same_v<Node, Variants>) {
          reach.whole = true;
        }
      },
      expr.node);
}

bool has_twins(const std::vector<Series>& series) {
  std::vector<std::string_view> labels;
  for (const Series& each : series) labels.push_back(each.labels.bytes());
  std::sort(labels.begin(), labels.end());
  return std::adjacent_find(labels.begin(), labels.end()) != labels.end();
}

class CachedQuery {
 public:
  CachedQuery(query::QueryContext& context, const Expr& expr, const TimeGrid& grid, query::ResultCache& cache)
      : context_(context), expr_(expr), grid_(grid), slices_(context, grid, cache) {
    result_.grid = {grid.start, grid.last(), grid.step};
  }

  Result<MetricValue> run() {
    Reach reach;
    add_reach(expr_, reach);
    if (!query::ResultSlices::fits(grid_) || !reach.any || reach.whole || !find_slices(reach)) {
      return run_metric_query(context_, expr_, grid_);
    }
    for (const ResultPiece& piece : slices_.cut()) {
      if (piece.found != nullptr) {
        place(piece.found->series, piece.begin);
        continue;
      }
      TRY(value, run_metric_query(context_, expr_, {grid_.at(piece.begin), grid_.at(piece.end - 1), grid_.step}));
      auto* matrix = std::get_if<Matrix>(&value);
      // Two series of one name cannot be joined with those of other slices.
      if (matrix == nullptr || has_twins(matrix->series)) return run_metric_query(context_, expr_, grid_);
      slices_.keep(piece, [&](const ResultPiece& slice) { return part_of(*matrix, slice.begin - piece.begin); });
      place(matrix->series, piece.begin);
    }
    context_.add(slices_.statistics());
    query::drop_empty(result_);
    query::sort_by_labels(result_);
    TRY_VOID(check_series(context_, result_));
    return MetricValue(std::move(result_));
  }

 private:
  bool find_slices(const Reach& reach) {
    const std::string prefix = to_string(expr_) + '\0' + std::to_string(grid_.step) + '\0';
    return slices_.find(Signal::kLogs, prefix, [&](TimeNs first, TimeNs last) {
      return TimeRange{first - reach.oldest + 1, last - reach.newest + 1};
    });
  }

  static ResultSlice part_of(const Matrix& matrix, std::size_t begin) {
    ResultSlice part;
    for (const Series& series : matrix.series) {
      const auto first = series.values.begin() + static_cast<std::ptrdiff_t>(begin);
      std::vector<double> values(first, first + query::ResultSlices::kSteps);
      if (std::none_of(values.begin(), values.end(), query::is_present)) continue;
      part.series.push_back({series.labels, std::move(values)});
    }
    return part;
  }

  void place(const std::vector<Series>& series, std::size_t begin) {
    for (const Series& each : series) {
      const auto [at, fresh] = index_.try_emplace(std::string(each.labels.bytes()), result_.series.size());
      if (fresh) result_.series.push_back({each.labels, std::vector<double>(grid_.steps(), query::kAbsent)});
      std::copy(each.values.begin(), each.values.end(),
                result_.series[at->second].values.begin() + static_cast<std::ptrdiff_t>(begin));
    }
  }

  query::QueryContext& context_;
  const Expr& expr_;
  const TimeGrid grid_;
  query::ResultSlices slices_;
  Matrix result_;
  std::unordered_map<std::string, std::size_t> index_;  // labels to series of the result
};

}  // namespace

Result<MetricValue> run_cached_query(query::QueryContext& context, const Expr& expr, const query::TimeGrid& grid,
                                     query::ResultCache& cache) {
  return CachedQuery(context, expr, grid, cache).run();
}

}  // namespace trilobite::logql
