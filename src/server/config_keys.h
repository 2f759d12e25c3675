// The table of configuration keys. To add one: a member of Config, a row in config_keys.cc, and
// `trilobite help configuration > docs/configuration.md`.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/config.h"

namespace trilobite::server {

struct ConfigKey {
  std::string name;  // "server.listen"
  std::string type;  // for people: "duration", "bytes", ...
  std::string help;
  bool list = false;
  bool tree = false;  // a mapping: one text of YAML
  bool secret = false;
  // A list comes as its items, anything else as one text.
  std::function<Result<void>(Config&, const std::vector<std::string>&)> set;
  std::function<std::vector<std::string>(const Config&)> get;

  std::string environment_name() const;  // TRILOBITE_SERVER_LISTEN
};

const std::vector<ConfigKey>& config_keys();
const ConfigKey* find_config_key(std::string_view name);

// Forms of values.
Result<std::chrono::nanoseconds> parse_duration(std::string_view text);  // 1h30m, 500ms, 2d; 0
std::string format_duration(std::chrono::nanoseconds duration);
Result<std::uint64_t> parse_bytes(std::string_view text);  // 512, 64KiB, 4MB, 1.5GiB
std::string format_bytes(std::uint64_t bytes);
Result<bool> parse_flag(std::string_view text);

}  // namespace trilobite::server
