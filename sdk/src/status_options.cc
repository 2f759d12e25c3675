#include "status_options.h"

#include <charconv>

#include <unistd.h>

#include "json.h"
#include "json_pull.h"

namespace trilobite::status {
namespace {

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool is_true(std::string_view text) {
  const std::string word = lowered(text);
  return word == "1" || word == "true" || word == "on" || word == "yes";
}

bool parse_int(std::string_view text, std::int64_t& out) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  return failure == std::errc() && end == text.data() + text.size();
}

// ["a","b"], or a,b.
bool parse_list(const std::string& text, std::vector<std::string>& out) {
  out.clear();
  if (!text.starts_with('[')) {
    std::string_view rest = text;
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      std::string_view piece = rest.substr(0, comma);
      while (piece.starts_with(' ')) piece.remove_prefix(1);
      while (piece.ends_with(' ')) piece.remove_suffix(1);
      if (!piece.empty()) out.emplace_back(piece);
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
    return true;
  }
  std::string compact;
  if (!log::append_if_json(compact, text)) return false;
  // Strings only: what the pull reader needs is an object, so the list becomes the keys of one.
  std::string_view rest = compact;
  rest.remove_prefix(1);
  while (!rest.starts_with(']')) {
    if (rest.starts_with(',')) rest.remove_prefix(1);
    JsonPull element(rest);
    if (!element.at_string()) return false;
    const std::string_view taken = element.skip();
    out.push_back(JsonPull(taken).string());
    rest.remove_prefix(taken.size());
  }
  return true;
}

class Reader {
 public:
  Reader(const Variables& values, Options& out) : values_(values), out_(out) {}

  void read() {
    if (const std::string* text = find("DYN_SYSTEM_PORT")) {
      std::int64_t port = 0;
      if (!parse_int(*text, port) || port > 65535) {
        fail("DYN_SYSTEM_PORT '" + *text + "' is not a port");
      } else {
        out_.port = port < 0 ? -1 : static_cast<std::int32_t>(port);
      }
    }
    if (const std::string* text = find("DYN_SYSTEM_HOST")) out_.host = *text;
    path("DYN_SYSTEM_HEALTH_PATH", out_.health_path);
    path("DYN_SYSTEM_LIVE_PATH", out_.live_path);
    if (const std::string* text = find("DYN_SYSTEM_STARTING_HEALTH_STATUS")) {
      const std::string word = lowered(*text);
      if (word != "ready" && word != "notready")
        fail("DYN_SYSTEM_STARTING_HEALTH_STATUS '" + *text + "' is neither ready nor notready");
      out_.starts_ready = word == "ready";
    }
    if (const std::string* text = find("DYN_SYSTEM_USE_ENDPOINT_HEALTH_STATUS")) {
      if (!parse_list(*text, out_.health_endpoints))
        fail("DYN_SYSTEM_USE_ENDPOINT_HEALTH_STATUS '" + *text + "' is not a list of names");
      out_.warnings.emplace_back(
          "DYN_SYSTEM_USE_ENDPOINT_HEALTH_STATUS is deprecated; it still decides about the health");
    }
    if (find("DYN_SYSTEM_ENABLED") != nullptr)
      out_.warnings.emplace_back("DYN_SYSTEM_ENABLED is deprecated and has no effect; use DYN_SYSTEM_PORT");
    if (const std::string* text = find("DYN_HEALTH_CHECK_ENABLED")) out_.probes = is_true(*text);
    if (const std::string* text = find("DYN_LORA_ENABLED")) out_.loras = lowered(*text) == "true";
    seconds("DYN_CANARY_WAIT_TIME", out_.probe_wait_ms);
    seconds("DYN_HEALTH_CHECK_REQUEST_TIMEOUT", out_.probe_timeout_ms);
  }

 private:
  const std::string* find(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() || found->second.empty() ? nullptr : &found->second;
  }
  void fail(std::string why) {
    if (out_.error.empty()) out_.error = std::move(why);
  }
  void path(std::string_view name, std::string& out) {
    const std::string* text = find(name);
    if (text != nullptr) out = text->starts_with('/') ? *text : "/" + *text;
  }
  void seconds(std::string_view name, std::int64_t& out_ms) {
    const std::string* text = find(name);
    if (text == nullptr) return;
    std::int64_t value = 0;
    if (!parse_int(*text, value) || value <= 0 || value > 1'000'000) {
      fail(std::string(name) + " '" + *text + "' is not a number of seconds");
    } else {
      out_ms = value * 1000;
    }
  }

  const Variables& values_;
  Options& out_;
};

}  // namespace

Options read_options(const Variables& environment, const std::vector<std::string>& files) {
  Options out;
  Variables merged;
  for (const std::string& file : files) {
    auto settings = read_runtime_file(file);
    if (!settings.ok()) {
      out.error = settings.error();
      return out;
    }
    for (auto& [name, value] : *settings) merged[name] = std::move(value);
  }
  for (const auto& [name, value] : environment)
    if (!value.empty()) merged[name] = value;
  Reader(merged, out).read();
  return out;
}

Options Options::from_environment() {
  Variables variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (text.starts_with("DYN_") && equals != std::string_view::npos)
      variables[std::string(text.substr(0, equals))] = std::string(text.substr(equals + 1));
  }
  return read_options(variables, {"/opt/dynamo/defaults/runtime.toml", "/opt/dynamo/etc/runtime.toml"});
}

}  // namespace trilobite::status
