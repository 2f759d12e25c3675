// Functions of ranges on windows that have histograms, or histograms and floats.
#pragma once

#include "metrics/interpolation.h"
#include "metrics/range_kernels.h"

namespace trilobite::metrics {

struct HistogramCall {
  const RangeCall& call;
  Extension extension;
  Annotations& annotations;
  Position position;
};

// Corrects and completes `out`, where the kernel of floats has left what the floats alone give.
using HistogramKernel = void (*)(const HistogramCall& call, const RangeSeries& series, StepSeries& out);

void rate_of_histograms(const HistogramCall&, const RangeSeries&, StepSeries&);
void increase_of_histograms(const HistogramCall&, const RangeSeries&, StepSeries&);
void delta_of_histograms(const HistogramCall&, const RangeSeries&, StepSeries&);
void irate_of_histograms(const HistogramCall&, const RangeSeries&, StepSeries&);
void idelta_of_histograms(const HistogramCall&, const RangeSeries&, StepSeries&);
void resets_of_mixed(const HistogramCall&, const RangeSeries&, StepSeries&);
void changes_of_mixed(const HistogramCall&, const RangeSeries&, StepSeries&);
void sum_of_histograms(const HistogramCall&, const RangeSeries&, StepSeries&);
void avg_of_histograms(const HistogramCall&, const RangeSeries&, StepSeries&);
void count_of_mixed(const HistogramCall&, const RangeSeries&, StepSeries&);
void present_of_mixed(const HistogramCall&, const RangeSeries&, StepSeries&);
void first_of_mixed(const HistogramCall&, const RangeSeries&, StepSeries&);
void last_of_mixed(const HistogramCall&, const RangeSeries&, StepSeries&);
void time_of_first_mixed(const HistogramCall&, const RangeSeries&, StepSeries&);
void time_of_last_mixed(const HistogramCall&, const RangeSeries&, StepSeries&);
// Functions of floats: histograms beside them are pointed out.
void ignore_histograms(const HistogramCall&, const RangeSeries&, StepSeries&);

// rate, increase, delta, changes and resets of anchored and smoothed windows, floats too.
void run_extended(std::string_view function, const HistogramCall& call, const RangeSeries& series, StepSeries& out);

}  // namespace trilobite::metrics
