// Any bytes as OpenTelemetry's metrics, protobuf and JSON: samples whose series exist, or an error.
#include <cstdlib>

#include "ingest/otlp_metrics.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trilobite::ingest;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const std::string_view type : {"application/json", "application/x-protobuf"}) {
    MetricSeriesTable table(std::make_shared<const MetricLimits>());
    DeltaTable totals;
    OtlpMetricOptions options;
    DeltaSession session(totals, options.delta_limits);
    const auto decoded = decode_otlp_metrics({bytes, type, ""}, {1u << 20}, options, table, session, 0);
    if (!decoded.ok()) continue;
    session.commit();
    for (const MetricPush* push : {&decoded->push, &decoded->target_info}) {
      for (const std::uint32_t series : push->series_of) {
        if (series >= push->series.size() || push->series[series] == nullptr) std::abort();
      }
    }
  }
  return 0;
}
