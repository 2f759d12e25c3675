#include "metrics/cached_promql.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "metrics/durations.h"
#include "metrics/printer.h"
#include "metrics/query_reach.h"
#include "query/matrix.h"

namespace trilobite::metrics {
namespace {

using query::ResultSlice;
using query::TimeGrid;

constexpr TimeNs kSliceSteps = 32;
constexpr std::size_t kGapsMax = 4;  // more pieces are read as one: each costs a scan

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

class CachedQuery {
 public:
  CachedQuery(query::QueryContext& context, const Expr& expr, const TimeGrid& grid, const PromqlOptions& options,
              Annotations& annotations, query::ResultCache& cache)
      : context_(context), expr_(expr), grid_(grid), options_(options), annotations_(annotations), cache_(cache) {}

  Result<QueryResult> run() {
    const std::optional<QueryReach> reach = reach_of(expr_, options_);
    if (grid_.steps() < 2 || grid_.start % grid_.step != 0 || !reach || !reach->any || !find_slices(*reach)) {
      return run_promql(context_, expr_, grid_, options_, annotations_);
    }
    result_.type = ValueType::kMatrix;
    for (const Piece& piece : cut()) {
      if (piece.found != nullptr) {
        place(piece);
        continue;
      }
      TRY(value, run_promql(context_, expr_, {grid_.at(piece.begin), grid_.at(piece.end - 1), grid_.step}, options_,
                            annotations_));
      keep(value, piece);
      place(std::move(value));
    }
    context_.add(statistics_);
    std::sort(result_.series.begin(), result_.series.end(), [](const ResultSeries& a, const ResultSeries& b) {
      return query::compare_labels(a.labels, b.labels) < 0;
    });
    return std::move(result_);
  }

 private:
  std::string key_prefix() const {
    return fmt::format("promql\n{}\n{}\n{}\n{}\n{}\n", to_string(expr_), grid_.step, options_.lookback,
                       options_.subquery_step, options_.whole_number_increase);
  }

  // The whole slices of the grid, with what is known of them. False when the store cannot say whether samples changed.
  bool find_slices(const QueryReach& reach) {
    const TimeNs length = kSliceSteps * grid_.step;
    const TimeNs past = grid_.start % length;
    TimeNs start = grid_.start - (past < 0 ? past + length : past);
    if (start < grid_.start) start += length;
    const std::string prefix = key_prefix();
    for (; start + length - grid_.step <= grid_.last(); start += length) {
      const TimeNs last = start + length - grid_.step;
      // Before anything is read: what changes while the slice is read makes it another version.
      const std::optional<std::uint64_t> version =
          context_.store().version(context_.tenant(), Signal::kMetrics,
                                   {time_minus(start, reach.oldest), time_plus(time_minus(last, reach.newest), 1)});
      if (!version) return false;
      const auto begin = static_cast<std::size_t>((start - grid_.start) / grid_.step);
      Slice slice{{begin, begin + kSliceSteps, nullptr}, prefix + std::to_string(start), *version};
      slice.piece.found = cache_.find(context_.tenant(), slice.key, *version);
      ++statistics_.slices_asked;
      slices_.push_back(std::move(slice));
    }
    return !slices_.empty();
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

  // Values of a series at the steps of a slice; nothing if none is there. `cursor` goes on from slice to slice.
  std::optional<std::vector<double>> values_of(const ResultSeries& series, const Piece& slice) const {
    const auto before = [](const Point& point, TimeNs time) { return point.time < time; };
    auto at = std::lower_bound(series.points.begin(), series.points.end(), grid_.at(slice.begin), before);
    const TimeNs last = grid_.at(slice.end - 1);
    if (at == series.points.end() || at->time > last) return std::nullopt;
    std::vector<double> values(kSliceSteps, query::kAbsent);
    for (; at != series.points.end() && at->time <= last; ++at) {
      values[static_cast<std::size_t>((at->time - grid_.at(slice.begin)) / grid_.step)] = at->value;
    }
    return values;
  }

  // The slices that lie in a piece which was read, unless they are still to come or cannot be kept.
  void keep(const QueryResult& value, const Piece& piece) {
    if (annotations_.any()) return;
    for (const ResultSeries& series : value.series) {
      if (std::ranges::any_of(series.points, [](const Point& point) { return point.histogram != nullptr; })) return;
    }
    for (const Slice& slice : slices_) {
      const auto& [begin, end, found] = slice.piece;
      if (begin < piece.begin || end > piece.end || grid_.at(end - 1) > context_.clock().now()) continue;
      auto kept = std::make_shared<ResultSlice>();
      for (const ResultSeries& series : value.series) {
        if (auto values = values_of(series, slice.piece)) kept->series.push_back({series.labels, std::move(*values)});
      }
      const std::size_t bytes = kept->bytes();
      if (!cache_.insert(context_.tenant(), slice.key, slice.version, std::move(kept))) continue;
      ++statistics_.slices_kept;
      statistics_.bytes_kept += bytes;
    }
  }

  std::vector<Point>& points_of(const LabelSet& labels) {
    const auto [at, fresh] = index_.try_emplace(std::string(labels.bytes()), result_.series.size());
    if (fresh) result_.series.push_back({labels, {}});
    return result_.series[at->second].points;
  }

  // Pieces come in the order of time, so what is added stands behind what is there.
  void place(const Piece& piece) {
    for (const query::Series& series : piece.found->series) {
      std::vector<Point>& points = points_of(series.labels);
      for (std::size_t i = 0; i < series.values.size(); ++i) {
        if (!query::is_present(series.values[i])) continue;
        points.push_back({grid_.at(piece.begin + i), series.values[i], nullptr});
      }
    }
  }

  void place(QueryResult value) {
    result_.samples_read += value.samples_read;
    result_.samples_peak = std::max(result_.samples_peak, value.samples_peak);
    for (ResultSeries& series : value.series) {
      std::vector<Point>& points = points_of(series.labels);
      std::move(series.points.begin(), series.points.end(), std::back_inserter(points));
    }
  }

  query::QueryContext& context_;
  const Expr& expr_;
  const TimeGrid grid_;
  const PromqlOptions& options_;
  Annotations& annotations_;
  query::ResultCache& cache_;
  query::CacheStatistics statistics_;
  std::vector<Slice> slices_;
  QueryResult result_;
  std::unordered_map<std::string, std::size_t> index_;  // labels to series of the result
};

}  // namespace

Result<QueryResult> run_cached_promql(query::QueryContext& context, const Expr& expr, const TimeGrid& grid,
                                      const PromqlOptions& options, Annotations& annotations,
                                      query::ResultCache& cache) {
  return CachedQuery(context, expr, grid, options, annotations, cache).run();
}

}  // namespace trilobite::metrics
