// POST /api/v1/write, Prometheus' remote write (versions 1.0 and 2.0), also below /prometheus, and the same under the
// paths that senders to Mimir and Cortex use: /api/v1/push, /api/prom/remote/write.
#pragma once

#include "api/http.h"
#include "ingest/metric_writer.h"

namespace trilobite::api {

// All of them must outlive the router.
struct PrometheusWrite {
  ingest::MetricWriter& writer;
  std::size_t bytes_max = 32u << 20;  // of a body, packed (413) and unpacked (400)
  bool multi_tenant = false;
};
void add_prometheus_write_routes(http::Router& router, const PrometheusWrite& write);

}  // namespace trilobite::api
