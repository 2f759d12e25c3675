#include "endpoint_metrics.h"

#include <trilobite/metric_names.h>

namespace llm {

namespace metrics = trilobite::metrics;
namespace names = metrics::names;

namespace {

// The level's own prefix and labels go with these.
template <class T>
T single(const metrics::Registry& endpoint, const names::Standard& metric) {
  return names::single<T>(endpoint, "", metric).or_log();
}

// A worker here has one rank.
template <class T>
T of_rank(const metrics::Registry& endpoint, const names::Standard& metric, std::string_view model) {
  return names::vector<T>(endpoint, "", metric).or_log().with({model, "0"});
}

}  // namespace

EndpointMetrics::EndpointMetrics(const metrics::Registry& endpoint)
    : requests(single<metrics::IntCounter>(endpoint, names::component::kRequests)),
      inflight(single<metrics::IntGauge>(endpoint, names::component::kInflightRequests)),
      duration(single<metrics::Histogram>(endpoint, names::component::kRequestDuration)),
      request_bytes(single<metrics::IntCounter>(endpoint, names::component::kRequestBytes)),
      response_bytes(single<metrics::IntCounter>(endpoint, names::component::kResponseBytes)),
      errors(names::vector<metrics::IntCounter>(endpoint, "", names::component::kErrors).or_log()) {}

ModelMetrics::ModelMetrics(const metrics::Registry& endpoint, std::string_view model)
    : load_time_(names::vector<metrics::Gauge>(endpoint, "", names::component::kModelLoadTime).or_log().with({model})),
      total_blocks_(of_rank<metrics::IntGauge>(endpoint, names::component::kTotalBlocks, model)),
      usage_(of_rank<metrics::Gauge>(endpoint, names::component::kGpuCacheUsage, model)) {}

void ModelMetrics::loaded(std::size_t blocks) const {
  load_time_.set(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count());
  total_blocks_.set(static_cast<std::int64_t>(blocks));
}

void ModelMetrics::set_usage(std::size_t blocks_used) const {
  const std::int64_t total = total_blocks_.value();
  if (total > 0) usage_.set(static_cast<double>(blocks_used) / static_cast<double>(total));
}

}  // namespace llm
