// Bytes from a disk that lies, and literals from scripts: what is accepted is written the same again, and all
// arithmetic on it ends.
#include "base/check.h"
#include "metrics/histogram_buckets.h"
#include "metrics/histogram_functions.h"
#include "metrics/histogram_math.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, unsigned long size) {
  using namespace trilobite::metrics;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  auto read = decode_histogram(input);
  if (!read.ok()) read = parse_histogram_literal(input);
  if (!read.ok()) return 0;
  Histogram histogram = *read;
  const std::string bytes = encode_histogram(histogram);
  const auto again = decode_histogram(bytes);
  CHECK(again.ok() && equal(*again, histogram) && encode_histogram(*again) == bytes);
  static_cast<void>(check_histogram(histogram));
  static_cast<void>(histogram_text(histogram));
  std::string json;
  append_histogram_json(json, histogram);
  QuantileNotes notes;
  static_cast<void>(histogram_quantile(0.9, histogram, notes));
  static_cast<void>(histogram_fraction(-1, 3, histogram, notes));
  static_cast<void>(histogram_variance(histogram));
  // Against itself with half the resolution and another zero bucket.
  Histogram other = histogram;
  if (other.schema > -4) reduce_resolution(other, other.schema - 1);
  if (other.schema != kCustomBuckets) other.zero_threshold = other.zero_threshold * 2 + 0.001;
  static_cast<void>(was_reset(histogram, other));
  static_cast<void>(was_reset(other, histogram));
  HistogramSum sum;
  static_cast<void>(sum.add(histogram));
  static_cast<void>(sum.add(other));
  CHECK(check_histogram_layout(sum.sum()).ok() && check_histogram_layout(sum.mean()).ok());
  trim_above(other, 3);
  trim_below(other, -3);
  static_cast<void>(subtract(histogram, other));
  CHECK(check_histogram_layout(histogram).ok());
  return 0;
}
