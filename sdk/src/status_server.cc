#include <trilobite/status_server.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include <trilobite/custom_metrics.h>
#include <trilobite/log.h>
#include <trilobite/log_setup.h>
#include <trilobite/trace_headers.h>
#include <trilobite/trace_names.h>

#include "json.h"
#include "status_health.h"
#include "status_loras.h"

namespace trilobite::status {
namespace {

constexpr log::Target kLog{"trilobite::status"};
constexpr trace::SpanType kHttpRequest{"trilobite::status", trace::names::kHttpRequest};
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kEnginePrefix = "/engine/";
constexpr std::string_view kReportPrefix = "/v1/metrics/";

http::Response text_response(int status, std::string body) { return {.status = status, .body = std::move(body)}; }

http::Response json_response(int status, std::string body) {
  return {.status = status, .content_type = std::string(kJson), .body = std::move(body)};
}

http::Response json_error(int status, std::string_view error, std::string_view message) {
  std::string body = "{\"error\":";
  log::append_json_string(body, error);
  body += ",\"message\":";
  log::append_json_string(body, message);
  return json_response(status, body + "}");
}

http::Response not_allowed(std::string allowed) {
  http::Response out = text_response(405, "Method not allowed\n");
  out.headers.push_back({.name = "allow", .value = std::move(allowed)});
  return out;
}

// Continues the trace of the caller, if there is one.
trace::Span start_span(const http::Request& request) {
  trace::HeaderReader headers;
  for (const http::Header& header : request.headers) headers.add(header.name, header.value);
  const trace::Context parent = headers.context();
  return kHttpRequest.start(trace::Start{.parent = &parent, .kind = trace::Kind::kServer},
                            trace::kv(trace::names::kMethod, log::display(request.method)),
                            trace::kv(trace::names::kUri, log::display(request.target)),
                            trace::kv(trace::names::kVersion, log::display("HTTP/1.1")));
}

bool reads(const http::Request& request) { return request.method == "GET" || request.method == "HEAD"; }

}  // namespace

class StatusState {
 public:
  StatusState(Options options, const metrics::Registry& runtime)
      : options_(std::move(options)),
        runtime_(runtime),
        custom_metrics_(runtime),
        health_(std::make_shared<Health>(options_.starts_ready, options_.health_endpoints)) {}
  ~StatusState() {
    server_ = http::Server();
    if (!prober_.joinable()) return;
    {
      const std::lock_guard lock(prober_mutex_);
      stopping_ = true;
    }
    prober_wake_.notify_all();
    prober_.join();
  }

  void start() {
    for (const std::string& warning : options_.warnings) kLog.warn("{}", warning);
    const auto uptime = runtime_.create_gauge("uptime_seconds", "Seconds since the process began to serve").or_log();
    // The registry may outlive this object.
    runtime_.add_update_callback([uptime, health = health_]() -> std::string {
      uptime.set(std::chrono::duration<double>(health->uptime()).count());
      return {};
    });
    if (options_.probes) prober_ = std::thread([this] { probe_loop(); });
    if (!options_.error.empty()) {
      kLog.error("Failed to start the system status server: {}", options_.error);
      return;
    }
    if (options_.port < 0) return;
    http::ServerOptions http = options_.http;
    http.host = options_.host;
    http.port = static_cast<std::uint16_t>(options_.port);
    server_ = http::Server::start(http, [this](const http::Request& request) { return answer(request); });
    if (server_.running()) {
      kLog.info("System status server listens on {}:{}", options_.host, server_.port());
    } else {
      kLog.error("Failed to start the system status server: {}", server_.error());
    }
  }

  http::Response answer(const http::Request& request) {
    trace::Span span = start_span(request);
    http::Response response = route(request);
    if (response.status >= 500) span.status(trace::Status::kError);
    return response;
  }
  http::Server& server() { return server_; }
  Health& health() { return *health_; }

  void wake_prober() {
    {
      const std::lock_guard lock(prober_mutex_);
      changed_ = true;
    }
    prober_wake_.notify_all();
  }

  void set_metadata(Callback<std::string()> json) {
    auto shared = std::make_shared<Callback<std::string()>>(std::move(json));
    const std::lock_guard lock(routes_mutex_);
    metadata_ = std::move(shared);
  }
  void add_engine_route(std::string_view path, Callback<JsonOrError(std::string_view)> handler) {
    while (path.starts_with('/')) path.remove_prefix(1);
    auto shared = std::make_shared<Callback<JsonOrError(std::string_view)>>(std::move(handler));
    const std::lock_guard lock(routes_mutex_);
    engine_routes_[std::string(path)] = std::move(shared);
  }
  void set_loras(LoraRoutes routes) {
    auto shared = std::make_shared<LoraRoutes>(std::move(routes));
    const std::lock_guard lock(routes_mutex_);
    loras_ = std::move(shared);
  }

 private:
  http::Response route(const http::Request& request);
  http::Response metrics(const http::Request& request);
  http::Response metadata();
  http::Response engine(const http::Request& request);
  http::Response log_filter(const http::Request& request);
  http::Response report(const http::Request& request);
  http::Response loras(const http::Request& request) {
    std::shared_ptr<LoraRoutes> routes;
    {
      const std::lock_guard lock(routes_mutex_);
      routes = loras_;
    }
    return answer_lora(routes.get(), request);
  }

  void probe_loop() {
    std::unique_lock lock(prober_mutex_);
    while (!stopping_) {
      changed_ = false;
      lock.unlock();
      const auto next = health_->run_due_probes(std::chrono::milliseconds(options_.probe_wait_ms),
                                                std::chrono::milliseconds(options_.probe_timeout_ms));
      lock.lock();
      prober_wake_.wait_until(lock, next, [&] { return stopping_ || changed_; });
    }
  }

  const Options options_;
  const metrics::Registry runtime_;
  const metrics::CustomMetrics custom_metrics_;
  const std::shared_ptr<Health> health_;

  std::mutex routes_mutex_;  // guards the three that follow
  std::shared_ptr<LoraRoutes> loras_;
  std::shared_ptr<Callback<std::string()>> metadata_;
  std::map<std::string, std::shared_ptr<Callback<JsonOrError(std::string_view)>>, std::less<>> engine_routes_;

  std::mutex prober_mutex_;  // guards the two that follow
  bool stopping_ = false;
  bool changed_ = false;
  std::condition_variable prober_wake_;
  std::thread prober_;
  http::Server server_;
};

http::Response StatusState::route(const http::Request& request) {
  http::Response own;
  if (options_.routes && options_.routes(request, own)) return own;
  const std::string_view path = request.path;
  if (path == options_.health_path || path == options_.live_path) {
    if (!reads(request)) return not_allowed("GET,HEAD");
    const int status = health_->healthy() ? 200 : 503;
    return text_response(status, health_->json());
  }
  if (path == "/metrics") return reads(request) ? metrics(request) : not_allowed("GET,HEAD");
  if (path == "/metadata") return reads(request) ? metadata() : not_allowed("GET,HEAD");
  if (path.starts_with(kEnginePrefix)) return engine(request);
  if (path == "/log/filter") return log_filter(request);
  if (options_.loras && is_lora_path(path)) return loras(request);
  if (path.starts_with(kReportPrefix)) return request.method == "POST" ? report(request) : not_allowed("POST");
  return text_response(404, "Route not found");
}

http::Response StatusState::metrics(const http::Request& request) {
  const metrics::Exposition format = runtime_.negotiate(request.header("accept"));
  metrics::TextOrError page = runtime_.expose(format);
  if (!page.ok()) {
    kLog.error("Failed to get metrics: {}", page.error);
    return text_response(500, "Failed to get metrics");
  }
  return {.status = 200,
          .content_type = std::string(metrics::Registry::content_type(format)),
          .body = std::move(page.text)};
}

http::Response StatusState::metadata() {
  std::shared_ptr<Callback<std::string()>> source;
  {
    const std::lock_guard lock(routes_mutex_);
    source = metadata_;
  }
  if (source == nullptr) return text_response(404, "Discovery metadata not available");
  return json_response(200, (*source)());
}

http::Response StatusState::engine(const http::Request& request) {
  const std::string_view path = std::string_view(request.path).substr(kEnginePrefix.size());
  std::shared_ptr<Callback<JsonOrError(std::string_view)>> handler;
  {
    const std::lock_guard lock(routes_mutex_);
    const auto found = engine_routes_.find(path);
    if (found != engine_routes_.end()) handler = found->second;
  }
  if (handler == nullptr)
    return json_error(404, "Route not found", fmt::format("Route {}{} not found", kEnginePrefix, path));
  std::string json = "{}";
  if (!request.body.empty()) {
    json.clear();
    if (!log::append_if_json(json, request.body)) return json_error(400, "Invalid JSON", "the body is not valid JSON");
  }
  JsonOrError result;
  try {
    result = (*handler)(json);
  } catch (const std::exception& thrown) {
    result.error = thrown.what();
  }
  if (!result.ok()) return json_error(500, "Handler error", result.error);
  return json_response(200, std::move(result.text));
}

http::Response StatusState::log_filter(const http::Request& request) {
  if (reads(request)) return text_response(200, log::filter() + "\n");
  if (request.method != "PUT" && request.method != "POST") return not_allowed("GET,HEAD,PUT,POST");
  std::string_view directives = request.body;
  while (!directives.empty() && (directives.back() == '\n' || directives.back() == '\r')) directives.remove_suffix(1);
  const std::string error = log::set_filter(directives);
  if (!error.empty()) return text_response(400, error + "\n");
  kLog.info("Log filter changed to {}", log::filter());
  return text_response(200, log::filter() + "\n");
}

http::Response StatusState::report(const http::Request& request) {
  const std::string error =
      custom_metrics_.apply(std::string_view(request.path).substr(kReportPrefix.size()), request.body);
  if (error.empty()) return {.status = 204};
  kLog.warn("Custom metrics are not taken: {}", error);
  return text_response(400, error + "\n");
}

StatusServer StatusServer::start(Options options, const metrics::Registry& runtime) {
  auto* state = new StatusState(std::move(options), runtime);
  state->start();
  return StatusServer(state);
}

StatusServer::~StatusServer() { delete state_; }
bool StatusServer::running() const { return state_->server().running(); }
std::uint16_t StatusServer::port() const { return state_->server().port(); }
void StatusServer::set_ready(bool ready) { state_->health().set_ready(ready); }
void StatusServer::endpoint_ready(std::string_view endpoint, bool ready) {
  state_->health().set_endpoint(endpoint, ready);
}
bool StatusServer::healthy() const { return state_->health().healthy(); }
std::string StatusServer::health_json() const { return state_->health().json(); }
void StatusServer::add_probe(std::string_view endpoint, Callback<std::string(std::int64_t)> probe) {
  state_->health().add_probe(endpoint, std::move(probe), Health::Clock::now());
  state_->wake_prober();
}
void StatusServer::activity(std::string_view endpoint) { state_->health().activity(endpoint, Health::Clock::now()); }
void StatusServer::set_metadata(Callback<std::string()> json) { state_->set_metadata(std::move(json)); }
void StatusServer::add_engine_route(std::string_view path, Callback<JsonOrError(std::string_view)> handler) {
  state_->add_engine_route(path, std::move(handler));
}
void StatusServer::set_loras(LoraRoutes routes) { state_->set_loras(std::move(routes)); }

}  // namespace trilobite::status
