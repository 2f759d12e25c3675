// One request a worker works on: the span handle_payload, continued from the caller's headers, and the counts of the
// endpoint.
#pragma once

#include <chrono>

#include <trilobite/trace.h>

#include "endpoint_metrics.h"
#include "worker_context.h"

namespace llm {

class WorkSpan {
 public:
  WorkSpan(const WorkerContext& context, const Request& request, const EndpointMetrics& metrics);
  ~WorkSpan();
  WorkSpan(const WorkSpan&) = delete;
  WorkSpan& operator=(const WorkSpan&) = delete;

  // An error starts with its type and a colon, as "generate: device lost". An empty one is none.
  void finished(const std::string& error) const;

 private:
  const EndpointMetrics& metrics_;
  const std::chrono::steady_clock::time_point begin_;
  mutable trilobite::trace::Span span_;
};

}  // namespace llm
