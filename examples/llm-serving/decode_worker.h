// Produces the tokens of an answer, many sequences at a time.
#pragma once

#include "endpoint_metrics.h"
#include "worker_context.h"

namespace llm {

class DecodeWorker {
 public:
  explicit DecodeWorker(WorkerContext& context);

  // To be called each second: tells the router about the load, and the log about a queue that grows.
  void report();

 private:
  std::string generate(const Request& request, const OnChunk& send);
  std::string decode(const Request& request, const OnChunk& send);

  WorkerContext& context_;
  EndpointMetrics metrics_;
  ModelMetrics model_metrics_;
  trilobite::metrics::IntGauge running_, waiting_;
  DecodeEngine engine_;
};

}  // namespace llm
