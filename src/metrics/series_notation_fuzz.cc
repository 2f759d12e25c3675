// Lines of scripts and rule tests: every one is a series or an error, within the limit.
#include "base/check.h"
#include "metrics/series_notation.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, unsigned long size) {
  using namespace trilobite::metrics;
  constexpr std::size_t kSamplesMax = 1000;
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  CHECK(series_text_length(line) <= line.size());
  const auto series = parse_series_notation(line, kSamplesMax);
  if (!series.ok()) return 0;
  CHECK(series->samples.size() <= kSamplesMax);
  for (const auto& sample : series->samples) {
    if (sample && sample->histogram) CHECK(check_histogram_layout(*sample->histogram).ok());
  }
  return 0;
}
