#include <trilobite/config_dump.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <spawn.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include <trilobite/log.h>

#include "config_dump_parts.h"

namespace trilobite {
namespace {

constexpr log::Target kLog{"trilobite::config_dump"};
constexpr std::size_t kOutputMax = 8 << 20;

std::string system_info() {
  utsname names{};
  uname(&names);
  const std::string system = names.sysname, release = names.release, machine = names.machine;
  return json_object({{"platform", json_text(system + "-" + release + "-" + machine)},
                      {"architecture", json_text(machine)},
                      {"processor", json_text(machine)},
                      {"hostname", json_text(names.nodename)},
                      {"os_name", json_text(system)},
                      {"os_release", json_text(release)},
                      {"os_version", json_text(names.version)}});
}

std::string json_list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? "," : "") + json_text(text);
  return out + "]";
}

std::vector<std::string> command_line() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> out;
  for (std::string argument; std::getline(file, argument, '\0');) out.push_back(argument);
  return out;
}

// The shared libraries of the process: what a list of installed packages is elsewhere.
std::string loaded_libraries() {
  JsonMembers out;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* members) {
        const std::string path = info->dlpi_name;
        if (!path.empty()) (*static_cast<JsonMembers*>(members))[path.substr(path.rfind('/') + 1)] = json_text(path);
        return 0;
      },
      &out);
  return json_object(out);
}

std::string runtime_info(bool include_sensitive) {
  std::vector<std::string> arguments = command_line();
  if (!include_sensitive) arguments = redacted_arguments(std::move(arguments));
  std::error_code failure;
  const std::string executable = std::filesystem::read_symlink("/proc/self/exe", failure).string();
  return json_object({{"command_line_args", json_list(arguments)},
                      {"compiler", json_text(__VERSION__)},
                      {"cplusplus", std::to_string(__cplusplus)},
                      {"executable", json_text(executable)}});
}

std::vector<std::string> environment() {
  std::vector<std::string> out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) out.emplace_back(*entry);
  return out;
}

// A member, or why the dump cannot be made.
std::string add_json(JsonMembers& members, const std::string& key, const std::string& json, bool redact) {
  const auto canonical = canonical_json(json, redact);
  if (!canonical) return key + " is not valid JSON";
  members[key] = *canonical;
  return {};
}

std::string collect(const ConfigDumpOptions& options, JsonMembers& members) {
  members["environment"] = json_object(captured_environment(environment(), options));
  members["runtime_info"] = runtime_info(options.include_sensitive);
  members["dynamo_version"] = options.version.empty() ? "null" : json_text(options.version);
  members["installed_packages"] = loaded_libraries();
  const auto xml = output_of({"nvidia-smi", "-q", "-x"}, options.gpu_timeout_ms);
  members["gpu_info"] = (xml ? gpu_info(*xml) : std::nullopt).value_or("null");
  std::string error = add_json(members, "config", options.config, !options.include_sensitive);
  for (const auto& [key, json] : options.extras)
    if (error.empty()) error = add_json(members, key, json, !options.include_sensitive);
  return error;
}

}  // namespace

std::optional<std::string> output_of(const std::vector<std::string>& command, std::int64_t timeout_ms) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  pid_t child = -1;
  const int failure = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (failure != 0) {
    close(ends[0]);
    return std::nullopt;
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  std::string out;
  bool whole = false;
  while (out.size() <= kOutputMax) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    pollfd entry{.fd = ends[0], .events = POLLIN, .revents = 0};
    if (left <= 0 || poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000))) < 0) break;
    if (entry.revents == 0) continue;
    char piece[16 << 10];
    const ssize_t size = read(ends[0], piece, sizeof piece);
    if (size <= 0) {
      whole = size == 0;
      break;
    }
    out.append(piece, static_cast<std::size_t>(size));
  }
  close(ends[0]);
  if (!whole) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return whole && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? std::optional(std::move(out)) : std::nullopt;
}

std::string config_dump(const ConfigDumpOptions& options) {
  JsonMembers members;
  std::string error;
  try {
    error = collect(options, members);
  } catch (const std::exception& thrown) {
    error = thrown.what();
  }
  if (!error.empty()) {
    return json_object(
        {{"error", json_text("Failed to collect config dump: " + error)}, {"system_info", system_info()}});
  }
  members.try_emplace("system_info", system_info());
  return json_object(members);
}

void write_config_dump(const std::string& path, const ConfigDumpOptions& options) {
  if (path.empty()) {
    if (kLog.enabled(log::Level::kDebug)) kLog.debug("CONFIG_DUMP: {}", config_dump(options));
    return;
  }
  const std::string dump = config_dump(options);
  std::error_code failure;
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, failure);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << dump << '\n';
  file.close();
  if (file) {
    kLog.info("Dumped config to {}", path);
  } else {
    kLog.error("Cannot write the config dump to {}: {}", path, std::strerror(errno));
    kLog.info("CONFIG_DUMP: {}", dump);
  }
}

}  // namespace trilobite
