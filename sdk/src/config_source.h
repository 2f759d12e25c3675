// Where a Config comes from, as data, so that tests need neither the environment nor system files.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <trilobite/log_setup.h>

#include "outcome.h"

namespace trilobite::log {

struct ConfigSource {
  std::map<std::string, std::string, std::less<>> variables;
  std::string system_file = "/opt/dynamo/etc/logging.toml";
};

Config read_config(const ConfigSource& source, std::string_view default_level);

struct FileOutput {
  Output output;
  bool has_format = false;  // otherwise the format is that of the environment
};

// What a logging file says; unknown keys are ignored.
struct FileSettings {
  std::string log_level;                           // empty: not given
  std::map<std::string, std::string> log_filters;  // target -> level
  std::vector<FileOutput> log_outputs;             // empty: not given
};

// A missing file gives empty settings. Errors begin with the file and the line.
Outcome<FileSettings> read_settings_file(const std::string& path);

}  // namespace trilobite::log
