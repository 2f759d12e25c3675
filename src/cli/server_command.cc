// trilobite server: everything in one process, in the foreground.
#include <trilobite/log.h>
#include <trilobite/log_setup.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/signals.h"
#include "server/server.h"
#include "server/tracing.h"

namespace trilobite::cli {
namespace {

constexpr trilobite::log::Target kLog{"trilobite::server"};

struct Flags {
  std::string data, listen, config, otlp_http, prometheus_config;
  bool no_agent = false;
};

Result<server::Config> load_config(const Flags& flags, FileSystem& files) {
  server::Config config;
  if (!flags.config.empty()) {
    auto text = files.read_all(flags.config);
    if (!text.ok()) return std::move(text).error().within("cannot read {}", flags.config);
    TRY_VOID(server::apply_yaml(config, *text, flags.config));
  }
  TRY_VOID(server::apply_environment(config, server::process_environment()));
  if (!flags.data.empty()) config.data = flags.data;
  if (!flags.listen.empty()) config.http.listen = flags.listen;
  if (!flags.otlp_http.empty()) config.otlp_http_listen = flags.otlp_http;
  if (!flags.prometheus_config.empty()) config.scrape.config_file = flags.prometheus_config;
  if (flags.no_agent) config.agent.enabled = false;
  TRY_VOID(server::check_config(config));
  return config;
}

int fail(int status, const Error& error) {
  trilobite::log::flush();
  fmt::print(stderr, "trilobite: {}\n", error.message);
  return status;
}

int exit_status(server::StartFault fault, Code code) {
  switch (fault) {
    case server::StartFault::kAddress:
      return kAddressTaken;
    case server::StartFault::kData:
      return code == Code::kExists || code == Code::kCorrupt || code == Code::kUnsupported ? kDataUnusable : kFailed;
    case server::StartFault::kNone:
    case server::StartFault::kOther:
      break;
  }
  return code == Code::kInvalid ? kUsage : kFailed;
}

// The library's default is one level; the key takes directives as well.
void start_log(const std::string& level) {
  const bool directives = level.find_first_of(",=") != std::string::npos;
  trilobite::log::init(trilobite::log::Config::from_environment(directives ? "info" : level));
  const server::Environment environment = server::process_environment();
  if (!directives || environment.contains("DYN_LOG") || environment.contains("DYN_LOGGING_CONFIG_PATH")) return;
  if (const std::string wrong = trilobite::log::set_filter(level); !wrong.empty()) kLog.error("log.level: {}", wrong);
}

void read_again(const Flags& flags, FileSystem& files, server::Server& running) {
  const auto config = load_config(flags, files);
  if (config.ok()) {
    running.set_limits(*config);
  } else {
    kLog.error("limits stay as they are: {}", config.error().message);
  }
  if (const auto reloaded = running.reload_scraping(); !reloaded.ok()) {
    kLog.error("scraping stays as it is: {}", reloaded.error().message);
  }
}

int run(const Flags& flags) {
  hold_stop_signals();
  const std::unique_ptr<FileSystem> files = make_real_file_system();
  auto config = load_config(flags, *files);
  if (!config.ok()) return fail(kUsage, config.error());
  start_log(config->log.level);
  server::start_tracing(config->tracing);

  const SystemClock clock;
  server::StartFault fault = server::StartFault::kNone;
  auto started = server::Server::start(std::move(*config), {*files, clock}, fault);
  if (!started.ok()) return fail(exit_status(fault, started.error().code), started.error());
  fmt::print("listening on http://{}\n", (*started)->address());
  std::fflush(stdout);

  wait_for_stop_signal([&] { read_again(flags, *files, **started); });
  const auto stopped = (*started)->stop();
  started->reset();
  trilobite::log::flush();
  return stopped.ok() ? kDone : kFailed;
}

}  // namespace

void add_server_command(CLI::App& app, int& status) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("server", "Run the platform: UI, APIs, storage and the built-in agent");
  command->add_option("--data", flags->data, "Folder for data (default ./data, or TRILOBITE_DATA)");
  command->add_option("--listen", flags->listen,
                      "HOST:PORT of the UI and every API (default 127.0.0.1:3100; port 0: any)");
  command->add_option("--config", flags->config, "Configuration file (YAML), see docs/configuration.md");
  command->add_option("--otlp-http-listen", flags->otlp_http,
                      "HOST:PORT for OTLP over HTTP alone, such as 127.0.0.1:4318");
  command->add_option("--prometheus-config", flags->prometheus_config,
                      "Prometheus' configuration file: what to scrape, see docs/scrape.md");
  command->add_flag("--no-agent", flags->no_agent, "Do not collect this machine's logs");
  command->callback([flags, &status] { status = run(*flags); });
}

}  // namespace trilobite::cli
