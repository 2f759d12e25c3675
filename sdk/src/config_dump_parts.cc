#include "config_dump_parts.h"

#include <algorithm>
#include <array>

#include "json.h"
#include "json_pull.h"

namespace trilobite {
namespace {

constexpr std::array<std::string_view, 28> kPrefixes{"DYN_",          "CUDA_",
                                                     "NCCL_",         "HF_",
                                                     "TRANSFORMERS_", "SGLANG_",
                                                     "SGL_",          "MC_",
                                                     "VLLM_",         "TENSORRT_",
                                                     "TORCH_",        "UCX_",
                                                     "NIXL_",         "OMPI_",
                                                     "LLM_",          "TLLM_",
                                                     "TRT_LLM_",      "TRTLLM_",
                                                     "NVIDIA_",       "NSYS_",
                                                     "GENERATE_CU_",  "OVERRIDE_",
                                                     "TOKENIZERS_",   "DISABLE_TORCH_",
                                                     "PYTORCH_",      "ENABLE_PERFECT_ROUTER",
                                                     "FLA_",          "NEMOTRON_"};
constexpr std::array<std::string_view, 6> kSecrets{"TOKEN", "API_KEY", "SECRET", "PASSWORD", "CREDENTIAL", "AUTH"};
constexpr std::string_view kRedacted = "<REDACTED>";

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == '-') c = '_';
  }
  return out;
}

void erase_all(std::string& text, std::string_view piece) {
  for (std::size_t at = text.find(piece); at != std::string::npos; at = text.find(piece, at))
    text.erase(at, piece.size());
}

bool names_secret(std::string_view name) {
  return std::any_of(kSecrets.begin(), kSecrets.end(),
                     [&](std::string_view secret) { return name.find(secret) != std::string_view::npos; });
}

// text is compact JSON of one value; its depth is bounded by whoever made it compact.
std::string canonical_value(std::string_view text, bool redact, bool secret) {
  JsonPull value(text);
  if (value.at_object()) {
    JsonMembers members;
    value.object([&](const std::string& key) {
      members[key] = canonical_value(value.skip(), redact, redact && (secret || is_sensitive_setting(key)));
      return true;
    });
    return json_object(members);
  }
  if (text.starts_with('[')) {
    std::string out = "[";
    std::string_view rest = text.substr(1);
    while (!rest.starts_with(']')) {
      if (rest.starts_with(',')) rest.remove_prefix(1);
      const std::string_view element = JsonPull(rest).skip();
      if (out.size() > 1) out += ',';
      out += canonical_value(element, redact, secret);
      rest.remove_prefix(element.size());
    }
    return out + "]";
  }
  if (value.at_string()) return json_text(secret ? std::string(kRedacted) : value.string());
  return std::string(text);
}

std::string_view between(std::string_view text, std::string_view begin, std::string_view end) {
  const std::size_t from = text.find(begin);
  if (from == std::string_view::npos) return {};
  const std::size_t to = text.find(end, from + begin.size());
  return to == std::string_view::npos ? std::string_view() : text.substr(from + begin.size(), to - from - begin.size());
}

std::string element(std::string_view xml, const std::string& name) {
  std::string out(between(xml, "<" + name + ">", "</" + name + ">"));
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kEntities{
      {{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}, {"&amp;", "&"}}};
  for (const auto& [entity, character] : kEntities)
    for (std::size_t at = out.find(entity); at != std::string::npos; at = out.find(entity, at + 1))
      out.replace(at, entity.size(), character);
  return out;
}

}  // namespace

std::string json_text(std::string_view text) {
  std::string out;
  log::append_json_string(out, text);
  return out;
}

std::string json_object(const JsonMembers& members) {
  std::string out = "{";
  for (const auto& [key, json] : members) {
    if (out.size() > 1) out += ',';
    log::append_json_string(out, key);
    out += ':';
    out += json;
  }
  return out + "}";
}

bool is_sensitive(std::string_view name) { return names_secret(upper(name)); }

bool is_sensitive_setting(std::string_view name) {
  std::string text = upper(name);
  for (const std::string_view harmless : {"TOKENIZER", "TOKENIZATION", "TOKENS"}) erase_all(text, harmless);
  return names_secret(text);
}

std::optional<std::string> canonical_json(std::string_view json, bool redact) {
  std::string compact;
  if (!log::append_if_json(compact, json)) return std::nullopt;
  return canonical_value(compact, redact, false);
}

JsonMembers captured_environment(const std::vector<std::string>& environment, const ConfigDumpOptions& options) {
  const auto wanted = [&](std::string_view name) {
    const auto begins = [&](std::string_view prefix) { return name.starts_with(prefix); };
    const bool by_prefix = options.prefixes.empty()
                               ? std::any_of(kPrefixes.begin(), kPrefixes.end(), begins)
                               : std::any_of(options.prefixes.begin(), options.prefixes.end(), begins);
    return by_prefix || std::find(options.names.begin(), options.names.end(), name) != options.names.end();
  };
  JsonMembers out;
  for (const std::string& entry : environment) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos || !wanted(std::string_view(entry).substr(0, equals))) continue;
    const std::string name = entry.substr(0, equals);
    const bool hidden = !options.include_sensitive && is_sensitive(name);
    out[name] = json_text(hidden ? kRedacted : std::string_view(entry).substr(equals + 1));
  }
  return out;
}

std::vector<std::string> redacted_arguments(std::vector<std::string> arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string& argument = arguments[i];
    const std::size_t equals = argument.find('=');
    if (!is_sensitive_setting(std::string_view(argument).substr(0, equals))) continue;
    if (equals != std::string::npos) {
      argument = argument.substr(0, equals + 1) + std::string(kRedacted);
    } else if (argument.starts_with('-') && i + 1 < arguments.size() && !arguments[i + 1].starts_with('-')) {
      arguments[++i] = kRedacted;
    }
  }
  return arguments;
}

std::optional<std::string> gpu_info(std::string_view xml) {
  if (xml.find("<nvidia_smi_log>") == std::string_view::npos) return std::nullopt;
  const std::string driver = element(xml, "driver_version");
  std::string gpus;
  std::size_t count = 0;
  for (std::size_t at = xml.find("<gpu "); at != std::string_view::npos; at = xml.find("<gpu ", at + 1), ++count) {
    const std::string_view gpu = xml.substr(at, xml.find("</gpu>", at) - at);
    if (!gpus.empty()) gpus += ',';
    gpus += json_object(
        {{"name", json_text(element(gpu, "product_name"))},
         {"driver_version", json_text(driver)},
         {"memory_total", json_text(element(between(gpu, "<fb_memory_usage>", "</fb_memory_usage>"), "total"))},
         {"board_part_number", json_text(element(gpu, "board_part_number"))},
         {"gpu_part_number", json_text(element(gpu, "gpu_part_number"))}});
  }
  return json_object({{"count", std::to_string(count)}, {"gpus", "[" + gpus + "]"}});
}

}  // namespace trilobite
