// Any bytes as a line of a recording: refused, or an event that is JSON and reads the same again.
#include <cstddef>
#include <cstdint>
#include <string>

#include "recorder_line.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  trilobite::RecordedLine line, again;
  std::string error;
  if (!trilobite::parse_recorded_line({reinterpret_cast<const char*>(data), size}, line, error)) return 0;
  const std::string text = "{\"timestamp\":" + std::to_string(line.timestamp_ms) + ",\"event\":" + line.event + "}";
  if (!trilobite::parse_recorded_line(text, again, error) || again.event != line.event) __builtin_trap();
  return 0;
}
