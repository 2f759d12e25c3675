// Native histograms: values of samples beside plain numbers. Counts are kept as doubles, as queries compute with them.
// Shapes and rules: Prometheus' native histogram specification (prometheus.io/docs/specs/native_histograms).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace trilobite::metrics {

inline constexpr std::int32_t kCustomBuckets = -53;  // the schema of histograms with explicit bounds (NHCB)

enum class CounterReset : std::uint8_t { kUnknown = 0, kReset = 1, kNotReset = 2, kGauge = 3 };

struct BucketSpan {
  std::int32_t offset = 0;  // of the first span: index of its first bucket; later: gap to the span before
  std::uint32_t length = 0;
  friend bool operator==(const BucketSpan&, const BucketSpan&) = default;
};

struct Histogram {
  std::int32_t schema = 0;  // -4..8: bounds are powers of 2^(2^-schema); or kCustomBuckets
  CounterReset reset = CounterReset::kUnknown;
  bool whole_numbers = false;  // came with integer counts: read back as such by remote read
  double zero_threshold = 0, zero_count = 0;
  double count = 0, sum = 0;
  std::vector<BucketSpan> positive_spans, negative_spans;
  std::vector<double> positive, negative;  // absolute counts, not cumulative, not deltas
  std::vector<double> custom_bounds;       // upper bounds of kCustomBuckets, ascending, without +Inf
};
using HistogramRef = std::shared_ptr<const Histogram>;

// The bytes of column kHistogramColumn: canonical, so that equal histograms are equal bytes. Decoding checks
// everything.
std::string encode_histogram(const Histogram& histogram);
Result<Histogram> decode_histogram(std::string_view bytes);

// What a histogram from outside must hold: spans fit buckets, counts not negative and (of whole numbers) not above
// `count`, bounds ascending ... Errors (kInvalid) are Prometheus' texts.
Result<void> check_histogram(const Histogram& histogram);
// The part of it without which the arithmetic would be lost: the schema is known, spans fit buckets and bounds.
Result<void> check_histogram_layout(const Histogram& histogram);
// What every way in calls: schemas 9 to 52 become 8, then check_histogram().
Result<void> accept_histogram(Histogram& histogram);

// The hint to store for a counter histogram that follows `previous` in its series (null: none, or a float): kNotReset
// if it surely goes on counting, else kUnknown; gauges and hints that are set stay.
CounterReset appended_hint(const Histogram* previous, const Histogram& histogram);

}  // namespace trilobite::metrics
