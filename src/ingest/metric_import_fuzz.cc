// Any bytes as imports of each format: what comes out was checked, nothing crashes.
#include <cstdlib>

#include "ingest/captured_samples.h"
#include "ingest/metric_import.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trilobite;
  using namespace trilobite::ingest;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  CapturedSamples store;
  MetadataTable metadata;
  ManualClock clock(1'768'435'200 * kNsPerSecond);
  MetricWriter writer(store, metadata, clock);
  const ImportOptions options{.extra_labels = {}, .samples_per_write = 10};
  if (!import_json_lines(bytes, options, "t", writer).ok()) std::abort();
  if (!import_influx(bytes, kNsPerSecond, clock.now(), options, "t", writer).ok()) std::abort();
  if (!import_graphite(bytes, clock.now(), options, "t", writer).ok()) std::abort();
  if (!import_exposition(bytes, ExpositionFormat::kText, clock.now(), options, "t", writer).ok()) std::abort();
  return 0;
}
