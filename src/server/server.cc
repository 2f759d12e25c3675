#include "server/server.h"

#include <trilobite/log.h>
#include <trilobite/log_setup.h>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <thread>

#include "agent/agent.h"
#include "agent/default_config.h"
#include "api/loki_api.h"
#include "api/loki_delete.h"
#include "api/loki_push.h"
#include "api/loki_tail.h"
#include "api/otlp_logs.h"
#include "api/otlp_metrics.h"
#include "api/prometheus_federate.h"
#include "api/prometheus_import.h"
#include "api/prometheus_remote_read.h"
#include "api/prometheus_targets.h"
#include "api/prometheus_write.h"
#include "api/rule_config.h"
#include "api/status.h"
#include "server/delete_worker.h"
#include "server/embedded_sink.h"
#include "server/limit_watch.h"
#include "server/memory_budget.h"
#include "server/memory_readings.h"
#include "server/prometheus_wiring.h"
#include "server/scrape_sink.h"
#include "server/server_metrics.h"
#include "server/ui.h"
#include "storage/joined_tenants.h"

namespace trilobite::server {
namespace {

constexpr trilobite::log::Target kLog{"trilobite::server"};

std::string host_name() {
  char name[256] = "";
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "localhost";
}

std::string_view query_of(const http::Request& request) { return request.parameter("query").value_or(""); }

// An address that listens everywhere is reached here.
std::string own_address(std::string address) {
  for (const std::string_view any : {"0.0.0.0:", "[::]:"}) {
    if (address.starts_with(any)) return "localhost:" + address.substr(any.size());
  }
  return address;
}

std::string absolute_path(const std::string& path) {
  std::error_code failed;
  const auto absolute = std::filesystem::absolute(path, failed);
  return failed ? path : absolute.lexically_normal().string();
}

}  // namespace

// In the order of construction; stop() takes it apart the other way round.
struct Server::State {
  explicit State(Config chosen, World given) : config(std::move(chosen)), effective(config), world(given) {
    apply_memory_budget(effective, memory_of_machine());
  }

  Config config;     // as configured
  Config effective;  // with limits of memory that follow from the budget
  World world;
  std::unique_ptr<EmbeddedStore> store;
  std::unique_ptr<logql::DeleteRequests> deletes;  // null when switched off
  std::unique_ptr<DeleteWorker> delete_worker;
  std::unique_ptr<ThreadPool> query_pool;
  std::unique_ptr<query::ResultCache> results;  // null: turned off
  query::RunningQueries running;
  std::unique_ptr<LimitWatch> limit_watch;
  ingest::TailHub tails;
  ingest::LabelCache labels;
  std::unique_ptr<ingest::LogWriter> writer;
  std::unique_ptr<ingest::MetadataTable> metadata;  // of metrics
  std::unique_ptr<ingest::MetricWriter> metric_writer;
  ingest::DeltaTables deltas;  // running totals of OTLP metrics
  std::unique_ptr<alerting::RuleGroups> rules;
  std::unique_ptr<ScrapeSink> scrape_sink;
  std::unique_ptr<scrape::ScrapeService> scraping;
  std::unique_ptr<JoinedTenants> joined;  // the store for reading
  ServerMetrics metrics;
  http::Router router, otlp_router;
  std::unique_ptr<agent::Agent> agent;
  std::unique_ptr<HttpServer> http, otlp_http;
  std::unique_ptr<GraphiteListener> graphite;  // null: off
  mutable std::mutex config_mutex;  // guards the limits in `config`
  std::atomic<bool> ready{false}, stopped{false};

  Result<void> open_store();
  Result<void> open_deletes();
  Result<void> open_metric_writer();
  Result<void> make_agent();
  Result<void> open_rules();
  void make_scraping();
  void show_metrics();
  void add_routes();
  void add_metric_query_routes();
  query::QueryLimits read_limits(std::string_view tenants) const;
  MemoryParts memory_parts();
  std::vector<api::LimitStatus> limits() { return limit_watch->judge(limit_readings(memory_parts())); }
  api::StatusSource status_source();
  void observe(const RequestRecord& record);
  Result<void> listen_for_otlp(StartFault& fault);
  Result<void> listen_for_graphite(StartFault& fault);
};

// A second address, for exporters that know nothing but port 4318; the same handlers and the same bounds.
Result<void> Server::State::listen_for_otlp(StartFault& fault) {
  if (config.otlp_http_listen.empty()) return {};
  HttpServerOptions options = effective.http;
  options.listen = config.otlp_http_listen;
  auto started = HttpServer::start(options, otlp_router, [this](const RequestRecord& record) { observe(record); });
  if (!started.ok()) {
    if (started.error().code == Code::kExists) fault = StartFault::kAddress;
    return std::move(started).error().within("server.otlp_http_listen");
  }
  otlp_http = std::move(*started);
  kLog.info("OTLP on http://{}/v1/logs and /v1/metrics", otlp_http->address());
  return {};
}

Result<void> Server::State::listen_for_graphite(StartFault& fault) {
  if (config.graphite.listen.empty()) return {};
  auto started = GraphiteListener::start(config.graphite, [this](std::string_view lines) {
    return ingest::import_graphite(lines, world.clock.now(), {}, config.scrape.tenant, *metric_writer);
  });
  if (!started.ok()) {
    if (started.error().code == Code::kExists) fault = StartFault::kAddress;
    return std::move(started).error().within("metrics.graphite_listen");
  }
  graphite = std::move(*started);
  kLog.info("Graphite's lines on {}", graphite->address());
  return {};
}

Result<void> Server::State::open_store() {
  TRY_VOID(world.files.make_directories(config.data));
  effective.storage.directory = config.data + "/store";
  auto opened = EmbeddedStore::open(world, effective.storage);
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

Result<void> Server::State::open_deletes() {
  if (config.deletes.mode == "disabled") return {};
  logql::DeleteOptions options{config.data + "/deletes", config.deletes.cancel_period,
                               config.deletes.mode == "filter-and-delete"};
  TRY(opened, logql::DeleteRequests::open(world.files, world.clock, *store, std::move(options)));
  deletes = std::move(opened);
  delete_worker = std::make_unique<DeleteWorker>(*deletes);
  return {};
}

Result<void> Server::State::open_metric_writer() {
  TRY(opened, ingest::MetadataTable::open(world.files, config.data + "/metadata"));
  metadata = std::move(opened);
  metric_writer = std::make_unique<ingest::MetricWriter>(*store, *metadata, world.clock, config.metric_limits());
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

Result<void> Server::State::open_rules() {
  alerting::RuleGroupsOptions options;
  options.directory = config.data + "/rules";
  options.file_tenant = config.scrape.tenant;
  options.language = metric_query_options(config.metric_queries).language;
  rules = std::make_unique<alerting::RuleGroups>(world.files, std::move(options));
  return rules->open();
}

// Scraping begins when our own address is known.
void Server::State::make_scraping() {
  scrape_sink = std::make_unique<ScrapeSink>(*metric_writer, config.scrape.tenant);
  scrape::ScrapeServiceOptions options;
  options.config_file = config.scrape.config_file;
  options.scrape_self = config.scrape.self;
  options.self_address = [this] { return own_address(http->address()); };
  options.directory = config.data + "/scrape";
  options.environment = process_environment();
  options.accept = [this](const scrape::Config& config) { return rules->set_files(config.rule_files); };
  options.scraper.workers = config.scrape.threads;
  options.scraper.server_identity = host_name();
  scraping = std::make_unique<scrape::ScrapeService>(*scrape_sink, world.files, world.clock, std::move(options));
}

void Server::State::show_metrics() {
  metrics.registry().add_update_callback([this] {
    metrics.update({http.get(), *writer, *metric_writer, *store, agent.get(),
                    scraping ? &scraping->scraper() : nullptr, limits()});
    return std::string();
  });
  if (agent) metrics.registry().add_child(agent->metrics());
}

void Server::State::add_routes() {
  api::add_scrape_config_routes(router, {*scraping, config.scrape.jobs_over_http});
  api::add_rule_config_routes(router, {*rules, config.rules.over_http, config.multi_tenant});
  api::add_status_routes(router, status_source());
  api::add_loki_push_routes(router, {*writer, labels, {config.push_bytes_decoded_max}, config.multi_tenant});
  api::add_prometheus_write_routes(router,
                                   {*metric_writer, config.metrics.write_bytes_max, config.multi_tenant});
  api::add_prometheus_import_routes(router,
                                    {*metric_writer, world.clock, config.push_bytes_decoded_max, config.multi_tenant});
  api::RemoteRead remote_read{*store};
  remote_read.samples_max = config.metrics.remote_read_samples_max;
  remote_read.request_bytes_max = config.metrics.write_bytes_max;
  remote_read.multi_tenant = config.multi_tenant;
  const api::ExternalLabels external_labels = [this] {
    std::vector<std::pair<std::string, std::string>> out;
    if (const auto scraped = scraping->scraper().config()) {
      out.assign(scraped->global.external_labels.begin(), scraped->global.external_labels.end());
    }
    return out;
  };
  remote_read.external_labels = external_labels;
  api::add_remote_read_routes(router, remote_read);
  api::Federate federate{.store = *store, .clock = world.clock, .external_labels = external_labels};
  federate.lookback = config.metric_queries.lookback;
  federate.series_max = config.metrics.federate_series_max;
  federate.multi_tenant = config.multi_tenant;
  api::add_federate_routes(router, federate);
  for (http::Router* each : {&router, &otlp_router}) {
    api::add_otlp_metrics_routes(*each, {*metric_writer, deltas, world.clock, config.metrics.otlp,
                                         config.metrics.write_bytes_max, config.multi_tenant});
    api::add_otlp_logs_routes(*each, {*writer, world.clock, {config.push_bytes_decoded_max}, config.multi_tenant});
  }
  const auto limits_of = [this](std::string_view tenants) { return read_limits(tenants); };
  api::add_loki_read_routes(
      router, {*joined, *query_pool, world.clock, {}, config.multi_tenant, config.multi_tenant_queries, limits_of,
               config.answer_despite_damage, results.get(), &running, config.logs_extensions});
  api::add_loki_tail_routes(router, {*store, *query_pool, world.clock, tails, {}, config.multi_tenant, limits_of,
                                     config.logs_extensions});
  api::add_loki_delete_routes(
      router, {deletes.get(), world.clock, config.deletes.interval_max, config.multi_tenant});
  add_metric_query_routes();
  router.add_fallback(ui_handler(embedded_assets()));
}

query::QueryLimits Server::State::read_limits(std::string_view tenants) const {
  const std::lock_guard lock(config_mutex);
  query::QueryLimits limits = config.read_limits(tenants);
  limits.memory_max = std::min(limits.memory_max, query_memory_max(effective));
  return limits;
}

void Server::State::add_metric_query_routes() {
  api::PrometheusApi prometheus{*joined, *query_pool, world.clock};
  prometheus.options = metric_query_options(config.metric_queries);
  prometheus.multi_tenant = config.multi_tenant;
  prometheus.multi_tenant_queries = config.multi_tenant_queries;
  prometheus.answer_despite_damage = config.answer_despite_damage;
  prometheus.limits_of = [this](std::string_view tenant) { return read_limits(tenant); };
  if (!config.cors_origin.empty()) prometheus.cors = api::make_cors_policy(config.cors_origin).value();  // checked
  prometheus.results = results.get();
  prometheus.running = &running;
  prometheus.sample_times = [this](const std::string& tenant) { return store->times(tenant, Signal::kMetrics); };
  prometheus.memory.process = [this] { return process_memory(effective); };
  prometheus.memory.subsystems = [this] { return memory_subsystems(memory_parts()); };
  prometheus.memory.limits = [this] { return limits(); };
  prometheus.memory.warning_share = config.warnings.warning_share;
  prometheus.memory.critical_share = config.warnings.critical_share;
  prometheus.metadata = metadata.get();
  prometheus.rules = rules.get();
  prometheus.rule_interval = [this] {
    const auto scraped = scraping->scraper().config();
    return (scraped ? scraped->global.evaluation_interval : config.metric_queries.evaluation_interval).count();
  };
  prometheus.scrape = api::scrape_source(scraping->scraper());
  prometheus.runtime.config = [this] {
    const auto scraped = scraping->scraper().config();
    return scraped ? scraped->yaml : std::string();
  };
  if (config.scrape.reload_over_http) prometheus.runtime.reload = [this] { return scraping->reload(); };
  prometheus.runtime.flags = [this] { return prometheus_flags(config); };
  prometheus.runtime.facts = [this] { return runtime_facts(config); };
  prometheus.runtime.ready = [this] { return ready && !stopped; };
  prometheus.runtime.stopping = [this] { return stopped.load(); };
  prometheus.runtime.metrics = [registry = metrics.registry()] { return registry.expfmt().text; };
  prometheus.runtime.started = world.clock.now();
  prometheus.admin = prometheus_admin(*store, world, config.data + "/snapshots");
  api::add_prometheus_routes(router, prometheus);
}

MemoryParts Server::State::memory_parts() {
  const scrape::Scraper* scraper = scraping ? &scraping->scraper() : nullptr;
  return {effective, *store, *writer, *metric_writer, running, results.get(), scraper, http.get()};
}

api::StatusSource Server::State::status_source() {
  api::StatusSource source;
  source.not_ready = [this]() -> std::optional<std::string> {
    if (stopped) return "stopping";
    if (!ready) return "starting";
    return std::nullopt;
  };
  source.metrics = metrics.registry();
  source.config = [this](api::ConfigView view) {
    const std::lock_guard lock(config_mutex);
    if (view == api::ConfigView::kDefaults) return to_yaml(Config());
    return view == api::ConfigView::kChanges ? to_yaml_of_changes(config) : to_yaml(config);
  };
  source.flush = [this] { return store->flush(); };
  source.compact = [this] { return store->compact(); };
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
  metrics.requests().record(record.request.route, record.request.method, record.status, record.duration,
                            record.bytes_in, record.bytes_out);
  using trilobite::log::kv;
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(record.duration).count();
  if (record.status >= 500) {
    kLog.warn("request failed", kv("method", record.request.method), kv("path", record.request.path),
              kv("status", record.status), kv("ms", milliseconds));
  } else {
    kLog.debug("request", kv("method", record.request.method), kv("path", record.request.path),
               kv("status", record.status), kv("ms", milliseconds), kv("query", query_of(record.request)),
               kv("query_tags", record.request.header("x-query-tags")));
  }
}

Result<std::unique_ptr<Server>> Server::start(Config config, World world, StartFault& fault) {
  fault = StartFault::kOther;
  TRY_VOID(check_config(config));
  auto state = std::make_unique<State>(std::move(config), world);
  fault = StartFault::kData;
  TRY_VOID(state->open_store());
  TRY_VOID(state->open_deletes());
  fault = StartFault::kOther;
  const std::size_t threads = state->config.query_threads;
  if (const std::size_t bytes = state->config.result_cache_bytes; bytes > 0) {
    state->results = std::make_unique<query::ResultCache>(bytes);
  }
  state->query_pool =
      std::make_unique<ThreadPool>("query", threads > 0 ? threads : std::thread::hardware_concurrency());
  state->writer =
      std::make_unique<ingest::LogWriter>(*state->store, state->tails, world.clock, state->config.write_limits());
  fault = StartFault::kData;
  TRY_VOID(state->open_metric_writer());
  TRY_VOID(state->open_rules());
  fault = StartFault::kOther;
  const WarningSettings& warnings = state->config.warnings;
  state->limit_watch =
      std::make_unique<LimitWatch>(LimitThresholds{warnings.warning_share, warnings.critical_share}, world.clock);
  state->joined = std::make_unique<JoinedTenants>(*state->store);
  TRY_VOID(state->make_agent());
  state->make_scraping();
  state->show_metrics();
  state->add_routes();
  fault = StartFault::kAddress;
  auto http = HttpServer::start(state->effective.http, state->router,
                                [raw = state.get()](const RequestRecord& record) { raw->observe(record); });
  if (!http.ok()) {
    if (http.error().code != Code::kExists) fault = StartFault::kOther;
    return std::move(http).error();
  }
  state->http = std::move(*http);
  TRY_VOID(state->listen_for_otlp(fault));
  TRY_VOID(state->listen_for_graphite(fault));
  fault = StartFault::kOther;
  TRY_VOID(state->scraping->reload());
  fault = StartFault::kNone;
  if (state->agent) state->agent->start();
  state->limit_watch->start([raw = state.get()] { return limit_readings(raw->memory_parts()); });
  state->ready = true;
  kLog.info("ready on http://{}, data in {}", state->http->address(), state->config.data);
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() { static_cast<void>(stop()); }

std::string Server::address() const { return state_->http->address(); }

Result<void> Server::reload_scraping() { return state_->scraping->reload(); }

std::string Server::graphite_address() const { return state_->graphite ? state_->graphite->address() : std::string(); }

std::string Server::otlp_address() const { return state_->otlp_http ? state_->otlp_http->address() : std::string(); }

void Server::set_limits(const Config& config) {
  State& state = *state_;
  {
    const std::lock_guard lock(state.config_mutex);
    state.config.limits = config.limits;
    state.config.overrides = config.overrides;
  }
  state.writer->set_limits(config.write_limits());
  state.metric_writer->set_limits(config.metric_limits());
  kLog.info("limits replaced", trilobite::log::kv("tenants_with_their_own", config.overrides.size()));
}

Result<void> Server::stop() {
  State& state = *state_;
  if (state.stopped.exchange(true)) return {};
  kLog.info("stopping");
  state.limit_watch->stop();
  state.tails.close();
  state.http->stop();
  if (state.otlp_http) state.otlp_http->stop();
  if (state.graphite) state.graphite->stop();
  if (state.agent) state.agent->stop();
  state.scraping->stop();
  state.delete_worker.reset();
  if (auto saved = state.metadata->save(); !saved.ok()) {
    kLog.warn("metadata of metrics is not saved: {}", saved.error().message);
  }
  auto closed = state.store->close();
  if (!closed.ok()) {
    kLog.error("cannot flush: {}", closed.error().message);
    return closed;
  }
  kLog.info("stopped");
  return {};
}

}  // namespace trilobite::server
