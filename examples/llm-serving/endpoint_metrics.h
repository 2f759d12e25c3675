// What every endpoint of a worker measures, under the standard names of components.
#pragma once

#include <chrono>
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

// What a worker tells about its model and its KV cache.
class ModelMetrics {
 public:
  ModelMetrics(const trilobite::metrics::Registry& endpoint, std::string_view model);  // the model begins to load
  void loaded(std::size_t blocks) const;
  void set_usage(std::size_t blocks_used) const;

 private:
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  trilobite::metrics::Gauge load_time_;
  trilobite::metrics::IntGauge total_blocks_;
  trilobite::metrics::Gauge usage_;
};

}  // namespace llm
