// POST /api/v1/otlp/v1/metrics, where Prometheus takes OTLP, and /v1/metrics, where OpenTelemetry's exporters send by
// default.
#pragma once

#include "api/http.h"
#include "base/clock.h"
#include "ingest/otlp_metrics.h"

namespace trilobite::api {

// All of them must outlive the router.
struct OtlpMetricsApi {
  ingest::MetricWriter& writer;
  ingest::DeltaTables& deltas;
  const Clock& clock;
  const ingest::OtlpMetricOptions& options;
  std::size_t bytes_max = 32u << 20;  // of a body, packed and unpacked
  bool multi_tenant = false;
};
void add_otlp_metrics_routes(http::Router& router, const OtlpMetricsApi& otlp);

}  // namespace trilobite::api
