// Any query is refused or parses; what is printed parses again and prints the same; its durations resolve or are
// refused.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "metrics/durations.h"
#include "metrics/parser.h"
#include "metrics/printer.h"

using namespace trilobite;
using namespace trilobite::metrics;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  (void)parse_selector(input);
  (void)parse_series(input);
  auto parsed = parse_promql(input);
  // Whatever is refused is refused without the newer parts of the language, too.
  const ParseOptions plain{false, false, false, false};
  CHECK(parsed.ok() || !parse_promql(input, plain).ok());
  if (!parsed.ok()) return 0;
  const std::string text = to_string(**parsed);
  const auto again = parse_promql(text);
  CHECK(again.ok());
  CHECK(to_string(**again) == text);
  const auto formatted = parse_promql(to_pretty_string(**parsed));
  CHECK(formatted.ok());
  CHECK(to_string(**formatted) == text);
  node_text(**parsed);
  (void)resolve_durations(**parsed, {0, 3600 * kNsPerSecond, 60 * kNsPerSecond});
  (void)resolve_durations(**parsed, query::TimeGrid::instant(0));
  return 0;
}
