// Chooses the workers of a request: the prefill worker that holds most of the prompt and has least to do, the decode
// worker with fewest sequences. Knows both from the workers' events.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>

#include <trilobite/metrics.h>

#include "endpoint_metrics.h"
#include "messages.h"
#include "worker_context.h"

namespace llm {

class Router {
 public:
  explicit Router(WorkerContext& context);

  // To be called each second: forgets workers that have been silent.
  void report();

 private:
  using Clock = std::chrono::steady_clock;
  struct Worker {
    std::string kind;
    std::uint64_t load = 0;
    std::unordered_set<std::uint64_t> blocks;
    Clock::time_point seen;
  };
  struct Metrics {
    Metrics(const trilobite::metrics::Registry& registry, const std::string& router_id);
    trilobite::metrics::IntCounter requests;
    trilobite::metrics::Histogram input_tokens, hit_rate, block_hashing, find_matches, scheduling, total;
    trilobite::metrics::IntCounterVec events;
  };

  std::string select(const Request& request, const OnChunk& send);
  std::optional<SelectReply> choose(const SelectRequest& request);
  void take_event(std::string_view json);

  WorkerContext& context_;
  EndpointMetrics endpoint_metrics_;
  trilobite::metrics::Registry registry_;
  Metrics metrics_;
  std::mutex mutex_;
  std::map<std::string, Worker> workers_;
};

}  // namespace llm
