// The only place that knows TOML.
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "config_source.h"

namespace trilobite::log {

Outcome<FileSettings> read_settings_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (errno == ENOENT || errno == ENOTDIR) return FileSettings{};
    return Error{"cannot read " + path + ": " + std::strerror(errno)};
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) return Error{"cannot read " + path};

  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const auto& error = parsed.error();
    return Error{path + ":" + std::to_string(error.source().begin.line) + ": " + std::string(error.description())};
  }
  const toml::table& table = parsed.table();
  FileSettings settings;
  if (const toml::node* level = table.get("log_level")) {
    if (!level->is_string()) return Error{path + ": log_level must be a string"};
    settings.log_level = level->as_string()->get();
  }
  if (const toml::node* filters = table.get("log_filters")) {
    if (!filters->is_table()) return Error{path + ": log_filters must be a table"};
    for (const auto& [module, level] : *filters->as_table()) {
      if (!level.is_string()) {
        return Error{path + ": the level of log_filters." + std::string(module.str()) + " must be a string"};
      }
      settings.log_filters[std::string(module.str())] = level.as_string()->get();
    }
  }
  return settings;
}

}  // namespace trilobite::log
