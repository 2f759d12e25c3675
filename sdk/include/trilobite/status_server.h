// What a worker tells about itself over HTTP: health, metrics, metadata.
//
//   auto options = status::Options::from_environment();       // DYN_SYSTEM_PORT=8081 switches it on
//   auto server = status::StatusServer::start(options, runtime);
//   server.endpoint_ready("generate", true);
//
// Routes: GET health and live path, /metrics, /metadata, any method /engine/<path>, /v1/loras, GET and PUT /log/filter,
// POST /v1/metrics/<namespace>.<component>.<endpoint> (see custom_metrics.h), and those of Options::routes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <trilobite/callback.h>
#include <trilobite/http_server.h>
#include <trilobite/metrics.h>

namespace trilobite::status {

struct Options {
  std::int32_t port = -1;  // negative: no server; 0: any that is free
  std::string host = "0.0.0.0";
  std::string health_path = "/health";
  std::string live_path = "/live";
  bool starts_ready = false;
  std::vector<std::string> health_endpoints{};  // when given, these alone decide whether the process is healthy

  bool probes = false;  // see StatusServer::add_probe
  std::int64_t probe_wait_ms = 10'000;
  std::int64_t probe_timeout_ms = 3'000;

  http::ServerOptions http{};  // host and port come from above
  // Asked before the built-in routes: true when it has filled the response.
  Callback<bool(const http::Request&, http::Response&)> routes{};
  bool loras = false;  // the routes of StatusServer::set_loras

  std::vector<std::string> warnings{};  // start() logs them
  std::string error{};                  // not empty: start() logs it and starts no server

  // /opt/dynamo/defaults/runtime.toml, /opt/dynamo/etc/runtime.toml, then DYN_SYSTEM_PORT, DYN_SYSTEM_HOST,
  // DYN_SYSTEM_STARTING_HEALTH_STATUS, DYN_SYSTEM_HEALTH_PATH, DYN_SYSTEM_LIVE_PATH,
  // DYN_SYSTEM_USE_ENDPOINT_HEALTH_STATUS, DYN_HEALTH_CHECK_ENABLED, DYN_CANARY_WAIT_TIME,
  // DYN_HEALTH_CHECK_REQUEST_TIMEOUT, DYN_LORA_ENABLED. Empty values count as unset.
  static Options from_environment();
};

// The answer of an engine route: JSON, or an error.
using JsonOrError = metrics::TextOrError;

// What a worker does with LoRA adapters. Each answers with a JSON object of what it knows (lora_id, loras, count and
// the like); status, message and lora_name are added where they are missing.
struct LoraRoutes {
  Callback<JsonOrError()> list{};
  Callback<JsonOrError(std::string_view name, std::string_view uri)> load{};
  Callback<JsonOrError(std::string_view name)> unload{};
};

class StatusState;

// Also keeps the health where there is no server. All calls from any thread.
class StatusServer {
 public:
  // Registers the gauge uptime_seconds with runtime. What prevents the server is logged; the object works without it.
  static StatusServer start(Options options, const metrics::Registry& runtime);
  StatusServer(StatusServer&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  StatusServer& operator=(StatusServer&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~StatusServer();  // stops the server

  bool running() const;
  std::uint16_t port() const;

  // The status where neither Options::health_endpoints nor probes decide.
  void set_ready(bool ready);
  // A served endpoint is ready, one that is no longer served is not.
  void endpoint_ready(std::string_view endpoint, bool ready);
  bool healthy() const;
  std::string health_json() const;

  // Tries an endpoint that has been quiet for Options::probe_wait_ms: an empty text means that it works. The endpoint
  // is not ready until then, and is not ready after an error or a call that takes longer than timeout_ms. Runs in a
  // thread of its own when Options::probes is set; without that the endpoint still decides about the health.
  void add_probe(std::string_view endpoint, Callback<std::string(std::int64_t timeout_ms)> probe);
  // Real traffic: puts the next probe off, and with success makes the endpoint ready.
  void activity(std::string_view endpoint);

  // JSON with endpoints, model_cards, event_channels for /metadata; 404 without it.
  void set_metadata(Callback<std::string()> json);
  // Answers /engine/<path>; gets the JSON of the body, `{}` when it is empty.
  void add_engine_route(std::string_view path, Callback<JsonOrError(std::string_view json)> handler);
  // GET and POST /v1/loras, DELETE /v1/loras/<name>; only with Options::loras (DYN_LORA_ENABLED=true).
  void set_loras(LoraRoutes routes);

 private:
  explicit StatusServer(StatusState* state) : state_(state) {}
  StatusState* state_;
};

}  // namespace trilobite::status
