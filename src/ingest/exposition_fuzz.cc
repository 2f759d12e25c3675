// Any bytes as an exposition of each format: samples whose key means the same labels each time, or an error.
#include <cstdlib>

#include "ingest/exposition.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trilobite::ingest;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (int run = 0; run < 6; ++run) {
    const auto format = static_cast<ExpositionFormat>(run / 2);
    const auto reader = read_exposition(bytes, format, {.classic_histograms = true, .classic_to_custom = run % 2 == 1});
    ExpositionSample sample;
    while (true) {
      const auto more = reader->next(sample);
      if (!more.ok() || !*more) break;
      const auto labels = reader->labels();
      if (labels.ok() && labels->get("__name__").empty() && sample.key.empty()) std::abort();
    }
    if (reader->next(sample).ok() && *reader->next(sample)) std::abort();  // the end stays the end
  }
  return 0;
}
