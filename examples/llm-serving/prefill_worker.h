// Computes prompts: looks the prefix up in its KV cache, waits for the engine, tells the router what it holds.
#pragma once

#include <mutex>

#include "endpoint_metrics.h"
#include "kv_cache.h"
#include "worker_context.h"

namespace llm {

class PrefillWorker {
 public:
  explicit PrefillWorker(WorkerContext& context);

  // To be called each second: tells the router about the load.
  void report();

 private:
  // Metrics of the block manager, under the names its dashboards know.
  struct BlockMetrics {
    explicit BlockMetrics(const trilobite::metrics::Registry& registry);
    void count(const CacheUse& use);

    trilobite::metrics::IntCounter offload_d2h, offload_h2d, onboard_h2d, onboard_d2d, matched_tokens;
    trilobite::metrics::Gauge host_hit_rate, disk_hit_rate;
    std::uint64_t host_matched = 0, disk_matched = 0, looked_up = 0;
  };

  std::string generate(const Request& request, const OnChunk& send);
  std::string compute(const Request& request, const OnChunk& send);

  WorkerContext& context_;
  EndpointMetrics metrics_;
  trilobite::metrics::Registry block_registry_;
  BlockMetrics blocks_;
  ModelMetrics model_metrics_;
  std::mutex mutex_;  // the cache and the rates
  KvCache cache_;
  PrefillEngine engine_;
};

}  // namespace llm
