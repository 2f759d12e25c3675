// The pieces of a configuration dump, with what they read given as data.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <trilobite/config_dump.h>

namespace trilobite {

using JsonMembers = std::map<std::string, std::string>;  // keys and JSON
std::string json_object(const JsonMembers& members);
std::string json_text(std::string_view text);

// As variables of the environment are judged.
bool is_sensitive(std::string_view name);
// The same, but a number of tokens and a tokenizer are no secrets: for names that people gave to settings.
bool is_sensitive_setting(std::string_view name);

// Keys sorted, no spaces; texts of sensitive settings replaced. Nothing when it is no JSON.
std::optional<std::string> canonical_json(std::string_view json, bool redact);

JsonMembers captured_environment(const std::vector<std::string>& environment, const ConfigDumpOptions& options);
std::vector<std::string> redacted_arguments(std::vector<std::string> arguments);

// What `nvidia-smi -q -x` writes, as gpu_info; nothing when it is something else.
std::optional<std::string> gpu_info(std::string_view xml);
// The output of a program that ends with status 0 in time; it is killed when it does not.
std::optional<std::string> output_of(const std::vector<std::string>& command, std::int64_t timeout_ms);

}  // namespace trilobite
