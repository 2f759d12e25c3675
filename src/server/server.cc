#include "server/server.h"

#include <trilobite/log.h>
#include <trilobite/log_setup.h>

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "agent/agent.h"
#include "agent/default_config.h"
#include "api/loki_api.h"
#include "api/loki_push.h"
#include "api/loki_tail.h"
#include "api/otlp_logs.h"
#include "api/status.h"
#include "server/embedded_sink.h"
#include "server/server_metrics.h"
#include "server/ui.h"

namespace trilobite::server {
namespace {

constexpr trilobite::log::Target kLog{"trilobite::server"};

std::string host_name() {
  char name[256] = "";
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "localhost";
}

std::string absolute_path(const std::string& path) {
  std::error_code failed;
  const auto absolute = std::filesystem::absolute(path, failed);
  return failed ? path : absolute.lexically_normal().string();
}

}  // namespace

// In the order of construction; stop() takes it apart the other way round.
struct Server::State {
  explicit State(Config chosen, World given) : config(std::move(chosen)), world(given) {}

  Config config;
  World world;
  std::unique_ptr<EmbeddedStore> store;
  std::unique_ptr<ThreadPool> query_pool;
  ingest::TailHub tails;
  ingest::LabelCache labels;
  std::unique_ptr<ingest::LogWriter> writer;
  RequestMetrics requests;
  http::Router router;
  std::unique_ptr<agent::Agent> agent;
  std::unique_ptr<HttpServer> http;
  std::atomic<bool> ready{false}, stopped{false};

  Result<void> open_store();
  Result<void> make_agent();
  void add_routes();
  api::StatusSource status_source();
  void observe(const RequestRecord& record);
};

Result<void> Server::State::open_store() {
  TRY_VOID(world.files.make_directories(config.data));
  config.storage.directory = config.data + "/store";
  auto opened = EmbeddedStore::open(world, config.storage);
  if (!opened.ok()) {
    if (opened.error().code == Code::kExists) {
      return error(Code::kExists, "cannot use data folder {}: another process has it open ({})", config.data,
                   opened.error().message);
    }
    return std::move(opened).error().within("cannot open data folder {}", config.data);
  }
  store = std::move(*opened);
  for (const std::string& message : store->recovery_messages()) kLog.warn("recovery: {}", message);
  return {};
}

Result<void> Server::State::make_agent() {
  if (!config.agent.enabled) return {};
  agent::AgentOptions options;
  if (config.agent.config_file.empty()) {
    options.config =
        agent::default_config({.host = host_name(), .own_log = absolute_path(config.data) + "/logs/trilobite.log"});
  } else {
    TRY(text, world.files.read_all(config.agent.config_file));
    auto parsed = agent::parse_config(text, {.host = host_name()});
    if (!parsed.ok()) return std::move(parsed).error().within("{}", config.agent.config_file);
    options.config = std::move(*parsed);
  }
  options.queue_directory = config.data + "/agent";
  options.sinks.push_back({"embedded", std::make_shared<EmbeddedSink>(*writer, labels)});
  auto made = agent::Agent::make(std::move(options), world.files, world.clock);
  if (!made.ok()) return std::move(made).error().within("cannot start the agent");
  agent = std::move(*made);
  return {};
}

void Server::State::add_routes() {
  api::add_status_routes(router, status_source());
  api::add_loki_push_routes(router, {*writer, labels, {config.push_bytes_decoded_max}, config.multi_tenant});
  api::add_otlp_logs_routes(router, {*writer, world.clock, {config.push_bytes_decoded_max}, config.multi_tenant});
  api::add_loki_read_routes(router, {*store, *query_pool, world.clock, config.query, config.multi_tenant,
                                     config.patterns_max});
  api::add_loki_tail_routes(
      router, {*store, *query_pool, world.clock, tails, config.query, config.tails_max, config.multi_tenant});
  router.add_fallback(ui_handler(embedded_assets()));
}

api::StatusSource Server::State::status_source() {
  api::StatusSource source;
  source.not_ready = [this]() -> std::optional<std::string> {
    if (stopped) return "stopping";
    if (!ready) return "starting";
    return std::nullopt;
  };
  source.metrics = [this] { return metrics_page({requests, http.get(), *writer, *store, agent.get()}); };
  source.config = [this] { return to_yaml(config); };
  source.flush = [this] { return store->flush(); };
  source.log_level = [] { return trilobite::log::filter(); };
  source.set_log_level = [](std::string_view level) -> Result<void> {
    const std::string wrong = trilobite::log::set_filter(level);
    if (!wrong.empty()) return error(Code::kInvalid, "{}", wrong);
    return {};
  };
  source.services = [this] {
    return fmt::format("server => Running\nstore => {}\nagent => {}\n",
                       store->statistics().writable ? "Running" : "Read-only", agent ? "Running" : "Off");
  };
  return source;
}

void Server::State::observe(const RequestRecord& record) {
  requests.record(record.request.route, record.request.method, record.status, record.duration, record.bytes_in,
                  record.bytes_out);
  using trilobite::log::kv;
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(record.duration).count();
  if (record.status >= 500) {
    kLog.warn("request failed", kv("method", record.request.method), kv("path", record.request.path),
              kv("status", record.status), kv("ms", milliseconds));
  } else {
    kLog.debug("request", kv("method", record.request.method), kv("path", record.request.path),
               kv("status", record.status), kv("ms", milliseconds));
  }
}

Result<std::unique_ptr<Server>> Server::start(Config config, World world, StartFault& fault) {
  fault = StartFault::kOther;
  TRY_VOID(check_config(config));
  auto state = std::make_unique<State>(std::move(config), world);
  fault = StartFault::kData;
  TRY_VOID(state->open_store());
  fault = StartFault::kOther;
  const std::size_t threads = state->config.query_threads;
  state->query_pool =
      std::make_unique<ThreadPool>("query", threads > 0 ? threads : std::thread::hardware_concurrency());
  state->writer = std::make_unique<ingest::LogWriter>(*state->store, state->tails, world.clock, state->config.limits);
  TRY_VOID(state->make_agent());
  state->add_routes();
  fault = StartFault::kAddress;
  auto http = HttpServer::start(state->config.http, state->router,
                                [raw = state.get()](const RequestRecord& record) { raw->observe(record); });
  if (!http.ok()) {
    if (http.error().code != Code::kExists) fault = StartFault::kOther;
    return std::move(http).error();
  }
  fault = StartFault::kNone;
  state->http = std::move(*http);
  if (state->agent) state->agent->start();
  state->ready = true;
  if (!state->config.otlp_http_listen.empty() || !state->config.otlp_grpc_listen.empty()) {
    kLog.warn("OTLP listeners are not served yet");
  }
  kLog.info("ready on http://{}, data in {}", state->http->address(), state->config.data);
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() { static_cast<void>(stop()); }

std::string Server::address() const { return state_->http->address(); }

Result<void> Server::stop() {
  State& state = *state_;
  if (state.stopped.exchange(true)) return {};
  kLog.info("stopping");
  state.tails.close();
  state.http->stop();
  if (state.agent) state.agent->stop();
  auto closed = state.store->close();
  if (!closed.ok()) {
    kLog.error("cannot flush: {}", closed.error().message);
    return closed;
  }
  kLog.info("stopped");
  return {};
}

}  // namespace trilobite::server
