#include "logs/cached_query.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "logs/printer.h"

namespace trilobite::logql {
namespace {

using query::Matrix;
using query::ResultSlice;
using query::Series;
using query::TimeGrid;

constexpr TimeNs kSliceSteps = 32;
constexpr std::size_t kGapsMax = 4;  // more pieces are read as one: each costs a scan

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

// Steps begin .. end - 1 of the grid.
struct Piece {
  std::size_t begin = 0, end = 0;
  std::shared_ptr<const ResultSlice> found;  // null: has to be read
};

struct Slice {
  Piece piece;
  std::string key;
  std::uint64_t version = 0;
};

bool has_twins(const std::vector<Series>& series) {
  std::vector<std::string_view> labels;
  for (const Series& each : series) labels.push_back(each.labels.bytes());
  std::sort(labels.begin(), labels.end());
  return std::adjacent_find(labels.begin(), labels.end()) != labels.end();
}

class CachedQuery {
 public:
  CachedQuery(query::QueryContext& context, const Expr& expr, const TimeGrid& grid, query::ResultCache& cache)
      : context_(context), expr_(expr), grid_(grid), cache_(cache) {
    result_.grid = {grid.start, grid.last(), grid.step};
  }

  Result<MetricValue> run() {
    Reach reach;
    add_reach(expr_, reach);
    if (grid_.steps() < 2 || grid_.start % grid_.step != 0 || !reach.any || reach.whole || !find_slices(reach)) {
      return run_metric_query(context_, expr_, grid_);
    }
    std::vector<Piece> pieces = cut();
    for (Piece& piece : pieces) {
      if (piece.found != nullptr) {
        place(piece.found->series, piece.begin);
        continue;
      }
      TRY(value, run_metric_query(context_, expr_, {grid_.at(piece.begin), grid_.at(piece.end - 1), grid_.step}));
      auto* matrix = std::get_if<Matrix>(&value);
      // Two series of one name cannot be joined with those of other slices.
      if (matrix == nullptr || has_twins(matrix->series)) return run_metric_query(context_, expr_, grid_);
      keep(*matrix, piece);
      place(matrix->series, piece.begin);
    }
    context_.add(statistics_);
    query::drop_empty(result_);
    query::sort_by_labels(result_);
    TRY_VOID(check_series(context_, result_));
    return MetricValue(std::move(result_));
  }

 private:
  // The whole slices of the grid, with what is known of them. False when the store cannot say whether rows changed.
  bool find_slices(const Reach& reach) {
    const TimeNs length = kSliceSteps * grid_.step;
    const TimeNs past = grid_.start % length;
    TimeNs start = grid_.start - (past < 0 ? past + length : past);
    if (start < grid_.start) start += length;
    const std::string prefix = to_string(expr_) + '\0' + std::to_string(grid_.step) + '\0';
    for (; start + length - grid_.step <= grid_.last(); start += length) {
      const TimeNs last = start + length - grid_.step;
      // Before anything is read: what changes while the slice is read makes it another version.
      const std::optional<std::uint64_t> version = context_.store().version(
          context_.tenant(), Signal::kLogs, {start - reach.oldest + 1, last - reach.newest + 1});
      if (!version) return false;
      const auto begin = static_cast<std::size_t>((start - grid_.start) / grid_.step);
      Slice slice{{begin, begin + kSliceSteps, nullptr}, prefix + std::to_string(start), *version};
      slice.piece.found = cache_.find(context_.tenant(), slice.key, *version);
      ++statistics_.slices_asked;
      slices_.push_back(std::move(slice));
    }
    return true;
  }

  // Known slices, and the gaps between them.
  std::vector<Piece> cut() {
    std::vector<Piece> out;
    std::size_t at = 0, gaps = 0;
    const auto gap_until = [&](std::size_t end) {
      if (at == end) return;
      out.push_back({at, end, nullptr});
      ++gaps;
    };
    for (const Slice& slice : slices_) {
      if (slice.piece.found == nullptr) continue;
      gap_until(slice.piece.begin);
      out.push_back(slice.piece);
      at = slice.piece.end;
    }
    gap_until(grid_.steps());
    if (gaps > kGapsMax) return {{0, grid_.steps(), nullptr}};
    for (const Piece& piece : out) {
      if (piece.found == nullptr) continue;
      ++statistics_.slices_found;
      statistics_.bytes_found += piece.found->bytes();
      statistics_.time_found += kSliceSteps * grid_.step;
    }
    return out;
  }

  // The slices that lie in a piece which was read, unless they are still to come.
  void keep(const Matrix& matrix, const Piece& piece) {
    for (const Slice& slice : slices_) {
      const auto& [begin, end, found] = slice.piece;
      if (begin < piece.begin || end > piece.end || grid_.at(end - 1) > context_.clock().now()) continue;
      auto kept = std::make_shared<ResultSlice>();
      for (const Series& series : matrix.series) {
        const auto first = series.values.begin() + static_cast<std::ptrdiff_t>(begin - piece.begin);
        std::vector<double> values(first, first + kSliceSteps);
        if (std::none_of(values.begin(), values.end(), query::is_present)) continue;
        kept->series.push_back({series.labels, std::move(values)});
      }
      const std::size_t bytes = kept->bytes();
      if (!cache_.insert(context_.tenant(), slice.key, slice.version, std::move(kept))) continue;
      ++statistics_.slices_kept;
      statistics_.bytes_kept += bytes;
    }
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
  query::ResultCache& cache_;
  query::CacheStatistics statistics_;
  std::vector<Slice> slices_;
  Matrix result_;
  std::unordered_map<std::string, std::size_t> index_;  // labels to series of the result
};

}  // namespace

Result<MetricValue> run_cached_query(query::QueryContext& context, const Expr& expr, const query::TimeGrid& grid,
                                     query::ResultCache& cache) {
  return CachedQuery(context, expr, grid, cache).run();
}

}  // namespace trilobite::logql
