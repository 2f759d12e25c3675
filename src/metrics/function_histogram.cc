// Functions of single native histograms: floats beside them are left out.
#include <array>
#include <cmath>

#include "metrics/function_table.h"
#include "metrics/histogram_functions.h"

namespace trilobite::metrics {
namespace {

struct HistogramFunction {
  std::string_view name;
  double (*apply)(const Histogram& histogram);
};
constexpr HistogramFunction kHistogram[] = {
    {"histogram_count", [](const Histogram& histogram) { return histogram.count; }},
    {"histogram_sum", [](const Histogram& histogram) { return histogram.sum; }},
    {"histogram_avg", histogram_average},
    {"histogram_stdvar", histogram_variance},
    {"histogram_stddev", [](const Histogram& histogram) { return std::sqrt(histogram_variance(histogram)); }},
};

Result<void> stream_histogram(Evaluator& evaluator, const Expr&, const Call& call, const SeriesSink& sink) {
  double (*apply)(const Histogram&) = nullptr;
  for (const HistogramFunction& function : kHistogram) {
    if (function.name == call.function->name) apply = function.apply;
  }
  CHECK(apply != nullptr);
  const auto map = [&](StepSeries& series) {
    for (std::size_t step = 0; step < series.values.size(); ++step) {
      const HistogramRef* histogram = series.histogram(step);
      series.values[step] = histogram ? apply(**histogram) : query::kAbsent;
    }
    series.histograms.clear();
  };
  return evaluator.stream_mapped(*call.arguments[0], true, map, sink);
}

constexpr auto kFunctions = [] {
  std::array<Function, std::size(kHistogram)> rows;
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = {.name = kHistogram[i].name, .stream = stream_histogram};
  return rows;
}();

}  // namespace

std::span<const Function> histogram_functions() { return kFunctions; }

}  // namespace trilobite::metrics
