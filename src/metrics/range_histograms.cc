#include "metrics/range_histograms.h"

#include <algorithm>
#include <cmath>

#include "metrics/annotation_texts.h"
#include "metrics/histogram_functions.h"
#include "metrics/label_algebra.h"

namespace trilobite::metrics {
namespace {

// One window of a series: its histograms, and its floats.
struct Window {
  std::size_t step = 0;
  TimeNs start = 0, end = 0;
  Slice histograms, floats;
};

// Calls each(window) for every window that has a histogram.
template <class Each>
void for_histogram_windows(const HistogramCall& call, const RangeSeries& series, const Each& each) {
  const RangeWindows& windows = call.call.windows;
  for_windows(windows, series.histogram_times, [&](std::size_t step, std::size_t first, std::size_t last) {
    const TimeNs end = windows.end_of(step), start = end - windows.range;
    each(Window{step, start, end, {first, last}, slice_of(series.times, start, end)});
  });
}

void set(StepSeries& out, std::size_t step, Histogram histogram) {
  out.values[step] = query::kAbsent;
  out.set(step, std::make_shared<const Histogram>(std::move(histogram)));
}

void note_change(const HistogramCall& call, const HistogramChange& change, std::string_view name) {
  if (change.not_counter) warn_not_counter(call.annotations, name, call.position);
  if (change.not_gauge) warn_not_gauge(call.annotations, name, call.position);
  if (change.mixed_buckets) warn_mixed_buckets(call.annotations, name, call.position);
  note_reconciled(call.annotations, change.notes, kSubtraction, call.position);
  note_reconciled(call.annotations, change.added, kAddition, call.position);
}

void change_of_histograms(ChangeKind kind, const HistogramCall& call, const RangeSeries& series, StepSeries& out) {
  const std::string_view name = metric_name(*series.labels);
  const bool is_counter = kind != ChangeKind::kDelta;
  for_histogram_windows(call, series, [&](const Window& window) {
    if (window.floats.size() > 0) {
      out.clear(window.step);
      warn_mixed_samples(call.annotations, name, call.position);
      return;
    }
    if (window.histograms.size() < 2) return;
    const auto [first, last] = window.histograms;
    const HistogramChange change = range_change(std::span(series.histograms).subspan(first, last - first), is_counter);
    note_change(call, change, name);
    if (!change.histogram) return;
    Histogram result = *change.histogram;
    const Extrapolation line{window.start, window.end, series.histogram_times[first], series.histogram_times[last - 1],
                             last - first};
    double factor = line.factor(is_counter, result.count, series.histograms[first]->count);
    if (kind == ChangeKind::kRate) factor /= static_cast<double>(call.call.windows.range) / 1e9;
    multiply(result, factor);
    set(out, window.step, std::move(result));
  });
}

// A sample of either kind.
struct Sample {
  TimeNs time = 0;
  double value = 0;
  const Histogram* histogram = nullptr;
};

// Both kinds in order of time.
std::vector<Sample> merged(const RangeSeries& series, Slice floats, Slice histograms) {
  std::vector<Sample> out;
  out.reserve(floats.size() + histograms.size());
  while (floats.size() + histograms.size() > 0) {
    const bool is_float = histograms.size() == 0 ||
                          (floats.size() > 0 && series.times[floats.first] <= series.histogram_times[histograms.first]);
    if (is_float) {
      out.push_back({series.times[floats.first], series.values[floats.first], nullptr});
      ++floats.first;
    } else {
      out.push_back({series.histogram_times[histograms.first], 0, series.histograms[histograms.first].get()});
      ++histograms.first;
    }
  }
  return out;
}

Slice newest(Slice slice, std::size_t count) { return {slice.last - std::min(slice.size(), count), slice.last}; }

void newest_change(bool is_rate, const HistogramCall& call, const RangeSeries& series, StepSeries& out) {
  const std::string_view name = metric_name(*series.labels);
  for_histogram_windows(call, series, [&](const Window& window) {
    const std::vector<Sample> samples = merged(series, newest(window.floats, 2), newest(window.histograms, 2));
    if (samples.size() < 2) return;
    const Sample& now = samples[samples.size() - 1];
    const Sample& before = samples[samples.size() - 2];
    if (!now.histogram && !before.histogram) return;  // the floats are the newest
    out.clear(window.step);
    if (!now.histogram || !before.histogram) return warn_mixed_samples(call.annotations, name, call.position);
    const HistogramChange change = instant_change(*before.histogram, *now.histogram, is_rate);
    note_change(call, change, name);
    if (!change.histogram) return;
    Histogram result = *change.histogram;
    if (is_rate) divide(result, static_cast<double>(now.time - before.time) / 1e9);
    set(out, window.step, std::move(result));
  });
}

bool is_reset(const Sample& before, const Sample& now) {
  if (before.histogram && now.histogram) return was_reset(*now.histogram, *before.histogram);
  return before.histogram || now.histogram || now.value < before.value;
}
bool is_change(const Sample& before, const Sample& now) {
  if (before.histogram && now.histogram) return !equal(*now.histogram, *before.histogram);
  if (before.histogram || now.histogram) return true;
  return now.value != before.value && !(std::isnan(now.value) && std::isnan(before.value));
}

double count_neighbours(const std::vector<Sample>& samples, bool (*differs)(const Sample&, const Sample&)) {
  double count = 0;
  for (std::size_t i = 1; i < samples.size(); ++i) count += differs(samples[i - 1], samples[i]) ? 1 : 0;
  return count;
}

void neighbours_of_mixed(const HistogramCall& call, const RangeSeries& series, StepSeries& out,
                         bool (*differs)(const Sample&, const Sample&)) {
  for_histogram_windows(call, series, [&](const Window& window) {
    out.values[window.step] = count_neighbours(merged(series, window.floats, window.histograms), differs);
  });
}

// The sample before the window counts as its first one.
void anchored_neighbours(const HistogramCall& call, const RangeSeries& series, StepSeries& out,
                         bool (*differs)(const Sample&, const Sample&)) {
  const RangeWindows& windows = call.call.windows;
  for (std::size_t step = 0; step < windows.count; ++step) {
    const TimeNs end = windows.end_of(step), start = end - windows.range;
    const Slice floats = slice_of(series.times, start, end);
    const Slice histograms = slice_of(series.histogram_times, start, end);
    if (floats.size() + histograms.size() == 0) continue;
    std::vector<Sample> samples =
        merged(series, newest(slice_of(series.times, start - call.extension.lookback, start), 1),
               newest(slice_of(series.histogram_times, start - call.extension.lookback, start), 1));
    if (samples.size() == 2) samples.erase(samples.begin());
    const std::vector<Sample> inside = merged(series, floats, histograms);
    samples.insert(samples.end(), inside.begin(), inside.end());
    out.values[step] = count_neighbours(samples, differs);
  }
}

void sum_or_mean(bool is_mean, const HistogramCall& call, const RangeSeries& series, StepSeries& out) {
  const std::string_view name = metric_name(*series.labels);
  for_histogram_windows(call, series, [&](const Window& window) {
    if (window.floats.size() > 0) {
      out.clear(window.step);
      return warn_mixed_samples(call.annotations, name, call.position);
    }
    HistogramSum sum;
    HistogramNotes notes;
    for (std::size_t i = window.histograms.first; i < window.histograms.last && !notes.incompatible; ++i) {
      notes |= sum.add(*series.histograms[i]);
    }
    if (notes.incompatible) return warn_mixed_buckets(call.annotations, name, call.position);
    note_combined(call.annotations, notes, kAggregated, call.position);
    set(out, window.step, is_mean ? sum.mean() : sum.sum());
  });
}

}  // namespace

void rate_of_histograms(const HistogramCall& call, const RangeSeries& series, StepSeries& out) {
  change_of_histograms(ChangeKind::kRate, call, series, out);
}
void increase_of_histograms(const HistogramCall& call, const RangeSeries& series, StepSeries& out) {
  change_of_histograms(ChangeKind::kIncrease, call, series, out);
}
void delta_of_histograms(const HistogramCall& call, const RangeSeries& series, StepSeries& out) {
  change_of_histograms(ChangeKind::kDelta, call, series, out);
}
void irate_of_histograms(const HistogramCall& call, const RangeSeries& series, StepSeries& out) {
  newest_change(true, call, series, out);
}
void idelta_of_histograms(const HistogramCall& call, const RangeSeries& series, StepSeries& out) {
  newest_change(false, call, series, out);
}
void resets_of_mixed(const HistogramCall& call, const RangeSeries& series, StepSeries& out) {
  neighbours_of_mixed(call, series, out, is_reset);
}
void changes_of_mixed(const HistogramCall& call, const RangeSeries& series, StepSeries& out) {
  neighbours_of_mixed(call, series, out, is_change);
}
void sum_of_histograms(const HistogramCall& call, const RangeSeries& series, StepSeries& out) {
  sum_or_mean(false, call, series, out);
}
void avg_of_histograms(const HistogramCall& call, const RangeSeries& series, StepSeries& out) {
  sum_or_mean(true, call, series, out);
}

void count_of_mixed(const HistogramCall& call, const RangeSeries& series, StepSeries& out) {
  for_histogram_windows(call, series, [&](const Window& window) {
    out.values[window.step] = static_cast<double>(window.floats.size() + window.histograms.size());
  });
}
void present_of_mixed(const HistogramCall& call, const RangeSeries& series, StepSeries& out) {
  for_histogram_windows(call, series, [&](const Window& window) { out.values[window.step] = 1; });
}
void first_of_mixed(const HistogramCall& call, const RangeSeries& series, StepSeries& out) {
  for_histogram_windows(call, series, [&](const Window& window) {
    const std::size_t first = window.histograms.first;
    if (window.floats.size() > 0 && series.times[window.floats.first] < series.histogram_times[first]) return;
    out.values[window.step] = query::kAbsent;
    out.set(window.step, series.histograms[first]);
  });
}
void last_of_mixed(const HistogramCall& call, const RangeSeries& series, StepSeries& out) {
  for_histogram_windows(call, series, [&](const Window& window) {
    const std::size_t last = window.histograms.last - 1;
    if (window.floats.size() > 0 && series.histogram_times[last] < series.times[window.floats.last - 1]) return;
    out.values[window.step] = query::kAbsent;
    out.set(window.step, series.histograms[last]);
  });
}
void time_of_first_mixed(const HistogramCall& call, const RangeSeries& series, StepSeries& out) {
  for_histogram_windows(call, series, [&](const Window& window) {
    TimeNs first = series.histogram_times[window.histograms.first];
    if (window.floats.size() > 0) first = std::min(first, series.times[window.floats.first]);
    out.values[window.step] = seconds_of(first);
  });
}
void time_of_last_mixed(const HistogramCall& call, const RangeSeries& series, StepSeries& out) {
  for_histogram_windows(call, series, [&](const Window& window) {
    TimeNs last = series.histogram_times[window.histograms.last - 1];
    if (window.floats.size() > 0) last = std::max(last, series.times[window.floats.last - 1]);
    out.values[window.step] = seconds_of(last);
  });
}

void ignore_histograms(const HistogramCall& call, const RangeSeries& series, StepSeries&) {
  bool said = false;
  for_histogram_windows(call, series, [&](const Window& window) {
    if (said || window.floats.size() == 0) return;
    said = true;
    info_ignored_in_range(call.annotations, metric_name(*series.labels), call.position);
  });
}

void run_extended(std::string_view function, const HistogramCall& call, const RangeSeries& series, StepSeries& out) {
  if (function == "changes") return anchored_neighbours(call, series, out, is_change);
  if (function == "resets") return anchored_neighbours(call, series, out, is_reset);
  const ChangeKind kind = function == "rate"       ? ChangeKind::kRate
                          : function == "increase" ? ChangeKind::kIncrease
                                                   : ChangeKind::kDelta;
  extended_change(kind, series, call.call.windows, call.extension, call.annotations, call.position, out);
}

}  // namespace trilobite::metrics
