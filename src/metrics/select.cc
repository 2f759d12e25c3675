// Selectors: series from the store, their samples at the steps of a grid or in windows of time.
#include <algorithm>

#include "metrics/durations.h"
#include "metrics/evaluator.h"
#include "metrics/histogram_math.h"
#include "metrics/interpolation.h"
#include "metrics/label_algebra.h"
#include "metrics/start_time.h"

namespace trilobite::metrics {

using query::is_absent;
using query::kAbsent;

namespace {

// A stale marker: the series ends here. Histograms carry it as their sum, which is the row's value.
bool is_stale(double value) { return is_absent(value); }

// Decodes histograms of one series, each only once in a row of calls.
class HistogramReader {
 public:
  HistogramReader(const SeriesSamples& samples, Hints hints) : samples_(samples), hints_(hints) {}
  bool is_histogram(std::size_t row) const {
    return samples_.histograms.size() > 0 && !split_sample_text(samples_.histograms[row]).histogram.empty();
  }
  TimeNs start(std::size_t row) const {
    return samples_.histograms.size() > 0 ? split_sample_text(samples_.histograms[row]).start : 0;
  }
  // Rows must not go back.
  Result<HistogramRef> read(std::size_t row) {
    if (last_ && last_row_ == row) return hints_ == Hints::kCompared ? counted_ : last_;
    TRY(histogram, decode_histogram(split_sample_text(samples_.histograms[row]).histogram));
    if (hints_ == Hints::kCompared && histogram.reset == CounterReset::kUnknown) {
      TRY(before, before_row(row));
      if (before) {
        histogram.reset = was_reset(histogram, *before) ? CounterReset::kReset : CounterReset::kNotReset;
      }
    }
    if (hints_ == Hints::kCompared) counted_ = std::make_shared<const Histogram>(without_buckets(histogram));
    last_ = std::make_shared<const Histogram>(std::move(histogram));
    last_row_ = row;
    return hints_ == Hints::kCompared ? counted_ : last_;
  }

 private:
  Result<HistogramRef> before_row(std::size_t row) const {
    while (row-- > 0) {
      if (last_ && row == last_row_) return last_;
      if (!is_histogram(row) || is_stale(samples_.values[row])) continue;
      TRY(histogram, decode_histogram(split_sample_text(samples_.histograms[row]).histogram));
      return HistogramRef(std::make_shared<const Histogram>(std::move(histogram)));
    }
    return HistogramRef();
  }

  // All that is asked for; whether a gauge fell is then told by its count alone.
  static Histogram without_buckets(const Histogram& histogram) {
    Histogram out;
    out.schema = histogram.schema;
    out.reset = histogram.reset;
    out.count = histogram.count;
    out.sum = histogram.sum;
    out.custom_bounds = histogram.custom_bounds;
    return out;
  }

  const SeriesSamples& samples_;
  Hints hints_;
  HistogramRef last_, counted_;  // of last_row_: whole, and without buckets
  std::size_t last_row_ = 0;
};

enum class Wanted : std::uint8_t { kValue, kTime, kStart, kStartOrZero };

// The newest sample of each step that is no older than the look-back.
Result<StepSeries> newest_samples(const SeriesSamples& samples, const RangeWindows& windows, Wanted wanted,
                                  Hints hints) {
  StepSeries out = empty_series(*samples.labels, windows.count);
  HistogramReader histograms(samples, hints);
  std::size_t next = 0;  // first sample after the step
  for (std::size_t step = 0; step < windows.count; ++step) {
    const TimeNs at = windows.end_of(step);
    while (next < samples.times.size() && samples.times[next] <= at) ++next;
    if (next == 0 || samples.times[next - 1] <= at - windows.range) continue;
    const std::size_t row = next - 1;
    if (is_stale(samples.values[row])) continue;
    if (wanted == Wanted::kTime) {
      out.values[step] = seconds_of(samples.times[row]);
    } else if (wanted != Wanted::kValue) {
      const TimeNs start = histograms.start(row);
      if (start != 0 || wanted == Wanted::kStartOrZero) out.values[step] = seconds_of(start);
    } else if (!histograms.is_histogram(row)) {
      out.values[step] = samples.values[row];
    } else {
      TRY(histogram, histograms.read(row));
      out.set(step, std::move(histogram));
    }
  }
  return out;
}

}  // namespace

Result<TimeNs> Evaluator::first_time(const Modifiers& modifiers, TimeNs* step) const {
  TimeNs offset = 0;
  if (modifiers.offset) {
    TRY(resolved, resolve_offset(*modifiers.offset, query_.grid));
    offset = resolved;
  }
  *step = modifiers.at == Modifiers::At::kNone ? grid_.step : 0;
  switch (modifiers.at) {
    case Modifiers::At::kNone:
      return within_reach(time_minus(grid_.start, offset));
    case Modifiers::At::kTime:
      return within_reach(time_minus(modifiers.at_time, offset));
    case Modifiers::At::kStart:
      return within_reach(time_minus(query_.grid.start, offset));
    case Modifiers::At::kEnd:
      return within_reach(time_minus(query_.grid.end, offset));
  }
  return within_reach(time_minus(grid_.start, offset));
}

Result<void> Evaluator::check_estimate(std::size_t series) const {
  const std::size_t limit = query_.options.memory_max;
  const double bytes =
      static_cast<double>(series) * (static_cast<double>(steps_) * sizeof(double) + sizeof(StepSeries));
  if (limit == 0 || bytes <= static_cast<double>(limit)) return {};
  return error(Code::kLimit,
               "the query would need about {:.0f} bytes of memory for {} series of {} steps, more than the {} of one "
               "query; aggregate, select fewer series, or take a longer step",
               bytes, series, steps_, limit);
}

Hints Evaluator::hints_of(const VectorSelector& selector) const {
  return query_.counted.contains(&selector) ? Hints::kCompared : Hints::kStored;
}

Result<RangeWindows> Evaluator::lookback_windows(const VectorSelector& selector) const {
  RangeWindows at;
  TRY(first, first_time(selector.modifiers, &at.step));
  at.end = first;
  at.range = query_.options.lookback;
  at.count = steps_;
  return at;
}

Result<TimeRange> Evaluator::lookback_range(const VectorSelector& selector) const {
  TRY(at, lookback_windows(selector));
  TimeRange range{at.end - at.range + 1, at.last_end() + 1};
  if (selector.smoothed) range.end += at.range;
  return range;
}

Result<void> Evaluator::stream_selector(const VectorSelector& selector, Position position, const SeriesSink& sink) {
  TRY(at, lookback_windows(selector));
  TRY(range, lookback_range(selector));
  return scan(selector, range, [&](std::size_t worker, SeriesSamples& samples) -> Result<void> {
    if (selector.smoothed) {
      TRY(series, split_samples(samples, hints_of(selector)));
      return sink(worker, smoothed_samples(series, at, annotations(), position));
    }
    TRY(series, newest_samples(samples, at, Wanted::kValue, hints_of(selector)));
    return sink(worker, std::move(series));
  });
}

Result<void> Evaluator::stream_sample_times(const VectorSelector& selector, TimeOf what, const SeriesSink& sink) {
  const Wanted start = query_.options.start_of_all ? Wanted::kStartOrZero : Wanted::kStart;
  const Wanted wanted = what == TimeOf::kStart ? start : Wanted::kTime;
  TRY(at, lookback_windows(selector));
  TRY(range, lookback_range(selector));
  return scan(selector, range, [&](std::size_t worker, SeriesSamples& samples) -> Result<void> {
    TRY(series, newest_samples(samples, at, wanted, Hints::kStored));
    return sink(worker, std::move(series));
  });
}

Result<RangeSeries> split_samples(SeriesSamples& samples, Hints hints) {
  RangeSeries out;
  out.labels = samples.labels.get();
  if (samples.histograms.size() == 0) {
    std::size_t kept = 0;
    for (std::size_t row = 0; row < samples.times.size(); ++row) {
      if (is_stale(samples.values[row])) continue;
      samples.times[kept] = samples.times[row];
      samples.values[kept++] = samples.values[row];
    }
    samples.times.resize(kept);
    samples.values.resize(kept);
    out.times = std::move(samples.times);
    out.values = std::move(samples.values);
    return out;
  }
  HistogramReader histograms(samples, hints);
  bool any_start = false;
  for (std::size_t row = 0; row < samples.times.size(); ++row) {
    if (is_stale(samples.values[row])) continue;
    const TimeNs start = histograms.start(row);
    any_start = any_start || start != 0;
    if (!histograms.is_histogram(row)) {
      out.times.push_back(samples.times[row]);
      out.values.push_back(samples.values[row]);
      out.starts.push_back(start);
    } else {
      TRY(histogram, histograms.read(row));
      out.histogram_times.push_back(samples.times[row]);
      out.histograms.push_back(std::move(histogram));
      out.histogram_starts.push_back(start);
    }
  }
  if (!any_start) out.starts = out.histogram_starts = {};
  return out;
}

namespace {

// Steps are not neighbours as samples are, so what a histogram says about the one before it no longer holds.
HistogramRef without_neighbours(const HistogramRef& histogram) {
  const bool says = histogram->reset == CounterReset::kReset || histogram->reset == CounterReset::kNotReset;
  if (!says) return histogram;
  Histogram copy = *histogram;
  copy.reset = CounterReset::kUnknown;
  return std::make_shared<const Histogram>(std::move(copy));
}

// The steps of a column as samples of its grid.
RangeSeries samples_of(const StepSeries& series, const query::TimeGrid& grid) {
  RangeSeries out;
  out.labels = &series.labels;
  for (std::size_t step = 0; step < series.values.size(); ++step) {
    if (const HistogramRef* histogram = series.histogram(step)) {
      out.histogram_times.push_back(grid.at(step));
      out.histograms.push_back(without_neighbours(*histogram));
    } else if (query::is_present(series.values[step])) {
      out.times.push_back(grid.at(step));
      out.values.push_back(series.values[step]);
    }
  }
  return out;
}

TimeNs floor_to(TimeNs time, TimeNs step) {
  const TimeNs rest = time % step;
  return time - rest - (rest < 0 ? step : 0);
}

}  // namespace

Result<RangeWindows> Evaluator::windows_of(const Expr& range) {
  const Expr& expr = unwrapped(range);
  RangeWindows windows;
  windows.count = steps_;
  const MatrixSelector* matrix = std::get_if<MatrixSelector>(&expr.node);
  const Subquery* subquery = std::get_if<Subquery>(&expr.node);
  CHECK(matrix != nullptr || subquery != nullptr);
  const Modifiers& modifiers =
      matrix ? std::get<VectorSelector>(unwrapped(*matrix->selector).node).modifiers : subquery->modifiers;
  TRY(first, first_time(modifiers, &windows.step));
  windows.end = first;
  TRY(length, resolve_range(matrix ? matrix->range : subquery->range, query_.grid));
  windows.range = length;
  return windows;
}

Result<TimeRange> Evaluator::matrix_range(const MatrixSelector& matrix, const RangeWindows& windows) const {
  const VectorSelector& selector = std::get<VectorSelector>(unwrapped(*matrix.selector).node);
  TimeRange times{windows.end - windows.range + 1, windows.last_end() + 1};
  const bool looks_back = selector.anchored || selector.smoothed || query_.options.whole_number_increase;
  if (looks_back) times.start -= query_.options.lookback;
  if (selector.smoothed) times.end += query_.options.lookback;
  return times;
}

// Its start may lie behind its end: then there is no step.
Result<query::TimeGrid> Evaluator::subquery_grid(const Subquery& subquery, const RangeWindows& windows) const {
  TimeNs step = query_.options.subquery_step;
  if (subquery.step) {
    TRY(written, resolve_range(*subquery.step, query_.grid));
    step = written;
  }
  const TimeNs first = floor_to(within_reach(windows.end - windows.range), step) + step;
  return query::TimeGrid{first, windows.last_end(), step};
}

Result<void> Evaluator::for_each_range(const Expr& range, const RangeSink& sink) {
  const Expr& expr = unwrapped(range);
  TRY(windows, windows_of(expr));
  if (const MatrixSelector* matrix = std::get_if<MatrixSelector>(&expr.node)) {
    const VectorSelector& selector = std::get<VectorSelector>(unwrapped(*matrix->selector).node);
    TRY(times, matrix_range(*matrix, windows));
    return scan(selector, times, [&](std::size_t worker, SeriesSamples& samples) -> Result<void> {
      TRY(series, split_samples(samples, hints_of(selector)));
      if (series.times.empty() && series.histogram_times.empty()) return {};
      Held held;
      TRY_VOID(held.add(query_.budget, series.times.size() + series.histogram_times.size(), series.times.size() * 16));
      TRY_VOID(sink(worker, series));
      // The buffers go back for the next series.
      samples.times = std::move(series.times);
      samples.values = std::move(series.values);
      return {};
    });
  }
  const Subquery& subquery = std::get<Subquery>(expr.node);
  TRY(inner_grid, subquery_grid(subquery, windows));
  if (inner_grid.start > inner_grid.end) return {};
  Evaluator inner(query_, inner_grid);
  Held one_column;  // the least that the subquery needs, before it is allocated
  TRY_VOID(one_column.add(query_.budget, inner.steps(), inner.steps() * sizeof(double)));
  TRY(result, inner.vector(*subquery.expr));
  return parallel(result.series.size(), [&](std::size_t worker, std::size_t index) -> Result<void> {
    const StepSeries& series = result.series[index];
    RangeSeries samples = samples_of(series, inner.grid());
    samples.drop_name = series.drop_name;
    return sink(worker, samples);
  });
}

}  // namespace trilobite::metrics
