// Any text as configuration: a configuration or an error.
#include <cstdint>

#include "agent/agent.h"
#include "agent/glob.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const trilobite::SystemClock clock;
  const auto config = trilobite::agent::parse_config(text, {.host = "h"});
  if (config.ok()) static_cast<void>(trilobite::agent::check_pipelines(*config, clock));
  const std::size_t half = size / 2;
  if (const auto glob = trilobite::agent::Glob::parse(text.substr(0, half)); glob.ok()) {
    static_cast<void>(glob->matches(text.substr(half)));
  }
  return 0;
}
