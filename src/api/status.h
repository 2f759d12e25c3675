// What the process says about itself: /ready, /health, /metrics, /config, builds, /flush, /internal/force_merge,
// /log_level,
// and the pages of Loki's components, which here are one process.
#pragma once

#include <trilobite/metrics.h>

#include <functional>
#include <string>

#include "api/http.h"

namespace trilobite::api {

struct BuildInfo {
  std::string version, revision, branch, build_date, compiler;
};
BuildInfo build_info();

enum class ConfigView : std::uint8_t { kAll, kDefaults, kChanges };  // what differs from the defaults

struct StatusSource {
  std::function<std::optional<std::string>()> not_ready;  // why, or nothing when ready
  instruments::Registry metrics;                          // ours
  std::function<std::string(ConfigView)> config;          // YAML
  std::function<Result<void>()> flush;
  std::function<Result<void>()> compact;  // flush and merge everything; takes as long as that takes
  std::function<std::string()> log_level;
  std::function<Result<void>(std::string_view)> set_log_level;
  std::function<std::string()> services;  // "NAME => STATE" lines
};
void add_status_routes(http::Router& router, StatusSource source);

}  // namespace trilobite::api
