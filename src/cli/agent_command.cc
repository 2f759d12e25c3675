// trilobite agent: the collector alone, with Promtail's configuration and flags.
#include <trilobite/log_setup.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "agent/agent.h"
#include "api/registry_page.h"
#include "base/json_writer.h"
#include "cli/commands.h"
#include "cli/signals.h"
#include "server/config.h"
#include "server/http_server.h"

namespace trilobite::cli {
namespace {

struct Flags {
  std::string config, data = "./data/agent", log_level = "info";
  bool expand_env = false, check_syntax = false, print_config = false, server_disable = false;
};

std::string host_name() {
  char name[256] = "";
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "localhost";
}

Result<agent::Config> load_config(const Flags& flags, FileSystem& files) {
  auto text = files.read_all(flags.config);
  if (!text.ok()) return std::move(text).error().within("cannot read {}", flags.config);
  std::string yaml = std::move(*text);
  if (flags.expand_env) {
    TRY(expanded, agent::expand_environment(yaml, server::process_environment()));
    yaml = std::move(expanded);
  }
  if (flags.print_config) fmt::print(stderr, "{}", yaml);
  auto config = agent::parse_config(yaml, {.host = host_name()});
  if (!config.ok()) return std::move(config).error().within("{}", flags.config);
  return config;
}

std::string targets_json(const agent::AgentStatus& status) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("targets").begin_array();
  for (const agent::TargetStatus& target : status.targets) {
    json.begin_object().key("job").string(target.job).key("path").string(target.path);
    json.key("position").number(target.position).key("bytes").number(target.bytes).key("lines").number(target.lines);
    json.key("error").string(target.error).end_object();
  }
  json.end_array().key("clients").begin_array();
  for (const agent::ClientStatus& client : status.clients) {
    json.begin_object().key("name").string(client.name).key("commits_behind").number(client.commits_behind);
    json.key("error").string(client.error).end_object();
  }
  json.end_array().key("queue_bytes").number(status.queue_bytes).key("error").string(status.error).end_object();
  return out;
}

http::Router make_router(const agent::Agent& agent) {
  using http::Request;
  using http::Response;
  http::Router router;
  router.add({"GET"}, "/ready", [&agent](const Request&) {
    return agent.status().targets.empty() ? Response::text(503, "Not ready: no target is active\n")
                                          : Response::text(200, "Ready\n");
  });
  router.add({"GET"}, "/metrics", api::registry_page(agent.metrics()));
  router.add({"GET"}, "/targets",
             [&agent](const Request&) { return Response::json(200, targets_json(agent.status())); });
  router.add({"GET"}, "/", [&agent](const Request&) { return Response::json(200, targets_json(agent.status())); });
  return router;
}

int fail(int status, const Error& error) {
  trilobite::log::flush();
  fmt::print(stderr, "trilobite: {}\n", error.message);
  return status;
}

int run(const Flags& flags) {
  hold_stop_signals();
  const std::unique_ptr<FileSystem> files = make_real_file_system();
  const SystemClock clock;
  auto config = load_config(flags, *files);
  if (!config.ok()) return fail(kUsage, config.error());
  if (flags.check_syntax) {
    const auto good = agent::check_pipelines(*config, clock);
    if (!good.ok()) return fail(kUsage, good.error());
    fmt::print("{} is valid\n", flags.config);
    return kDone;
  }
  trilobite::log::init(trilobite::log::Config::from_environment(flags.log_level));
  server::HttpServerOptions http;
  http.listen =
      fmt::format("{}:{}", config->http_address.empty() ? "127.0.0.1" : config->http_address, config->http_port);
  http.read_threads = http.write_threads = 1;
  const bool serve = !config->http_disabled && !flags.server_disable;

  agent::AgentOptions options;
  options.config = std::move(*config);
  options.queue_directory = flags.data;
  auto agent = agent::Agent::make(std::move(options), *files, clock);
  if (!agent.ok()) return fail(agent.error().code == Code::kExists ? kDataUnusable : kFailed, agent.error());
  const http::Router router = make_router(**agent);
  std::unique_ptr<server::HttpServer> listener;
  if (serve) {
    auto started = server::HttpServer::start(http, router, nullptr);
    if (!started.ok()) return fail(started.error().code == Code::kExists ? kAddressTaken : kFailed, started.error());
    listener = std::move(*started);
  }
  (*agent)->start();
  wait_for_stop_signal();
  if (listener) listener->stop();
  (*agent)->stop();
  trilobite::log::flush();
  return kDone;
}

}  // namespace

void add_agent_command(CLI::App& app, int& status) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("agent", "Collect logs and send them to a server (Promtail's configuration)");
  command->add_option("--config,--config.file", flags->config, "Configuration file, as of Promtail")->required();
  command->add_option("--data", flags->data, "Folder of the queue and positions (default ./data/agent)");
  command->add_option("--log.level", flags->log_level, "Our own log: error, warn, info, debug, trace");
  command->add_flag("--config.expand-env", flags->expand_env, "Replace ${NAME} in the file by the environment");
  command->add_flag("--check-syntax", flags->check_syntax, "Check the configuration and end");
  command->add_flag("--print-config-stderr", flags->print_config, "Print the configuration file");
  command->add_flag("--server.disable", flags->server_disable, "No HTTP listener");
  command->callback([flags, &status] { status = run(*flags); });
}

}  // namespace trilobite::cli
