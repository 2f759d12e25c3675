// Functions of ranges: which kernel takes the floats of a window, and what becomes of windows with histograms.
#include <algorithm>
#include <cmath>

#include "metrics/annotation_texts.h"
#include "metrics/function_table.h"
#include "metrics/interpolation.h"
#include "metrics/label_algebra.h"
#include "metrics/range_histograms.h"
#include "metrics/range_kernels.h"
#include "metrics/range_starts.h"

namespace trilobite::metrics {
namespace {

struct RangeFunction {
  std::string_view name;
  FloatKernel floats;
  HistogramKernel histograms;  // for series that have any, after `floats`
  bool keeps_name = false;
};

constexpr RangeFunction kRangeFunctions[] = {
    {"rate", rate_of_floats, rate_of_histograms},
    {"increase", increase_of_floats, increase_of_histograms},
    {"delta", delta_of_floats, delta_of_histograms},
    {"irate", irate_of_floats, irate_of_histograms},
    {"idelta", idelta_of_floats, idelta_of_histograms},
    {"resets", resets_of_floats, resets_of_mixed},
    {"changes", changes_of_floats, changes_of_mixed},
    {"deriv", deriv_of_floats, ignore_histograms},
    {"predict_linear", predict_of_floats, ignore_histograms},
    {"double_exponential_smoothing", smoothing_of_floats, ignore_histograms},
    {"avg_over_time", avg_of_floats, avg_of_histograms},
    {"sum_over_time", sum_of_floats, sum_of_histograms},
    {"min_over_time", min_of_floats, ignore_histograms},
    {"max_over_time", max_of_floats, ignore_histograms},
    {"count_over_time", count_of_floats, count_of_mixed},
    {"stddev_over_time", stddev_of_floats, ignore_histograms},
    {"stdvar_over_time", stdvar_of_floats, ignore_histograms},
    {"quantile_over_time", quantile_of_floats, ignore_histograms},
    {"mad_over_time", deviation_of_floats, ignore_histograms},
    {"last_over_time", last_of_floats, last_of_mixed, true},
    {"first_over_time", first_of_floats, first_of_mixed, true},
    {"present_over_time", present_of_floats, present_of_mixed},
    {"ts_of_min_over_time", time_of_min, ignore_histograms},
    {"ts_of_max_over_time", time_of_max, ignore_histograms},
    {"ts_of_first_over_time", time_of_first, time_of_first_mixed},
    {"ts_of_last_over_time", time_of_last, time_of_last_mixed},
};

const RangeFunction& find_range_function(std::string_view name) {
  const auto found = std::find_if(std::begin(kRangeFunctions), std::end(kRangeFunctions),
                                  [&](const RangeFunction& function) { return function.name == name; });
  CHECK(found != std::end(kRangeFunctions));
  return *found;
}

bool is_rate_or_increase(std::string_view name) { return name == "rate" || name == "increase"; }

bool is_change(std::string_view name) { return is_rate_or_increase(name) || name == "delta"; }

// Which windows the selector asks for.
Extension extension_of(const Evaluator& evaluator, const Expr& range, std::string_view name) {
  const PromqlOptions& options = evaluator.query().options;
  Extension extension{false, false, options.lookback};
  const MatrixSelector* matrix = std::get_if<MatrixSelector>(&unwrapped(range).node);
  if (!matrix) return extension;
  const VectorSelector& selector = std::get<VectorSelector>(unwrapped(*matrix->selector).node);
  // Without extrapolation, a change is counted from the sample before the window.
  extension.anchored = selector.anchored || (is_change(name) && !selector.smoothed && options.whole_number_increase);
  extension.smoothed = selector.smoothed;
  return extension;
}

// Errors that depend on arguments are raised where there is something to compute.
Result<void> check_arguments(std::string_view name, const RangeCall& call, const RangeSeries& series) {
  if (name != "double_exponential_smoothing") return {};
  for (std::size_t step = 0; step < call.windows.count; ++step) {
    const TimeNs end = call.windows.end_of(step), start = end - call.windows.range;
    if (slice_of(series.times, start, end).size() + slice_of(series.histogram_times, start, end).size() == 0) continue;
    const double level = call.scalars[0].at(step), trend = call.scalars[1].at(step);
    if (level <= 0 || level >= 1) {
      return error(Code::kInternal, "invalid smoothing factor. Expected: 0 < sf < 1, got: {:f}", level);
    }
    if (trend <= 0 || trend >= 1) {
      return error(Code::kInternal, "invalid trend factor. Expected: 0 < tf < 1, got: {:f}", trend);
    }
  }
  return {};
}

void note_arguments(std::string_view name, const RangeCall& call, const StepSeries& out, Annotations& annotations,
                    Position position) {
  if (name != "quantile_over_time") return;
  for (std::size_t step = 0; step < out.values.size(); ++step) {
    const double quantile = call.scalars[0].at(step);
    if (quantile >= 0 && quantile <= 1) continue;
    if (query::is_present(out.values[step])) warn_quantile(annotations, quantile, position);
    if (call.scalars[0].constant() && query::is_present(out.values[step])) return;
  }
}

void note_counter(const RangeSeries& series, const StepSeries& out, Annotations& annotations, Position position) {
  const std::string_view name = metric_name(*series.labels);
  if (name.empty()) return;
  for (const std::string_view ending : {"_total", "_sum", "_count", "_bucket"}) {
    if (name.ends_with(ending)) return;
  }
  if (std::any_of(out.values.begin(), out.values.end(), query::is_present)) {
    info_possibly_no_counter(annotations, name, position);
  }
}

Result<void> stream_range_function(Evaluator& evaluator, const Expr&, const Call& call, const SeriesSink& sink) {
  const RangeFunction& function = find_range_function(call.function->name);
  RangeCall range_call;
  range_call.grid = evaluator.grid();
  const Expr* range = nullptr;
  for (const ExprPtr& argument : call.arguments) {
    if (argument->type == ValueType::kMatrix) {
      range = argument.get();
      continue;
    }
    TRY(scalar, evaluator.scalar(*argument));
    range_call.scalars.push_back(std::move(scalar));
  }
  CHECK(range != nullptr);
  TRY(windows, evaluator.windows_of(*range));
  range_call.windows = windows;
  TRY_VOID(check_extension(*range, function.name));
  const Extension extension = extension_of(evaluator, *range, function.name);
  const Position position = call.arguments.front()->position;
  Annotations& annotations = evaluator.annotations();
  const HistogramCall histogram_call{range_call, extension, annotations, position};

  const auto apply = [&](const SeriesSink& to) {
    return evaluator.for_each_range(*range, [&](std::size_t worker, const RangeSeries& series) -> Result<void> {
      TRY_VOID(check_arguments(function.name, range_call, series));
      StepSeries out = empty_series(*series.labels, range_call.windows.count);
      out.drop_name = series.drop_name;
      if (extension) {
        run_extended(function.name, histogram_call, series, out);
      } else if (series.has_starts() && looks_at_starts(function.name)) {
        run_with_starts(function.name, histogram_call, series, out);
      } else {
        function.floats(range_call, series.times, series.values, out.values);
        if (!series.histograms.empty()) function.histograms(histogram_call, series, out);
      }
      note_arguments(function.name, range_call, out, annotations, position);
      if (is_rate_or_increase(function.name)) note_counter(series, out, annotations, position);
      if (!function.keeps_name) evaluator.drop_name(out);
      return to(worker, std::move(out));
    });
  };
  if (function.keeps_name || evaluator.names_stay() || has_one_name(*range)) return apply(sink);
  TRY(all, evaluator.collect_from(apply, Joining::kNever));
  for (StepSeries& series : all.series) TRY_VOID(sink(0, std::move(series)));
  return {};
}

constexpr auto kFunctions = [] {
  std::array<Function, std::size(kRangeFunctions)> rows;
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = {kRangeFunctions[i].name, stream_range_function};
  return rows;
}();

}  // namespace

Result<void> check_extension(const Expr& range, std::string_view function) {
  const MatrixSelector* matrix = std::get_if<MatrixSelector>(&unwrapped(range).node);
  if (!matrix) return {};
  const VectorSelector& selector = std::get<VectorSelector>(unwrapped(*matrix->selector).node);
  if (selector.anchored && !is_change(function) && function != "changes" && function != "resets") {
    return error(Code::kInternal,
                 "anchored modifier can only be used with: changes, delta, increase, rate, resets - not with {}",
                 function);
  }
  if (selector.smoothed && !is_change(function)) {
    return error(Code::kInternal, "smoothed modifier can only be used with: delta, increase, rate - not with {}",
                 function);
  }
  return {};
}

std::span<const Function> range_functions() { return kFunctions; }

}  // namespace trilobite::metrics
