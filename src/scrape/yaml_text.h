// A YAML tree as text again, for pages that show a configuration.
#pragma once

#include <string>

#include "agent/yaml_tree.h"

namespace trilobite::scrape {

enum class Secrets : std::uint8_t { kHidden, kShown };

// Passwords, tokens, keys and the passwords in URLs are shown as <secret>, as Prometheus shows them.
std::string to_yaml(const agent::yaml::Node& node, Secrets secrets);

}  // namespace trilobite::scrape
