#include "logs/rate_counter.h"

namespace trilobite::logql {
namespace {

// Last minus first, plus what was lost at every reset of the counter.
double increase_of(std::span<const query::Sample> samples) {
  double increase = samples.back().value - samples.front().value;
  double before = 0;
  for (const query::Sample& sample : samples) {
    if (sample.value < before) increase += before;
    before = sample.value;
  }
  return increase;
}

}  // namespace

// Prometheus' extrapolation to the edges of the window, with the mix of units that Loki has and clients see: sample
// times count in nanoseconds, the range in milliseconds, and both are divided by 1000.
double rate_counter(std::span<const query::Sample> samples, TimeNs range) {
  if (samples.size() < 2) return 0;
  const double increase = increase_of(samples);
  const double first = samples.front().value;
  const double sampled = static_cast<double>(samples.back().time - samples.front().time) / 1000;
  const double average_gap = sampled / static_cast<double>(samples.size() - 1);
  double to_start = static_cast<double>(range / 1'000'000) / 1000;
  if (increase > 0 && first >= 0) {
    const double to_zero = sampled * (first / increase);
    if (to_zero < to_start) to_start = to_zero;
  }
  const double extrapolated = sampled + (to_start < average_gap * 1.1 ? to_start : average_gap / 2);
  const double seconds = static_cast<double>(range) / 1e9;
  return increase * (extrapolated / sampled) / seconds;
}

}  // namespace trilobite::logql
