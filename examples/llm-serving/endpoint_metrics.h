// What every endpoint of a worker measures, under the standard names of components.
#pragma once

#include <cstddef>
#include <string_view>

#include <trilobite/metrics.h>

namespace llm {

struct EndpointMetrics {
  explicit EndpointMetrics(const trilobite::metrics::Registry& endpoint);

  trilobite::metrics::IntCounter requests;
  trilobite::metrics::IntGauge inflight;
  trilobite::metrics::Histogram duration;
  trilobite::metrics::IntCounter request_bytes;
  trilobite::metrics::IntCounter response_bytes;
  trilobite::metrics::IntCounterVec errors;
};

}  // namespace llm
