// Any text is a configuration or an error; what is shown of a configuration is one again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "scrape/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.find("scrape_config_files") != std::string_view::npos) return 0;  // reads files
  const auto config = trilobite::scrape::parse_config(text, {});
  if (config.ok()) static_cast<void>(trilobite::scrape::parse_config(config->yaml, {}));
  static_cast<void>(trilobite::scrape::parse_target_groups(text, "f"));
  return 0;
}
