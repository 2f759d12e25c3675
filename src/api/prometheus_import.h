// POST /api/v1/import (VictoriaMetrics' JSON lines) and /api/v1/import/prometheus (text, OpenMetrics or protobuf with
// timestamps): recorded samples in bulk, in any order. /write and /api/v2/write (also below /influx) take InfluxDB's
// lines.
#pragma once

#include "api/http.h"
#include "base/clock.h"
#include "ingest/metric_import.h"

namespace trilobite::api {

// All of them must outlive the router.
struct PrometheusImport {
  ingest::MetricWriter& writer;
  const Clock& clock;
  std::size_t bytes_decoded_max = 512u << 20;
  bool multi_tenant = false;
};
void add_prometheus_import_routes(http::Router& router, const PrometheusImport& import);

}  // namespace trilobite::api
