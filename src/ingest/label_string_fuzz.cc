// Any bytes as a label string, and as a log line: what is accepted prints to text that parses to the same set.
#include <cstdlib>

#include "ingest/label_string.h"
#include "ingest/level.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trilobite;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static_cast<void>(ingest::level_of_line(bytes));
  const auto set = ingest::parse_label_string(bytes);
  if (!set.ok()) return 0;
  std::string text = "{";
  for (const auto& [name, value] : *set) {
    if (text.size() > 1) text += ',';
    ingest::append_label(text, name, value);
  }
  const auto again = ingest::parse_label_string(text + "}");
  if (!again.ok() || !(*again == *set)) std::abort();
  return 0;
}
