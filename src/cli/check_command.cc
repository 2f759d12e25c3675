// trilobite check DIR: reads every file of a data folder and says what it found.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "storage/embedded_store.h"

namespace trilobite::cli {
namespace {

int run(const std::string& folder) {
  const std::unique_ptr<FileSystem> files = make_real_file_system();
  // The folder that --data names, or the store inside it.
  const std::string store = files->exists(folder + "/store") ? folder + "/store" : folder;
  const auto report = check_directory(*files, store);
  if (!report.ok()) {
    fmt::print(stderr, "trilobite: cannot check {}: {}\n", folder, report.error().message);
    return report.error().code == Code::kExists || report.error().code == Code::kUnsupported ? kDataUnusable : kFailed;
  }
  std::size_t damaged = 0;
  for (const CheckReport::Entry& entry : report->files) {
    fmt::print("{:<7} {}{}{}\n", entry.ok ? "ok" : "DAMAGED", entry.file, entry.message.empty() ? "" : ": ",
               entry.message);
    if (!entry.ok) ++damaged;
  }
  fmt::print("{} files, {} damaged\n", report->files.size(), damaged);
  return report->ok ? kDone : kFailed;
}

}  // namespace

void add_check_command(CLI::App& app, int& status) {
  auto folder = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("check", "Read every file of a data folder and report damage");
  command->add_option("DIR", *folder, "The data folder")->required();
  command->callback([folder, &status] { status = run(*folder); });
}

}  // namespace trilobite::cli
