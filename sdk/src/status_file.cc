// The runtime's TOML file.
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "json.h"
#include "status_options.h"

namespace trilobite::status {
namespace {

// The text a variable of this meaning would have; empty for what can have none.
std::string as_variable(const toml::node& node) {
  if (node.is_string()) return node.as_string()->get();
  if (node.is_integer()) return std::to_string(node.as_integer()->get());
  if (node.is_boolean()) return node.as_boolean()->get() ? "true" : "false";
  if (!node.is_array()) return {};
  std::string out = "[";
  for (const toml::node& element : *node.as_array()) {
    if (!element.is_string()) return {};
    if (out.size() > 1) out += ',';
    log::append_json_string(out, element.as_string()->get());
  }
  return out + "]";
}

}  // namespace

log::Outcome<Variables> read_runtime_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (errno == ENOENT || errno == ENOTDIR) return Variables{};
    return log::Error{"cannot read " + path + ": " + std::strerror(errno)};
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) return log::Error{"cannot read " + path};
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const auto& error = parsed.error();
    return log::Error{path + ":" + std::to_string(error.source().begin.line) + ": " + std::string(error.description())};
  }
  Variables out;
  for (const auto& [key, node] : parsed.table()) {
    std::string name = "DYN_";
    for (const char c : key.str()) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if (std::string value = as_variable(node); !value.empty()) out[name] = std::move(value);
  }
  return out;
}

}  // namespace trilobite::status
