// The points of OpenTelemetry's metrics, read from protobuf; what they mean is decided in otlp_metrics.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "ingest/histogram_wire.h"

namespace trilobite::ingest {

inline Error broken_otlp() { return error(Code::kInvalid, "cannot decode OTLP protobuf: the message is broken"); }

enum class OtlpTemporality : std::uint8_t { kUnspecified = 0, kDelta = 1, kCumulative = 2 };

// Gauge, Sum, Histogram, ExponentialHistogram or Summary.
struct OtlpPoints {
  std::vector<std::string_view> messages;
  OtlpTemporality temporality = OtlpTemporality::kUnspecified;
  bool monotonic = false;
};
Result<OtlpPoints> read_otlp_points(std::string_view message);

struct OtlpBuckets {
  std::int32_t offset = 0;
  std::vector<double> counts;
};
struct OtlpPoint {
  TimeNs time = 0;
  TimeNs start = 0;       // since when it counts; 0: not known
  bool no_value = false;  // a flag: the source is gone
  bool delta = false;
  double value = 0;       // of gauges and sums
  double count = 0;
  std::optional<double> sum;
  std::vector<double> bounds, buckets;
  std::int32_t scale = 0;
  double zero_count = 0;
  OtlpBuckets positive, negative;
  std::vector<std::pair<double, double>> quantiles;
  std::vector<std::string_view> attributes, exemplars;  // messages
};
// `field` is the number of the metric's data in Metric: 5 gauge, 7 sum, 9 histogram, 10 exponential, 11 summary.
Result<void> read_otlp_point(std::string_view message, std::uint32_t field, OtlpPoint& out);

struct OtlpExemplar {
  TimeNs time = 0;
  double value = 0;
  std::string trace_id, span_id;  // hexadecimal, "" for none
  std::vector<std::string_view> attributes;
};
Result<void> read_otlp_exemplar(std::string_view message, OtlpExemplar& out);

std::size_t utf8_runes(std::string_view text);

}  // namespace trilobite::ingest
