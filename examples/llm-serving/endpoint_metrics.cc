#include "endpoint_metrics.h"

namespace llm {

EndpointMetrics::EndpointMetrics(const trilobite::metrics::Registry& endpoint)
    : requests(endpoint.create_intcounter("requests_total", "Requests received").or_log()),
      inflight(endpoint.create_intgauge("inflight_requests", "Requests being processed").or_log()),
      duration(endpoint.create_histogram("request_duration_seconds", "Time from arrival to the last chunk").or_log()),
      request_bytes(endpoint.create_intcounter("request_bytes_total", "Bytes of requests").or_log()),
      response_bytes(endpoint.create_intcounter("response_bytes_total", "Bytes of answers").or_log()),
      errors(endpoint.create_intcountervec("errors_total", "Requests that failed", {"error_type"}).or_log()) {}

}  // namespace llm
