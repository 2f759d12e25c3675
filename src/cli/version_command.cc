// trilobite version, trilobite help.
#include <CLI/CLI.hpp>

#include "api/status.h"
#include "cli/commands.h"
#include "server/config.h"

namespace trilobite::cli {

void add_version_command(CLI::App& app, int& status) {
  app.add_subcommand("version", "Print the version")->callback([&status] {
    const api::BuildInfo info = api::build_info();
    fmt::print("trilobite {} (revision {}, {})\n", info.version, info.revision, info.compiler);
    status = kDone;
  });
}

void add_help_command(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("help", "Print help; `help configuration` prints every configuration key");
  auto topic = std::make_shared<std::string>();
  command->add_option("TOPIC", *topic, "A subcommand, or configuration");
  command->callback([&app, topic, &status] {
    status = kDone;
    if (topic->empty()) {
      fmt::print("{}", app.help());
    } else if (*topic == "configuration") {
      fmt::print("{}", server::configuration_page());
    } else {
      try {
        fmt::print("{}", app.get_subcommand(*topic)->help());
      } catch (const CLI::OptionNotFound&) {
        fmt::print(stderr, "trilobite: unknown help topic {}\n", *topic);
        status = kUsage;
      }
    }
  });
}

}  // namespace trilobite::cli
