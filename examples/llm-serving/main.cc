// llm_serving ROLE [options]: one process of the demo. Roles: frontend, router, prefill, decode, load.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <thread>

#include <curl/curl.h>
#include <fmt/format.h>
#include <trilobite/log.h>
#include <trilobite/log_setup.h>
#include <trilobite/metrics.h>
#include <trilobite/status_server.h>
#include <trilobite/trace_export.h>
#include <trilobite/trace_setup.h>

#include "decode_worker.h"
#include "frontend_server.h"
#include "http_plane.h"
#include "load.h"
#include "nats_plane.h"
#include "prefill_worker.h"
#include "router.h"

namespace llm {

namespace log = trilobite::log;
namespace metrics = trilobite::metrics;
namespace status = trilobite::status;
namespace trace = trilobite::trace;

namespace {

constexpr log::Target kLog{"llm::main"};

volatile bool stopping = false;

constexpr const char* kUsage =
    "llm_serving ROLE [--name NAME] [--namespace NAME] [--model NAME] [--index N]\n"
    "            [--nats HOST:PORT | --rpc-port N --peer WORKER=URL ...]\n"
    "            [--port N]                         frontend: where clients come to\n"
    "            [--url URL --rate N --seconds N]   load: whom to ask, how often, how long\n"
    "ROLE is frontend, router, prefill, decode or load. Logging, tracing, metrics and the status server are set up\n"
    "by the environment: DYN_LOG, DYN_LOGGING_JSONL, DYN_SYSTEM_PORT, OTEL_EXPORT_ENABLED, ...\n";

struct Options {
  std::string role, name, name_space = "demo", model = "demo-8b", nats, url = "http://127.0.0.1:8000";
  std::map<std::string, std::string> peers;
  std::uint64_t index = 0, port = 8000, rpc_port = 0;
  double rate = 6, seconds = 0;
};

template <class Number>
bool parse(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// Nothing: wrong usage.
std::optional<Options> parse_options(int argc, char** argv) {
  if (argc < 2 || argc % 2 != 0) return std::nullopt;
  Options o;
  o.role = argv[1];
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string_view key = argv[i], value = argv[i + 1];
    bool good = true;
    if (key == "--name") {
      o.name = value;
    } else if (key == "--namespace") {
      o.name_space = value;
    } else if (key == "--model") {
      o.model = value;
    } else if (key == "--nats") {
      o.nats = value;
    } else if (key == "--url") {
      o.url = value;
    } else if (key == "--peer") {
      const std::size_t equals = value.find('=');
      good = equals != std::string_view::npos;
      if (good) o.peers.emplace(value.substr(0, equals), value.substr(equals + 1));
    } else if (key == "--index") {
      good = parse(value, o.index);
    } else if (key == "--port") {
      good = parse(value, o.port) && o.port <= 65535;
    } else if (key == "--rpc-port") {
      good = parse(value, o.rpc_port) && o.rpc_port <= 65535;
    } else if (key == "--rate") {
      good = parse(value, o.rate) && o.rate > 0;
    } else if (key == "--seconds") {
      good = parse(value, o.seconds);
    } else {
      good = false;
    }
    if (!good) {
      fmt::print(stderr, "llm_serving: {} {} is not understood\n", key, value);
      return std::nullopt;
    }
  }
  if (o.name.empty()) o.name = o.role == "router" ? o.role : fmt::format("{}-{}", o.role, o.index);
  return o;
}

std::unique_ptr<RequestPlane> connect(const Options& o) {
  if (!o.nats.empty()) {
    auto plane = connect_nats(o.nats, std::chrono::seconds(10));
    if (!plane) kLog.error("cannot reach NATS at {}", o.nats);
    return plane;
  }
  std::string error;
  auto plane = make_http_plane(static_cast<std::uint16_t>(o.rpc_port), o.peers, error);
  if (!plane) kLog.error("cannot serve requests", log::kv("port", o.rpc_port), log::kv("error", error));
  return plane;
}

template <class Work>
void each_second(const Work& work) {
  auto next = std::chrono::steady_clock::now();
  while (!stopping) {
    work();
    next += std::chrono::seconds(1);
    while (!stopping && std::chrono::steady_clock::now() < next)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

int run_frontend(const Options& o, RequestPlane& plane, const metrics::Registry& runtime) {
  // Frontend metrics have names of their own; the runtime's come behind them.
  const metrics::Registry registry;
  registry.add_child(runtime);
  Frontend frontend(plane, o.model, registry);
  const auto server = serve_frontend(static_cast<std::uint16_t>(o.port), frontend, registry);
  if (!server.running()) {
    kLog.error("cannot serve", log::kv("port", o.port), log::kv("error", server.error()));
    return 1;
  }
  each_second([] {});
  return 0;
}

template <class Worker>
int run_worker(WorkerContext& context, Fault& fault, status::StatusServer& server) {
  server.add_engine_route("fault", [&](std::string_view json) -> status::JsonOrError {
    Fault::Kind kind{};
    const std::size_t colon = json.find(':');
    const std::size_t begin = colon == std::string_view::npos ? colon : json.find('"', colon);
    const std::size_t end = begin == std::string_view::npos ? begin : json.find('"', begin + 1);
    if (end == std::string_view::npos || !Fault::parse(json.substr(begin + 1, end - begin - 1), kind))
      return {.text = {}, .error = R"(expected {"kind":"none|slow|fail|hang"})"};
    fault.set(kind);
    return {.text = fmt::format(R"({{"kind":"{}"}})", Fault::name(kind))};
  });
  Worker worker(context);
  server.endpoint_ready("generate", true);
  server.set_ready(true);
  each_second([&] { worker.report(); });
  server.endpoint_ready("generate", false);
  server.set_ready(false);
  return 0;
}

int run(const Options& o) {
  if (o.role == "load") {
    return run_load({.url = o.url, .model = o.model, .rate = o.rate, .seconds = o.seconds, .seed = o.index + 1},
                    stopping);
  }
  const metrics::Registry runtime = metrics::Registry::runtime();
  auto server = status::StatusServer::start(status::Options::from_environment(), runtime);
  const auto plane = connect(o);
  if (!plane) return 1;
  if (o.role == "frontend") return run_frontend(o, *plane, runtime);
  Fault fault;
  WorkerContext context{.name = o.name,
                        .component = o.role,
                        .name_space = o.name_space,
                        .model = o.model,
                        .instance_id = o.index,
                        .runtime = runtime,
                        .endpoint = runtime.child(o.name_space).child(o.role).child("generate"),
                        .plane = *plane,
                        .fault = fault};
  if (o.role == "router") return run_worker<Router>(context, fault, server);
  if (o.role == "prefill") return run_worker<PrefillWorker>(context, fault, server);
  return run_worker<DecodeWorker>(context, fault, server);
}

int run_program(int argc, char** argv) {
  const auto options = parse_options(argc, argv);
  static constexpr std::string_view kRoles[] = {"frontend", "router", "prefill", "decode", "load"};
  if (!options || std::find(std::begin(kRoles), std::end(kRoles), options->role) == std::end(kRoles)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGINT, [](int) { stopping = true; });
  std::signal(SIGTERM, [](int) { stopping = true; });
  curl_global_init(CURL_GLOBAL_ALL);
  log::init(log::Config::from_environment());
  trace::init(trace::Config::from_environment());
  if (const auto exporting = trace::ExportConfig::from_environment(); exporting.enabled) {
    if (const std::string error = trace::start_export(exporting); !error.empty())
      kLog.error("traces are not exported", log::kv("error", error));
  }
  const int exit_status = run(*options);
  kLog.info("stopped", log::kv("role", options->role), log::kv("status", exit_status));
  trace::stop_export();
  log::flush();
  return exit_status;
}

}  // namespace

}  // namespace llm

int main(int argc, char** argv) { return llm::run_program(argc, argv); }
