#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "cli/commands.h"

// Read by jemalloc when the program starts: threads of its own give back pages that were freed half a second ago, also
// those of threads that then do nothing, such as the flusher's after a load. Jemalloc's own ten seconds let what a
// flush freed stand beside what the merge after it takes (measured: a tenth of the peak of a load; CPU the same).
extern "C" {
extern const char* const malloc_conf;
const char* const malloc_conf = "background_thread:true,dirty_decay_ms:500,muzzy_decay_ms:0";
}

namespace {

// Promtail and Loki write long flags with one dash: -config.file=x. Turned into two.
std::vector<std::string> arguments(int argc, char** argv) {
  std::vector<std::string> out;
  for (int i = argc - 1; i > 0; --i) {  // CLI11 takes them last first
    std::string text = argv[i];
    if (text.size() > 2 && text[0] == '-' && text[1] != '-') text.insert(0, 1, '-');
    out.push_back(std::move(text));
  }
  return out;
}

int run(int argc, char** argv) {
  CLI::App app("Trilobite: logs, metrics and traces in one program", "trilobite");
  app.require_subcommand(1);
  app.footer(
      "Exit status: 0 done, 1 failed, 2 wrong usage or configuration, 4 address taken,\n"
      "5 data folder in use, damaged or of a newer version.");
  int status = trilobite::cli::kDone;
  trilobite::cli::add_server_command(app, status);
  trilobite::cli::add_agent_command(app, status);
  trilobite::cli::add_check_command(app, status);
  trilobite::cli::add_query_command(app, status);
  trilobite::cli::add_import_command(app, status);
  trilobite::cli::add_export_command(app, status);
  trilobite::cli::add_version_command(app, status);
  trilobite::cli::add_help_command(app, status);
  try {
    app.parse(arguments(argc, argv));
  } catch (const CLI::ParseError& wrong) {
    if (wrong.get_exit_code() == 0) return app.exit(wrong);  // --help
    fmt::print(stderr, "trilobite: {}\nSee `trilobite help`.\n", wrong.what());
    return trilobite::cli::kUsage;
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& bug) {
    fmt::print(stderr, "trilobite: unexpected failure: {}\n", bug.what());
    return trilobite::cli::kFailed;
  }
}
