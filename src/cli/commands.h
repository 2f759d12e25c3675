// The subcommands: each adds itself to the command line and, when chosen, leaves the exit status.
#pragma once

namespace CLI {
class App;
}

namespace trilobite::cli {

// Documented in docs/command-line.md.
enum ExitStatus : int {
  kDone = 0,
  kFailed = 1,
  kUsage = 2,  // wrong arguments or configuration
  kAddressTaken = 4,
  kDataUnusable = 5,  // data folder in use, damaged, or of a newer version
};

void add_server_command(CLI::App& app, int& status);
void add_agent_command(CLI::App& app, int& status);
void add_check_command(CLI::App& app, int& status);
void add_query_command(CLI::App& app, int& status);
void add_import_command(CLI::App& app, int& status);
void add_export_command(CLI::App& app, int& status);
void add_version_command(CLI::App& app, int& status);
void add_help_command(CLI::App& app, int& status);

}  // namespace trilobite::cli
