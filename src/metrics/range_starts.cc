#include "metrics/range_starts.h"

#include <algorithm>

#include "metrics/annotation_texts.h"
#include "metrics/histogram_functions.h"
#include "metrics/label_algebra.h"
#include "metrics/start_time.h"

namespace trilobite::metrics {
namespace {

struct Sample {
  TimeNs time = 0, start = 0;
  double value = 0;
  const HistogramRef* histogram = nullptr;  // null: a float
};

Sample float_at(const RangeSeries& series, std::size_t i) {
  return {series.times[i], series.starts.empty() ? 0 : series.starts[i], series.values[i], nullptr};
}
Sample histogram_at(const RangeSeries& series, std::size_t i) {
  return {series.histogram_times[i], series.histogram_starts.empty() ? 0 : series.histogram_starts[i], 0,
          &series.histograms[i]};
}

bool starts_anew(const Sample& before, const Sample& now) {
  return start_shows_reset(before.start, before.time, now.start, now.time);
}

// One window: its samples in order of time.
struct Window {
  std::size_t step = 0;
  TimeNs start = 0, end = 0;
  std::size_t floats = 0;  // of the samples
  std::vector<Sample> samples;
  bool mixed() const { return floats > 0 && floats < samples.size(); }
};

template <class Each>
void for_each_window(const HistogramCall& call, const RangeSeries& series, const Each& each) {
  const RangeWindows& windows = call.call.windows;
  Window window;
  for (window.step = 0; window.step < windows.count; ++window.step) {
    window.end = windows.end_of(window.step);
    window.start = window.end - windows.range;
    Slice floats = slice_of(series.times, window.start, window.end);
    Slice histograms = slice_of(series.histogram_times, window.start, window.end);
    window.floats = floats.size();
    window.samples.clear();
    while (floats.size() + histograms.size() > 0) {
      const bool is_float =
          histograms.size() == 0 ||
          (floats.size() > 0 && series.times[floats.first] <= series.histogram_times[histograms.first]);
      window.samples.push_back(is_float ? float_at(series, floats.first++) : histogram_at(series, histograms.first++));
    }
    if (!window.samples.empty()) each(window);
  }
}

void set(StepSeries& out, std::size_t step, Histogram histogram) {
  out.set(step, std::make_shared<const Histogram>(std::move(histogram)));
}

// Whether the first sample says that the counter began, from zero, inside the window.
bool began_inside(const Window& window) {
  const Sample& first = window.samples.front();
  return first.start != 0 && first.start > window.start && first.start < first.time;
}

void note_overlaps(const HistogramCall& call, const Window& window, std::string_view name) {
  for (std::size_t i = 1; i < window.samples.size(); ++i) {
    const Sample& before = window.samples[i - 1];
    if (start_overlaps(before.start, before.time, window.samples[i].start)) {
      return warn_start_overlaps(call.annotations, name, call.position);
    }
  }
}

double factor_of(ChangeKind kind, const HistogramCall& call, const Window& window, double change, double first_value) {
  const Extrapolation line{window.start, window.end, window.samples.front().time, window.samples.back().time,
                           window.samples.size()};
  const double factor = began_inside(window) ? line.factor_since(window.samples.front().start)
                                             : line.factor(true, change, first_value);
  return kind == ChangeKind::kRate ? factor / (static_cast<double>(call.call.windows.range) / 1e9) : factor;
}

void change_of_floats(ChangeKind kind, const HistogramCall& call, const Window& window, StepSeries& out) {
  const std::vector<Sample>& samples = window.samples;
  double change = samples.back().value - samples.front().value;
  for (std::size_t i = 1; i < samples.size(); ++i) {
    if (samples[i].value < samples[i - 1].value || starts_anew(samples[i - 1], samples[i])) {
      change += samples[i - 1].value;
    }
  }
  if (began_inside(window)) change += samples.front().value;
  out.values[window.step] = change * factor_of(kind, call, window, change, samples.front().value);
}

void note_change(const HistogramCall& call, const HistogramChange& change, std::string_view name) {
  if (change.not_counter) warn_not_counter(call.annotations, name, call.position);
  if (change.mixed_buckets) warn_mixed_buckets(call.annotations, name, call.position);
  note_reconciled(call.annotations, change.notes, kSubtraction, call.position);
  note_reconciled(call.annotations, change.added, kAddition, call.position);
}

void change_of_histograms(ChangeKind kind, const HistogramCall& call, const Window& window, std::string_view name,
                          StepSeries& out) {
  const std::vector<Sample>& samples = window.samples;
  const Histogram& first = **samples.front().histogram;
  Histogram result = first;
  if (samples.size() > 1) {
    std::vector<HistogramRef> histograms;
    std::vector<bool> anew;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      histograms.push_back(*samples[i].histogram);
      anew.push_back(i > 0 && starts_anew(samples[i - 1], samples[i]));
    }
    const HistogramChange change = range_change(histograms, true, std::move(anew));
    note_change(call, change, name);
    if (!change.histogram) return;
    result = *change.histogram;
    if (began_inside(window)) {
      const HistogramNotes notes = add(result, first);
      note_reconciled(call.annotations, notes, kAddition, call.position);
      if (notes.incompatible) return warn_mixed_buckets(call.annotations, name, call.position);
    }
  }
  multiply(result, factor_of(kind, call, window, result.count, first.count));
  set(out, window.step, std::move(result));
}

void change(ChangeKind kind, const HistogramCall& call, const RangeSeries& series, StepSeries& out) {
  const std::string_view name = metric_name(*series.labels);
  for_each_window(call, series, [&](const Window& window) {
    if (window.mixed()) return warn_mixed_samples(call.annotations, name, call.position);
    note_overlaps(call, window, name);
    if (window.samples.size() < 2 && !began_inside(window)) return;
    if (window.floats > 0) return change_of_floats(kind, call, window, out);
    change_of_histograms(kind, call, window, name, out);
  });
}

void newest_rate(const HistogramCall& call, const RangeSeries& series, StepSeries& out) {
  const std::string_view name = metric_name(*series.labels);
  for_each_window(call, series, [&](const Window& window) {
    if (window.samples.size() < 2) return;
    const Sample& now = window.samples[window.samples.size() - 1];
    const Sample& before = window.samples[window.samples.size() - 2];
    const double seconds = static_cast<double>(now.time - before.time) / 1e9;
    if (seconds == 0) return;
    const bool anew = starts_anew(before, now);
    if (now.histogram == nullptr && before.histogram == nullptr) {
      out.values[window.step] = (anew || now.value < before.value ? now.value : now.value - before.value) / seconds;
      return;
    }
    if (now.histogram == nullptr || before.histogram == nullptr) {
      return warn_mixed_samples(call.annotations, name, call.position);
    }
    const HistogramChange change = instant_change(**before.histogram, **now.histogram, true, anew);
    note_change(call, change, name);
    if (!change.histogram) return;
    Histogram result = *change.histogram;
    divide(result, seconds);
    set(out, window.step, std::move(result));
  });
}

bool is_reset(const Sample& before, const Sample& now) {
  if (starts_anew(before, now)) return true;
  if (before.histogram != nullptr && now.histogram != nullptr) return was_reset(**now.histogram, **before.histogram);
  return before.histogram != nullptr || now.histogram != nullptr || now.value < before.value;
}

void resets(const HistogramCall& call, const RangeSeries& series, StepSeries& out) {
  for_each_window(call, series, [&](const Window& window) {
    double count = 0;
    for (std::size_t i = 1; i < window.samples.size(); ++i) {
      count += is_reset(window.samples[i - 1], window.samples[i]) ? 1 : 0;
    }
    out.values[window.step] = count;
  });
}

}  // namespace

bool looks_at_starts(std::string_view function) {
  return function == "rate" || function == "increase" || function == "irate" || function == "resets";
}

void run_with_starts(std::string_view function, const HistogramCall& call, const RangeSeries& series, StepSeries& out) {
  if (function == "irate") return newest_rate(call, series, out);
  if (function == "resets") return resets(call, series, out);
  change(function == "rate" ? ChangeKind::kRate : ChangeKind::kIncrease, call, series, out);
}

}  // namespace trilobite::metrics
