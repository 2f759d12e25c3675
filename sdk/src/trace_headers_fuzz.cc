// Headers from anywhere: reading them ends, and what is written again is read as the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include <trilobite/trace_headers.h>
#include <trilobite/trace_setup.h>

// The input is lines `name:value`.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trilobite::trace;
  static const bool ready = [] {
    init(Config{.propagation = {.b3_single = true, .b3_multi = true}});
    return true;
  }();
  static_cast<void>(ready);
  std::string_view text(reinterpret_cast<const char*>(data), size);
  HeaderReader reader;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() == text.size() ? line.size() : line.size() + 1);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) reader.add(line.substr(0, colon), line.substr(colon + 1));
  }
  const Context read = reader.context();
  std::vector<std::pair<std::string, std::string>> written;
  inject(read, written);
  const Context again = extract(written);
  if (read.trace_id() != again.trace_id() || read.span_id() != again.span_id() || read.baggage() != again.baggage() ||
      read.x_request_id() != again.x_request_id() || (read.span_id() && read.tracestate() != again.tracestate())) {
    std::abort();
  }
  return 0;
}
