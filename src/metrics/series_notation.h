// The short way to write series in scripts and rule tests: `up{job="a"} 1 2+3x4 _ stale {{count:1 buckets:[1]}}`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "columnar/label_set.h"
#include "metrics/histogram.h"

namespace trilobite::metrics {

struct NotedSample {
  double value = 0;          // of a stale marker: that NaN
  HistogramRef histogram;    // null: a float
  bool hint_stated = false;  // the literal has a counter_reset_hint
};
struct NotedSeries {
  LabelSet labels;
  std::vector<std::optional<NotedSample>> samples;  // one per step; none: `_`
};

// A line of a script. Progressions are written out: axn has n + 1 samples, a+bxn adds b again and again. At most
// `samples_max`. Errors are kInvalid.
Result<NotedSeries> parse_series_notation(std::string_view line, std::size_t samples_max = 1'000'000);
// The samples alone.
Result<std::vector<std::optional<NotedSample>>> parse_samples_notation(std::string_view text, std::size_t samples_max);

// Where the series ends and its samples begin: behind the name and the braces.
std::size_t series_text_length(std::string_view line);

}  // namespace trilobite::metrics
