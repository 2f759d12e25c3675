#include "metrics/interpolation.h"

#include <algorithm>
#include <optional>

#include "metrics/annotation_texts.h"
#include "metrics/label_algebra.h"

namespace trilobite::metrics {
namespace {

double fraction_of(TimeNs from, TimeNs to, TimeNs at) {
  return static_cast<double>(at - from) / static_cast<double>(to - from);
}

// Between two floats; a counter that fell starts from zero.
double between(double before, double after, double fraction, bool is_counter) {
  const double from = is_counter && after < before ? 0 : before;
  return from + (after - from) * fraction;
}

// Between two histograms. Null: they cannot be combined.
HistogramRef between(const Histogram& before, const Histogram& after, double fraction, bool is_counter,
                     HistogramNotes& notes) {
  Histogram result = after;
  if ((before.schema == kCustomBuckets) != (after.schema == kCustomBuckets)) {
    notes.incompatible = true;
    return nullptr;
  }
  if (is_counter && was_reset(after, before)) {
    multiply(result, fraction);
    result.reset = after.reset;
    return std::make_shared<const Histogram>(std::move(result));
  }
  notes |= subtract(result, before);
  if (notes.incompatible) return nullptr;
  multiply(result, fraction);
  notes |= add(result, before);
  if (notes.incompatible) return nullptr;
  result.reset = after.reset;
  return std::make_shared<const Histogram>(std::move(result));
}

// Which samples of a window its edges are taken from: the last one at or before the start, and for `smoothed` the first
// one at or behind the end.
struct Edges {
  std::size_t first = 0, last = 0;
};
std::optional<Edges> edges_of(const std::vector<TimeNs>& times, Slice slice, TimeNs start, TimeNs end, bool smoothed) {
  if (slice.size() == 0) return std::nullopt;
  const auto begin = times.begin();
  const auto at = [&](std::size_t index) { return begin + static_cast<std::ptrdiff_t>(index); };
  std::size_t last = slice.last - 1;
  const auto after_start = static_cast<std::size_t>(std::upper_bound(at(slice.first), at(last), start) - begin);
  const std::size_t first = after_start > slice.first ? after_start - 1 : slice.first;
  if (smoothed) last = static_cast<std::size_t>(std::lower_bound(at(slice.first), at(last), end) - begin);
  if (times[last] <= start || (smoothed && times[first] > end)) return std::nullopt;
  return Edges{first, last};
}

// One window of floats.
std::optional<double> change_of(const RangeSeries& series, Slice slice, TimeNs start, TimeNs end, bool smoothed,
                                bool is_counter) {
  const std::optional<Edges> edges = edges_of(series.times, slice, start, end, smoothed);
  if (!edges) return std::nullopt;
  auto [first, last] = *edges;
  const std::vector<TimeNs>& times = series.times;
  const std::vector<double>& values = series.values;
  double left = values[first], right = values[last];
  if (smoothed && times[first] < start) {
    left = between(values[first], values[first + 1], fraction_of(times[first], times[first + 1], start), is_counter);
  }
  if (smoothed && last > slice.first && times[last] > end) {
    right = between(values[last - 1], values[last], fraction_of(times[last - 1], times[last], end), is_counter);
  }
  double change = right - left;
  if (!is_counter) return change;
  // Only samples inside: the edges have their resets already.
  const std::size_t inside = times[first] <= start ? first + 1 : first;
  const std::size_t inside_end = times[last] >= end ? last : last + 1;
  double previous = left;
  for (std::size_t i = inside; i < inside_end; ++i) {
    if (values[i] < previous) change += previous;
    previous = values[i];
  }
  if (right < previous) change += previous;
  return change;
}

// One window of histograms.
class HistogramWindow {
 public:
  HistogramWindow(const RangeSeries& series, Annotations& annotations, Position position)
      : series_(series), annotations_(annotations), position_(position), name_(metric_name(*series.labels)) {}

  std::optional<Histogram> change(Slice slice, TimeNs start, TimeNs end, bool smoothed, bool is_counter) {
    const std::optional<Edges> edges = edges_of(series_.histogram_times, slice, start, end, smoothed);
    if (!edges || !check(*edges, is_counter)) return std::nullopt;
    const HistogramRef left = left_edge(*edges, start, smoothed, is_counter);
    const HistogramRef right = left ? right_edge(*edges, slice, end, smoothed, is_counter) : nullptr;
    if (!left || !right) return std::nullopt;
    if (!is_counter && (left->reset != CounterReset::kGauge || right->reset != CounterReset::kGauge)) {
      warn_not_gauge(annotations_, name_, position_);
    }
    Histogram result = *right;
    if (!combined(subtract(result, *left), kSubtraction)) return std::nullopt;
    if (is_counter && !add_resets(*edges, *left, *right, start, smoothed, result)) return std::nullopt;
    result.reset = CounterReset::kGauge;
    compact(result);
    return result;
  }

 private:
  const std::vector<HistogramRef>& histograms() const { return series_.histograms; }
  const std::vector<TimeNs>& times() const { return series_.histogram_times; }

  bool combined(const HistogramNotes& notes, std::string_view what) {
    if (notes.incompatible) {
      warn_mixed_buckets(annotations_, name_, position_);
      return false;
    }
    note_reconciled(annotations_, notes, what, position_);
    return true;
  }

  // No mix of exponential and custom buckets; gauges in a counter are pointed out.
  bool check(Edges edges, bool is_counter) {
    const bool custom = histograms()[edges.first]->schema == kCustomBuckets;
    for (std::size_t i = edges.first; i <= edges.last; ++i) {
      if ((histograms()[i]->schema == kCustomBuckets) != custom) {
        warn_mixed_buckets(annotations_, name_, position_);
        return false;
      }
      if (is_counter && histograms()[i]->reset == CounterReset::kGauge)
        warn_not_counter(annotations_, name_, position_);
    }
    return true;
  }

  HistogramRef interpolated(std::size_t before, std::size_t after, TimeNs at, bool is_counter) {
    HistogramNotes notes;
    HistogramRef result = between(*histograms()[before], *histograms()[after],
                                  fraction_of(times()[before], times()[after], at), is_counter, notes);
    return combined(notes, kSubtraction) ? result : nullptr;
  }
  HistogramRef left_edge(Edges edges, TimeNs start, bool smoothed, bool is_counter) {
    if (!smoothed || times()[edges.first] >= start) return histograms()[edges.first];
    return interpolated(edges.first, edges.first + 1, start, is_counter);
  }
  HistogramRef right_edge(Edges edges, Slice slice, TimeNs end, bool smoothed, bool is_counter) {
    if (!smoothed || edges.last == slice.first || times()[edges.last] <= end) return histograms()[edges.last];
    return interpolated(edges.last - 1, edges.last, end, is_counter);
  }

  // Adds what was lost at every reset between the edges; a reset that an edge was interpolated over is in it already.
  bool add_resets(Edges edges, const Histogram& left, const Histogram& right, TimeNs start, bool smoothed,
                  Histogram& result) {
    std::size_t next = edges.first + 1;
    const Histogram* previous = &left;
    if (smoothed && times()[edges.first] < start &&
        was_reset(*histograms()[edges.first + 1], *histograms()[edges.first])) {
      previous = histograms()[edges.first + 1].get();
      ++next;
    }
    if (next > edges.last) return true;
    for (; next < edges.last; ++next) {
      const Histogram& now = *histograms()[next];
      if (was_reset(now, *previous) && !combined(add(result, *previous), kAddition)) return false;
      previous = &now;
    }
    return !was_reset(right, *previous) || combined(add(result, *previous), kAddition);
  }

  const RangeSeries& series_;
  Annotations& annotations_;
  Position position_;
  std::string_view name_;
};

}  // namespace

Slice slice_of(const std::vector<TimeNs>& times, TimeNs low, TimeNs high) {
  const auto first = std::upper_bound(times.begin(), times.end(), low);
  const auto last = std::upper_bound(first, times.end(), high);
  return {static_cast<std::size_t>(first - times.begin()), static_cast<std::size_t>(last - times.begin())};
}

StepSeries smoothed_samples(const RangeSeries& series, const RangeWindows& at, Annotations& annotations,
                            Position position) {
  StepSeries out = empty_series(*series.labels, at.count);
  const std::string_view name = metric_name(*series.labels);
  for (std::size_t step = 0; step < at.count; ++step) {
    const TimeNs time = at.end_of(step);
    const Slice floats = slice_of(series.times, time - at.range, time + at.range);
    const Slice histograms = slice_of(series.histogram_times, time - at.range, time + at.range);
    if (floats.size() > 0 && histograms.size() > 0) {
      warn_mixed_samples(annotations, name, position);
    } else if (floats.size() > 0) {
      const std::size_t after = slice_of(series.times, time - at.range, time).last;
      if (after == floats.first) continue;
      const std::size_t before = after - 1;
      const bool last = after == floats.last || series.times[before] == time;
      out.values[step] = last ? series.values[before]
                              : between(series.values[before], series.values[after],
                                        fraction_of(series.times[before], series.times[after], time), false);
    } else if (histograms.size() > 0) {
      const std::size_t after = slice_of(series.histogram_times, time - at.range, time).last;
      if (after == histograms.first) continue;
      const std::size_t before = after - 1;
      if (after == histograms.last || series.histogram_times[before] == time) {
        out.set(step, series.histograms[before]);
        continue;
      }
      HistogramNotes notes;
      const bool is_counter = series.histograms[after]->reset != CounterReset::kGauge;
      HistogramRef value =
          between(*series.histograms[before], *series.histograms[after],
                  fraction_of(series.histogram_times[before], series.histogram_times[after], time), is_counter, notes);
      if (notes.incompatible) {
        warn_mixed_buckets(annotations, name, position);
        continue;
      }
      note_reconciled(annotations, notes, kSubtraction, position);
      out.set(step, std::move(value));
    }
  }
  return out;
}

void extended_change(ChangeKind kind, const RangeSeries& series, const RangeWindows& windows,
                     const Extension& extension, Annotations& annotations, Position position, StepSeries& out) {
  const bool is_counter = kind != ChangeKind::kDelta;
  const double seconds = static_cast<double>(windows.range) / 1e9;
  HistogramWindow histogram_window(series, annotations, position);
  for (std::size_t step = 0; step < windows.count; ++step) {
    const TimeNs end = windows.end_of(step), start = end - windows.range;
    const TimeNs high = extension.smoothed ? end + extension.lookback : end;
    const Slice floats = slice_of(series.times, start - extension.lookback, high);
    const Slice histograms = slice_of(series.histogram_times, start - extension.lookback, high);
    if (floats.size() > 0 && histograms.size() > 0) {
      warn_mixed_samples(annotations, metric_name(*series.labels), position);
    } else if (floats.size() > 0) {
      const std::optional<double> change = change_of(series, floats, start, end, extension.smoothed, is_counter);
      if (change) out.values[step] = kind == ChangeKind::kRate ? *change / seconds : *change;
    } else if (histograms.size() > 0) {
      std::optional<Histogram> change = histogram_window.change(histograms, start, end, extension.smoothed, is_counter);
      if (!change) continue;
      if (kind == ChangeKind::kRate) divide(*change, seconds);
      out.set(step, std::make_shared<const Histogram>(std::move(*change)));
    }
  }
}

RangeSeries extended_range(const RangeSeries& series, const RangeWindows& window, const Extension& extension) {
  RangeSeries out;
  out.labels = series.labels;
  const TimeNs start = window.end - window.range;
  const TimeNs high = extension.smoothed ? window.end + extension.lookback : window.end;
  const Slice slice = slice_of(series.times, start - extension.lookback, high);
  const std::optional<Edges> edges = edges_of(series.times, slice, start, window.end, extension.smoothed);
  if (!edges) return out;
  const auto [first, last] = *edges;
  const std::vector<TimeNs>& times = series.times;
  const std::vector<double>& values = series.values;
  const auto edge = [&](std::size_t before, std::size_t after, TimeNs at) {
    return between(values[before], values[after], fraction_of(times[before], times[after], at), false);
  };
  out.times.push_back(start);
  out.values.push_back(extension.smoothed && times[first] < start ? edge(first, first + 1, start) : values[first]);
  for (std::size_t i = first; i <= last; ++i) {
    if (times[i] <= start || times[i] >= window.end) continue;
    out.times.push_back(times[i]);
    out.values.push_back(values[i]);
  }
  out.times.push_back(window.end);
  out.values.push_back(extension.smoothed && last > slice.first && times[last] > window.end
                           ? edge(last - 1, last, window.end)
                           : values[last]);
  return out;
}

}  // namespace trilobite::metrics
