// One line of JSON that says with what a program was started: for bug reports, and to compare two machines.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace trilobite {

struct ConfigDumpOptions {
  // Environment variables are taken whose names begin with one of these (empty: DYN_ CUDA_ NCCL_ HF_ and the like), and
  // these names.
  std::vector<std::string> prefixes{};
  std::vector<std::string> names{};
  // Values of names that contain TOKEN, API_KEY, SECRET, PASSWORD, CREDENTIAL or AUTH become <REDACTED>, in the
  // environment, in texts of config, and after options of the command line, unless this is set.
  bool include_sensitive = false;

  std::string version{};                                      // of the program: dynamo_version
  std::string config = "{}";                                  // JSON
  std::vector<std::pair<std::string, std::string>> extras{};  // top-level keys and their JSON; they replace others
  std::int64_t gpu_timeout_ms = 5'000;                        // how long nvidia-smi may take
};

// Keys sorted, no spaces, text that is not ASCII as it is. Config or extras that are no JSON, and whatever else goes
// wrong, give {"error":"Failed to collect config dump: ...","system_info":{...}}.
std::string config_dump(const ConfigDumpOptions& options = {});

// With a path: writes the dump there, folders included, and logs so at INFO; when that fails, the dump itself is logged
// as `CONFIG_DUMP: ...`. Without: logged at DEBUG, and not even collected when that is off.
void write_config_dump(const std::string& path, const ConfigDumpOptions& options = {});

}  // namespace trilobite
