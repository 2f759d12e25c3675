#include "trace_config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>

#include <fmt/format.h>

namespace trilobite::trace {
namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

constexpr std::array kVariables{"DYN_LOGGING_JSONL",
                                "DYN_LOGGING_SPAN_EVENTS",
                                "OTEL_SDK_DISABLED",
                                "OTEL_TRACES_SAMPLER",
                                "OTEL_TRACES_SAMPLER_ARG",
                                "OTEL_PROPAGATORS",
                                "OTEL_ATTRIBUTE_COUNT_LIMIT",
                                "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
                                "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
                                "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
                                "OTEL_SPAN_EVENT_COUNT_LIMIT",
                                "OTEL_SPAN_LINK_COUNT_LIMIT"};

std::string lower_trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return out;
}

// Empty where it is not set.
std::string value_of(const Variables& variables, std::string_view name) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string() : lower_trimmed(found->second);
}

// The runtime's switches: no trimming, 1 true on yes in any case.
bool is_on(const Variables& variables, std::string_view name) {
  const auto found = variables.find(name);
  if (found == variables.end() || found->second.find_first_of(" \t") != std::string::npos) return false;
  const std::string text = lower_trimmed(found->second);
  return text == "1" || text == "true" || text == "on" || text == "yes";
}

std::optional<double> ratio_of(std::string_view text) {
  double ratio = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ratio);
  if (error != std::errc() || end != text.data() + text.size() || !(ratio >= 0 && ratio <= 1)) return std::nullopt;
  return ratio;
}

void read_sampler(Config& config, const Variables& variables) {
  std::string name = value_of(variables, "OTEL_TRACES_SAMPLER");
  if (name.empty()) return;
  Sampler sampler;
  std::string_view root = name;
  constexpr std::string_view kParentBased = "parentbased_";
  sampler.parent_based = root.starts_with(kParentBased);
  if (sampler.parent_based) root.remove_prefix(kParentBased.size());
  if (root == "always_on") {
    sampler.root = Sampler::Root::kAlwaysOn;
  } else if (root == "always_off") {
    sampler.root = Sampler::Root::kAlwaysOff;
  } else if (root == "traceidratio") {
    sampler.root = Sampler::Root::kRatio;
    const std::string argument = value_of(variables, "OTEL_TRACES_SAMPLER_ARG");
    const auto ratio = ratio_of(argument);
    if (!ratio && !argument.empty()) {
      config.warnings.push_back(
          fmt::format("ignoring OTEL_TRACES_SAMPLER_ARG={}: expected a number from 0 to 1; 1 is used", argument));
    }
    sampler.ratio = ratio.value_or(1.0);
  } else {
    config.warnings.push_back(
        fmt::format("ignoring OTEL_TRACES_SAMPLER={}: expected always_on, always_off or traceidratio, or one of them "
                    "after parentbased_",
                    name));
    return;
  }
  config.sampler = sampler;
}

void read_propagators(Config& config, const Variables& variables) {
  const std::string list = value_of(variables, "OTEL_PROPAGATORS");
  if (list.empty()) return;
  Propagation chosen{.w3c = false, .b3_single = false, .b3_multi = false, .baggage = false};
  for (std::size_t start = 0; start < list.size();) {
    const std::size_t end = std::min(list.find(',', start), list.size());
    const std::string name = lower_trimmed(std::string_view(list).substr(start, end - start));
    start = end + 1;
    if (name == "tracecontext") {
      chosen.w3c = true;
    } else if (name == "baggage") {
      chosen.baggage = true;
    } else if (name == "b3") {
      chosen.b3_single = true;
    } else if (name == "b3multi") {
      chosen.b3_multi = true;
    } else if (name == "none") {
      chosen.request_ids = false;
    } else if (!name.empty()) {
      config.warnings.push_back(
          fmt::format("ignoring `{}` in OTEL_PROPAGATORS: expected tracecontext, baggage, b3, b3multi or none", name));
    }
  }
  config.propagation = chosen;
}

void read_limit(Config& config, const Variables& variables, std::initializer_list<std::string_view> names,
                std::uint32_t& limit) {
  for (const std::string_view name : names) {
    const std::string text = value_of(variables, name);
    if (text.empty()) continue;
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size()) {
      limit = value;
    } else {
      config.warnings.push_back(fmt::format("ignoring {}={}: expected a whole number", name, text));
    }
  }
}

}  // namespace

Config read_trace_config(const Variables& variables) {
  Config config;
  config.ids = is_on(variables, "DYN_LOGGING_JSONL") && value_of(variables, "OTEL_SDK_DISABLED") != "true";
  config.span_events = is_on(variables, "DYN_LOGGING_JSONL") && is_on(variables, "DYN_LOGGING_SPAN_EVENTS");
  read_sampler(config, variables);
  read_propagators(config, variables);
  read_limit(config, variables, {"OTEL_ATTRIBUTE_COUNT_LIMIT", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT"},
             config.limits.attributes_max);
  read_limit(config, variables, {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT"},
             config.limits.attribute_bytes_max);
  read_limit(config, variables, {"OTEL_SPAN_EVENT_COUNT_LIMIT"}, config.limits.events_max);
  read_limit(config, variables, {"OTEL_SPAN_LINK_COUNT_LIMIT"}, config.limits.links_max);
  return config;
}

Config Config::from_environment() {
  Variables variables;
  for (const char* name : kVariables) {
    if (const char* value = std::getenv(name)) variables[name] = value;
  }
  return read_trace_config(variables);
}

}  // namespace trilobite::trace
