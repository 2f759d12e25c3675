// Sending metrics instead of being scraped (library trilobite_export):
//
//   auto push = metrics::Push::start(runtime, metrics::PushOptions::otlp_from_environment());
//
// For programs that end before anybody scrapes them, and where nobody can reach them.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <trilobite/metrics.h>

namespace trilobite::instruments {

enum class PushProtocol : std::uint8_t {
  kOtlp,         // OTLP, as the OTEL_ variables say: HTTP with protobuf, or gRPC
  kRemoteWrite,  // Prometheus' remote write 1.0
};

struct PushOptions {
  PushProtocol protocol = PushProtocol::kOtlp;
  std::string url{};  // kRemoteWrite: http://trilobite:3100/api/v1/write. kOtlp: empty for what OTEL_ variables say;
                      // with a path or port 4318 it is HTTP, otherwise gRPC
  std::vector<std::pair<std::string, std::string>> headers{};
  Labels labels{};                    // kRemoteWrite: of all series, as a scrape would add job and instance
  std::int64_t interval_ms = 60'000;  // between the begin of two pushes
  std::int64_t timeout_ms = 10'000;   // of one request
  std::int64_t last_push_ms = 3'000;  // how long the last push, at the end of the object, may take

  std::string error{};  // not empty: start() fails with it

  // OTEL_EXPORTER_OTLP_METRICS_ENDPOINT and its like, OTEL_METRIC_EXPORT_INTERVAL and OTEL_METRIC_EXPORT_TIMEOUT (ms).
  static PushOptions otlp_from_environment();
};

class PushState;

// A thread that pushes what the registry exposes. A push that fails in a way that may pass is repeated until the next
// one is due; failures are logged, once until a push succeeds again. All calls from any thread.
class Push {
 public:
  // Without success nothing is pushed, error() says why, and it is logged.
  static Push start(const Registry& registry, PushOptions options);
  Push(Push&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Push& operator=(Push&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~Push();  // pushes once more

  const std::string& error() const;
  // Pushes now and waits for the end. An error text or an empty one.
  std::string push_now();

 private:
  explicit Push(PushState* state) : state_(state) {}
  PushState* state_;
};

}  // namespace trilobite::instruments
