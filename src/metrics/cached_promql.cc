#include "metrics/cached_promql.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "metrics/durations.h"
#include "metrics/printer.h"
#include "metrics/query_reach.h"
#include "query/matrix.h"
#include "query/result_slices.h"

namespace trilobite::metrics {
namespace {

using query::ResultPiece;
using query::ResultSlice;
using query::TimeGrid;

class CachedQuery {
 public:
  CachedQuery(query::QueryContext& context, const Expr& expr, const TimeGrid& grid, const PromqlOptions& options,
              Annotations& annotations, query::ResultCache& cache)
      : context_(context),
        expr_(expr),
        grid_(grid),
        options_(options),
        annotations_(annotations),
        slices_(context, grid, cache) {}

  Result<QueryResult> run() {
    const std::optional<QueryReach> reach = reach_of(expr_, options_);
    if (!query::ResultSlices::fits(grid_) || !reach || !reach->any || !find_slices(*reach)) {
      return run_promql(context_, expr_, grid_, options_, annotations_);
    }
    result_.type = ValueType::kMatrix;
    for (const ResultPiece& piece : slices_.cut()) {
      if (piece.found != nullptr) {
        place(piece);
        continue;
      }
      TRY(value, run_promql(context_, expr_, {grid_.at(piece.begin), grid_.at(piece.end - 1), grid_.step}, options_,
                            annotations_));
      if (can_be_kept(value)) slices_.keep(piece, [&](const ResultPiece& slice) { return part_of(value, slice); });
      place(std::move(value));
    }
    context_.add(slices_.statistics());
    std::sort(result_.series.begin(), result_.series.end(), [](const ResultSeries& a, const ResultSeries& b) {
      return query::compare_labels(a.labels, b.labels) < 0;
    });
    return std::move(result_);
  }

 private:
  std::string key_prefix() const {
    return fmt::format("promql\n{}\n{}\n{}\n{}\n{}\n{}\n", to_string(expr_), grid_.step, options_.lookback,
                       options_.subquery_step, options_.whole_number_increase, options_.start_of_all);
  }

  bool find_slices(const QueryReach& reach) {
    const auto rows_of = [&](TimeNs first, TimeNs last) {
      return TimeRange{time_minus(first, reach.oldest), time_plus(time_minus(last, reach.newest), 1)};
    };
    return slices_.find(Signal::kMetrics, key_prefix(), rows_of) && !slices_.empty();
  }

  // Values of a series at the steps of a slice; nothing if none is there.
  std::optional<std::vector<double>> values_of(const ResultSeries& series, const ResultPiece& slice) const {
    const auto before = [](const Point& point, TimeNs time) { return point.time < time; };
    auto at = std::lower_bound(series.points.begin(), series.points.end(), grid_.at(slice.begin), before);
    const TimeNs last = grid_.at(slice.end - 1);
    if (at == series.points.end() || at->time > last) return std::nullopt;
    std::vector<double> values(query::ResultSlices::kSteps, query::kAbsent);
    for (; at != series.points.end() && at->time <= last; ++at) {
      values[static_cast<std::size_t>((at->time - grid_.at(slice.begin)) / grid_.step)] = at->value;
    }
    return values;
  }

  bool can_be_kept(const QueryResult& value) const {
    const auto has_histogram = [](const ResultSeries& series) {
      return std::ranges::any_of(series.points, [](const Point& point) { return point.histogram != nullptr; });
    };
    return !annotations_.any() && std::ranges::none_of(value.series, has_histogram);
  }

  ResultSlice part_of(const QueryResult& value, const ResultPiece& slice) const {
    ResultSlice part;
    for (const ResultSeries& series : value.series) {
      if (auto values = values_of(series, slice)) part.series.push_back({series.labels, std::move(*values)});
    }
    return part;
  }

  std::vector<Point>& points_of(const LabelSet& labels) {
    const auto [at, fresh] = index_.try_emplace(std::string(labels.bytes()), result_.series.size());
    if (fresh) result_.series.push_back({labels, {}});
    return result_.series[at->second].points;
  }

  // Pieces come in the order of time, so what is added stands behind what is there.
  void place(const ResultPiece& piece) {
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
  query::ResultSlices slices_;
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
