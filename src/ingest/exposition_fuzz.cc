// Any bytes as an exposition of each format: samples whose key means the same labels each time, or an error. A reader
// that is told which keys to expect reads the same.
#include <cstdlib>
#include <string>
#include <vector>

#include "ingest/exposition.h"

namespace {

using namespace trilobite::ingest;

std::vector<std::string> read(std::string_view bytes, ExpositionFormat format, ExpositionOptions options,
                              const std::vector<std::string>& expected) {
  const auto reader = read_exposition(bytes, format, options);
  std::vector<std::string> keys;
  ExpositionSample sample;
  while (true) {
    if (keys.size() < expected.size()) reader->expect(expected[keys.size()]);
    const auto more = reader->next(sample);
    if (!more.ok() || !*more) break;
    const auto labels = reader->labels();
    if (labels.ok() && labels->get("__name__").empty() && sample.key.empty()) std::abort();
    keys.emplace_back(sample.key);
  }
  if (reader->next(sample).ok() && *reader->next(sample)) std::abort();  // the end stays the end
  return keys;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (int run = 0; run < 9; ++run) {
    const auto format = static_cast<ExpositionFormat>(run / 3);
    const ExpositionOptions options{
        .classic_histograms = true, .start_times = run % 3 == 2, .classic_to_custom = run % 3 == 1};
    const std::vector<std::string> keys = read(bytes, format, options, {});
    if (read(bytes, format, options, keys) != keys) std::abort();
    if (keys.empty()) continue;
    if (read(bytes, format, options, std::vector<std::string>(keys.size(), keys.back())) != keys) std::abort();
  }
  return 0;
}
