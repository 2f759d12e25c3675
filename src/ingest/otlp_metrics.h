// OpenTelemetry's metrics as samples, by Prometheus' rules.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/loki_push.h"
#include "ingest/metric_writer.h"
#include "ingest/otlp_delta.h"
#include "ingest/otlp_metric_names.h"

namespace trilobite::ingest {

enum class OtlpDelta : std::uint8_t {
  kRefuse,   // as Prometheus does
  kConvert,  // to running totals
  kStore,    // as it is, of unknown type
};

// The section `otlp` of Prometheus' configuration.
struct OtlpMetricOptions {
  OtlpTranslation translation = OtlpTranslation::kUnderscoreEscapingWithSuffixes;
  OtlpLabelNames label_names;
  std::vector<std::string> promote_resource_attributes;
  bool promote_all_resource_attributes = false;
  std::vector<std::string> ignore_resource_attributes;  // of promote_all
  bool keep_identifying_resource_attributes = false;    // in target_info
  bool promote_scope_metadata = false;
  bool convert_histograms_to_nhcb = false;
  OtlpDelta delta = OtlpDelta::kConvert;
  DeltaLimits delta_limits;
  std::chrono::nanoseconds target_info_every = std::chrono::seconds(150);  // half of what a query looks back
};

struct OtlpMetrics {
  MetricPush push;
  MetricPush target_info;  // old samples of it are no fault
  std::string refused;     // what was left out by limits, a line each
};

// `body` unpacked or not: gzip, zstd; protobuf or JSON by its Content-Type. The session's changes are to be committed
// when the samples are stored. Errors: kInvalid; kInternal, points that cannot be (Prometheus answers 500).
Result<OtlpMetrics> decode_otlp_metrics(const PushBody& body, const PushLimits& limits,
                                        const OtlpMetricOptions& options, MetricSeriesTable& table,
                                        DeltaSession& deltas, TimeNs now);
Result<OtlpMetrics> decode_otlp_metrics_protobuf(std::string_view message, const OtlpMetricOptions& options,
                                                 MetricSeriesTable& table, DeltaSession& deltas, TimeNs now);

}  // namespace trilobite::ingest
