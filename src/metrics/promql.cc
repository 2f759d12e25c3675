#include "metrics/promql.h"

#include <algorithm>

#include "metrics/evaluator.h"
#include "metrics/interpolation.h"
#include "metrics/label_algebra.h"

namespace trilobite::metrics {
namespace {

std::vector<Point> points_of(const StepSeries& series, const query::TimeGrid& grid) {
  std::vector<Point> points;
  points.reserve(series.samples());
  for (std::size_t step = 0; step < series.values.size(); ++step) {
    if (const HistogramRef* histogram = series.histogram(step)) {
      points.push_back({grid.at(step), (*histogram)->sum, *histogram});
    } else if (query::is_present(series.values[step])) {
      points.push_back({grid.at(step), series.values[step], nullptr});
    }
  }
  return points;
}

void sort_by_labels(std::vector<ResultSeries>& series) {
  std::vector<const LabelSet*> sets;
  sets.reserve(series.size());
  for (const ResultSeries& one : series) sets.push_back(&one.labels);
  std::vector<ResultSeries> sorted;
  sorted.reserve(series.size());
  for (const std::size_t index : query::order_by_labels(sets)) sorted.push_back(std::move(series[index]));
  series = std::move(sorted);
}

// What is left of delayed names goes now.
Result<void> drop_names(StepVector& vector) {
  bool any = false;
  for (StepSeries& series : vector.series) {
    if (!series.drop_name) continue;
    series.labels = without_name(series.labels);
    any = true;
  }
  return any ? join_equal_labels(vector) : Result<void>();
}

// A range as the result: the samples themselves.
Result<std::vector<ResultSeries>> raw_ranges(Evaluator& evaluator, const Expr& expr) {
  const Expr& range = unwrapped(expr);
  TRY(windows, evaluator.windows_of(range));
  Extension extension{false, false, evaluator.query().options.lookback};
  if (const auto* matrix = std::get_if<MatrixSelector>(&range.node)) {
    const auto& selector = std::get<VectorSelector>(unwrapped(*matrix->selector).node);
    extension.anchored = selector.anchored;
    extension.smoothed = selector.smoothed;
  }
  std::vector<std::vector<ResultSeries>> parts(evaluator.workers());
  std::vector<Held> held(parts.size());
  TRY_VOID(evaluator.for_each_range(range, [&](std::size_t worker, const RangeSeries& samples) -> Result<void> {
    const bool extends = extension && samples.histograms.empty();
    const RangeSeries series = extends ? extended_range(samples, windows, extension) : samples;
    const TimeNs start = extends ? windows.end - windows.range - 1 : windows.end - windows.range;
    ResultSeries out;
    out.labels = samples.drop_name ? without_name(*samples.labels) : *samples.labels;
    const Slice floats = slice_of(series.times, start, windows.end);
    const Slice histograms = slice_of(series.histogram_times, start, windows.end);
    for (std::size_t i = floats.first; i < floats.last; ++i) {
      out.points.push_back({series.times[i], series.values[i], nullptr});
    }
    for (std::size_t i = histograms.first; i < histograms.last; ++i) {
      out.points.push_back({series.histogram_times[i], series.histograms[i]->sum, series.histograms[i]});
    }
    if (out.points.empty()) return {};
    std::sort(out.points.begin(), out.points.end(), [](const Point& a, const Point& b) { return a.time < b.time; });
    TRY_VOID(held[worker].add(evaluator.query().budget, out.points.size(), out.points.size() * sizeof(Point)));
    parts[worker].push_back(std::move(out));
    return {};
  }));
  std::vector<ResultSeries> all;
  for (std::vector<ResultSeries>& part : parts) std::move(part.begin(), part.end(), std::back_inserter(all));
  sort_by_labels(all);
  return all;
}

Result<void> evaluate(Evaluator& evaluator, const Expr& expr, bool range_query, QueryResult& result) {
  const query::TimeGrid& grid = evaluator.grid();
  switch (expr.type) {
    case ValueType::kString: {
      result.string = string_of(expr);
      return {};
    }
    case ValueType::kScalar: {
      TRY(scalar, evaluator.scalar(expr));
      std::vector<Point> points;
      for (std::size_t step = 0; step < evaluator.steps(); ++step) {
        points.push_back({grid.at(step), scalar.at(step), nullptr});
      }
      if (range_query) {
        result.series.push_back({{}, std::move(points)});
      } else {
        result.scalar = std::move(points);
      }
      return {};
    }
    case ValueType::kMatrix: {
      TRY(series, raw_ranges(evaluator, expr));
      result.series = std::move(series);
      return {};
    }
    default:
      break;
  }
  TRY(vector, evaluator.vector(expr));
  TRY_VOID(drop_names(vector));
  for (StepSeries& series : vector.series) {
    std::vector<Point> points = points_of(series, grid);
    if (!points.empty()) result.series.push_back({std::move(series.labels), std::move(points)});
    series = StepSeries();
  }
  if (range_query) sort_by_labels(result.series);
  return {};
}

}  // namespace

Result<QueryResult> run_promql(query::QueryContext& context, const Expr& expr, const query::TimeGrid& grid,
                               const PromqlOptions& options, Annotations& annotations) {
  const bool range_query = grid.step > 0;
  if (range_query && expr.type != ValueType::kScalar && expr.type != ValueType::kVector) {
    return error(Code::kInvalid, "invalid expression type \"{}\" for range query, must be Scalar or instant Vector",
                 type_name(expr.type));
  }
  Budget budget(options.samples_max, options.memory_max);
  const query::RunningQuery running(context.running(), budget.bytes());
  Evaluation query{context, options, annotations, budget, grid, selectors_counted(expr), {}};
  Evaluator evaluator(query, grid);
  evaluator.plan_scans(expr, query.shared);
  query.shared.finish_plan();
  QueryResult result;
  result.type = range_query ? ValueType::kMatrix : expr.type;
  TRY_VOID(evaluate(evaluator, expr, range_query, result));
  result.samples_read = budget.samples_read();
  result.samples_peak = budget.samples_peak();
  return result;
}

}  // namespace trilobite::metrics
