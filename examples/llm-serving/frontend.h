// The OpenAI-style API: a request is tokenised, routed, prefilled and decoded, and answered at once or as a stream.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include <trilobite/metrics.h>

#include "messages.h"
#include "request_plane.h"

namespace llm {

enum class Api : std::uint8_t { kChat, kCompletions };

// Where an answer goes. The first call of either decides between a stream and one body.
class Reply {
 public:
  virtual ~Reply() = default;
  virtual bool stream(std::string_view event_data) = 0;  // one server-sent event; false: the client is gone
  virtual void body(int status, const std::string& json) = 0;
};

class Frontend {
 public:
  Frontend(RequestPlane& plane, std::string model, const trilobite::metrics::Registry& registry);

  // Any thread; returns when the request is answered.
  void complete(Api api, const Request& request, const std::string& uri, Reply& reply);
  std::string models() const;  // the body of GET /v1/models

 private:
  using Clock = std::chrono::steady_clock;
  struct Metrics {
    explicit Metrics(const trilobite::metrics::Registry& registry);
    trilobite::metrics::IntCounterVec requests, output_tokens;
    trilobite::metrics::IntGaugeVec inflight, queued;
    trilobite::metrics::IntGauge disconnected;
    trilobite::metrics::HistogramVec duration, input, output, cached, first_token, inter_token, tokenizer;
  };
  struct Outcome {
    int status = 200;
    std::string error;       // of the body, and of the log
    std::string error_type;  // of the metrics
  };

  static Outcome failure(int status, const std::string& error);
  Outcome run(Api api, const CompletionRequest& request, const std::string& request_id, Reply& reply);
  Outcome answer(Api api, const CompletionRequest& request, const std::string& request_id, const SelectReply& workers,
                 std::size_t prompt_tokens, Clock::time_point begin, Reply& reply);

  RequestPlane& plane_;
  const std::string model_;
  Metrics metrics_;
  std::atomic<std::uint64_t> next_seed_{1};
};

}  // namespace llm
