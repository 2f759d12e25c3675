// trilobite check DIR: reads every file of a data folder and says what it found.
// trilobite check config|rules FILE...: Prometheus' configuration and rules, read and not used.
#include <glob.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "alerting/rule_file.h"
#include "cli/commands.h"
#include "cli/kept_sections.h"
#include "scrape/config.h"
#include "server/config.h"
#include "storage/embedded_store.h"

namespace trilobite::cli {
namespace {

int check_folder(const std::string& folder) {
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

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    // An empty file gives nothing to copy, which is no failure.
    if (file && file.peek() == std::ifstream::traits_type::eof()) return std::string();
    return error(Code::kIo, "cannot read {}", path);
  }
  return std::move(text).str();
}

void print_wrong(const std::string& path, const std::string& what) { fmt::print("WRONG   {}: {}\n", path, what); }

bool check_rules_of(const std::string& path) {
  const auto text = read_file(path);
  if (!text.ok()) {
    print_wrong(path, text.error().message);
    return false;
  }
  const alerting::RuleFileReport report = alerting::check_rule_file(*text);
  for (const std::string& each : report.errors) print_wrong(path, each);
  for (const std::string& each : report.doubts) fmt::print("doubt   {}: {}\n", path, each);
  if (report.errors.empty()) fmt::print("ok      {}: {} groups, {} rules\n", path, report.groups, report.rules);
  return report.errors.empty();
}

// The files a pattern names; one without wildcards is its own name, there or not.
std::vector<std::string> files_of(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> out;
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) out.emplace_back(found.gl_pathv[i]);
  } else if (pattern.find_first_of("*?[") == std::string::npos) {
    out.push_back(pattern);
  }
  globfree(&found);
  return out;
}

// A class of characters that is not closed, or has none: such a pattern can match nothing.
bool is_pattern(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      if (++i == text.size()) return false;
    } else if (text[i] == '[') {
      const std::size_t end = text.find(']', i + 1);
      if (end == std::string_view::npos || end == i + 1) return false;
      i = end;
    }
  }
  return true;
}

bool check_config_of(const std::string& path, bool syntax_only) {
  const auto text = read_file(path);
  if (!text.ok()) {
    print_wrong(path, text.error().message);
    return false;
  }
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const auto config = scrape::parse_config(*text, {folder.empty() ? "." : folder, server::process_environment()});
  if (!config.ok()) {
    print_wrong(path, config.error().message);
    return false;
  }
  std::vector<std::string> errors = errors_of_kept_sections(*config);
  for (const std::string& pattern : config->rule_files) {
    if (!is_pattern(pattern)) errors.push_back(fmt::format("rule_files: syntax error in pattern {}", pattern));
  }
  if (!syntax_only) {
    for (std::string& missing : missing_files(*config)) errors.push_back(std::move(missing));
  }
  for (const std::string& each : errors) print_wrong(path, each);
  bool right = errors.empty();
  if (right) fmt::print("ok      {}: {} scrape jobs\n", path, config->scrape.size());
  if (syntax_only) return right;
  for (const std::string& pattern : config->rule_files) {
    for (const std::string& file : files_of(pattern)) right &= check_rules_of(file);
  }
  return right;
}

}  // namespace

void add_check_command(CLI::App& app, int& status) {
  struct Flags {
    std::string folder;
    std::vector<std::string> configs, rules;
    bool syntax_only = false;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("check", "Read a data folder, or Prometheus' files, and report what is wrong");
  CLI::Option* folder = command->add_option("DIR", flags->folder, "The data folder; ./config for one of that name");
  command->require_subcommand(0, 1);

  CLI::App* config = command->add_subcommand("config", "Prometheus' configuration, with the rules it names");
  config->add_option("FILE", flags->configs, "Such as prometheus.yml")->required();
  config->add_flag("--syntax-only", flags->syntax_only, "Leave the rule files out");
  config->callback([flags, &status] {
    status = kDone;
    for (const std::string& file : flags->configs) {
      if (!check_config_of(file, flags->syntax_only)) status = kFailed;
    }
  });

  CLI::App* rules = command->add_subcommand("rules", "Files of Prometheus' rules");
  rules->add_option("FILE", flags->rules, "Such as rules.yml")->required();
  rules->callback([flags, &status] {
    status = kDone;
    for (const std::string& file : flags->rules) {
      if (!check_rules_of(file)) status = kFailed;
    }
  });

  command->callback([flags, folder, command, &status] {
    if (!command->get_subcommands().empty()) return;
    if (folder->count() == 0) throw CLI::RequiredError("DIR, config or rules");
    status = check_folder(flags->folder);
  });
}

}  // namespace trilobite::cli
