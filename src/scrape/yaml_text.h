// A YAML tree as text again, for pages that show a configuration.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/yaml_tree.h"

namespace trilobite::scrape {

enum class Secrets : std::uint8_t { kHidden, kShown };

// Passwords, tokens, keys and the passwords in URLs are shown as <secret>, as Prometheus shows them.
std::string to_yaml(const agent::yaml::Node& node, Secrets secrets);

// `text` as it was written, with its comments, but for the same secrets. Nothing if it does not read as `node` then:
// a secret that is written in an unusual way is not risked.
std::optional<std::string> hide_secrets(std::string_view text, const agent::yaml::Node& node);

}  // namespace trilobite::scrape
