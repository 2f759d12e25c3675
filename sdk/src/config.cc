#include <array>
#include <cstdlib>
#include <filesystem>

#include "config_source.h"
#include "filter.h"

namespace trilobite::log {
namespace {

// Modules that say too much at the levels one sets for one's own code.
constexpr std::array<std::string_view, 13> kNoisyModules{
    "h2",   "tower", "hyper_util", "neli",          "async_nats",         "rustls",           "tokenizers",
    "axum", "tonic", "hf_hub",     "opentelemetry", "opentelemetry-otlp", "opentelemetry_sdk"};

constexpr std::array<const char*, 8> kVariables{
    "TRILOBITE_LOG_OUTPUT", "DYN_LOG", "DYN_LOGGING_JSONL", "DYN_LOG_USE_LOCAL_TZ", "DYN_LOGGING_CONFIG_PATH",
    "DYN_LOGGING_SPAN_EVENTS", "DYN_SDK_DISABLE_ANSI_LOGGING", "NO_COLOR"};

std::string_view variable(const ConfigSource& source, std::string_view name) {
  const auto found = source.variables.find(name);
  return found == source.variables.end() ? std::string_view() : std::string_view(found->second);
}

// 1, true, on, yes in any case; anything else is false.
bool is_true(const ConfigSource& source, std::string_view name) {
  std::string text(variable(source, name));
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return text == "1" || text == "true" || text == "on" || text == "yes";
}

// A relative path is looked for in the working directory and in each of its parents.
std::string find_file(const std::string& path) {
  if (path.empty() || path.front() == '/') return path;
  std::error_code failed, missing;
  std::filesystem::path dir = std::filesystem::current_path(failed);
  while (!failed) {
    if (std::filesystem::is_regular_file(dir / path, missing)) return (dir / path).string();
    if (dir == dir.parent_path()) break;
    dir = dir.parent_path();
  }
  return path;
}

Outcome<FileSettings> read_settings(const ConfigSource& source, std::string_view default_level) {
  FileSettings merged;
  merged.log_level = std::string(default_level);
  for (const std::string_view module : kNoisyModules) merged.log_filters[std::string(module)] = "error";
  // Requests keep their ids in lines, whatever the level of everything else.
  merged.log_filters["request_span"] = "trace";
  if (is_true(source, "DYN_LOGGING_SPAN_EVENTS") && is_true(source, "DYN_LOGGING_JSONL")) {
    merged.log_filters["span_event"] = "trace";
  }
  for (const std::string& path :
       {source.system_file, find_file(std::string(variable(source, "DYN_LOGGING_CONFIG_PATH")))}) {
    if (path.empty()) continue;
    auto settings = read_settings_file(path);
    if (!settings.ok()) return Error{settings.error()};
    if (!settings->log_level.empty()) merged.log_level = settings->log_level;
    for (auto& [module, level] : settings->log_filters) merged.log_filters[module] = level;
    if (!settings->log_outputs.empty()) merged.log_outputs = std::move(settings->log_outputs);
  }
  return merged;
}

void set_filters(Config& config, const ConfigSource& source, const FileSettings& settings) {
  auto level = parse_directive(settings.log_level);
  if (!level.ok()) {
    config.error = "cannot parse log_level `" + settings.log_level + "`: " + level.error();
    return;
  }
  Filter modules;
  for (const auto& [module, module_level] : settings.log_filters) {
    auto directive = parse_directive(module + "=" + module_level);
    if (directive.ok()) {
      modules.add(std::move(*directive));
    } else {
      config.warnings.push_back("Failed parsing filter '" + module_level + "' for module '" + module +
                                "': " + directive.error());
    }
  }
  Filter own;
  for (std::string& complaint : own.add_all(variable(source, "DYN_LOG"))) {
    config.warnings.push_back(std::move(complaint));
  }
  if (own.empty()) own.add(std::move(*level));
  config.module_filter = modules.text();
  config.filter = own.text();
}

// Those of the environment, or else of a file, or else standard error.
void set_outputs(Config& config, const ConfigSource& source, FileSettings& settings) {
  std::vector<FileOutput> outputs = std::move(settings.log_outputs);
  if (const std::string_view text = variable(source, "TRILOBITE_LOG_OUTPUT"); !text.empty()) {
    std::vector<Output> named;
    config.error = parse_outputs(text, named);
    if (!config.error.empty()) {
      config.error = "TRILOBITE_LOG_OUTPUT: " + config.error;
      return;
    }
    outputs.clear();
    for (Output& output : named) outputs.push_back({.output = std::move(output)});
  }
  if (outputs.empty()) outputs.emplace_back();
  const bool jsonl = is_true(source, "DYN_LOGGING_JSONL");
  const bool colorless = is_true(source, "DYN_SDK_DISABLE_ANSI_LOGGING") || !variable(source, "NO_COLOR").empty();
  config.outputs.clear();
  for (FileOutput& output : outputs) {
    if (jsonl && !output.has_format) output.output.format = LineFormat::kJsonl;
    if (colorless) output.output.color = Color::kNever;
    config.outputs.push_back(std::move(output.output));
  }
}

}  // namespace

Config read_config(const ConfigSource& source, std::string_view default_level) {
  Config config;
  config.local_time_zone = is_true(source, "DYN_LOG_USE_LOCAL_TZ");
  auto settings = read_settings(source, default_level);
  if (!settings.ok()) {
    config.error = settings.error();
    return config;
  }
  set_outputs(config, source, *settings);
  if (config.error.empty()) set_filters(config, source, *settings);
  return config;
}

Config Config::from_environment(std::string_view default_level) {
  ConfigSource source;
  for (const char* name : kVariables) {
    if (const char* value = std::getenv(name)) source.variables[name] = value;
  }
  return read_config(source, default_level);
}

}  // namespace trilobite::log
