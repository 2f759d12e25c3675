// What the agent collects when nobody configured it: this machine's own logs.
#pragma once

#include <string>

#include "agent/config.h"

namespace trilobite::agent {

struct DefaultSources {
  std::string host;
  std::string own_log;                     // the platform's own log (JSON lines or readable); empty: none
  std::string log_folder = "/var/log";
  std::string journal_folder;              // empty: the machine's own
  bool journal = true;
};

Config default_config(const DefaultSources& sources);
// The same as text, for `trilobite agent --print-default-config` and the documentation.
std::string default_config_text(const DefaultSources& sources);

}  // namespace trilobite::agent
