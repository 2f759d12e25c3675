// Any bytes as remote write of both versions: samples whose series exist, or an error.
#include <cstdlib>

#include "ingest/remote_write.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trilobite;
  using namespace trilobite::ingest;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const RemoteWriteVersion version : {RemoteWriteVersion::kV1, RemoteWriteVersion::kV2}) {
    MetricSeriesTable table(std::make_shared<const MetricLimits>());
    const auto decoded = decode_remote_write(bytes, version, table);
    if (!decoded.ok()) continue;
    const MetricPush& push = decoded->push;
    if (push.series_of.size() != push.times.size() || push.values.size() != push.times.size()) std::abort();
    if (!push.starts.empty() && push.starts.size() != push.times.size()) std::abort();
    for (const std::uint32_t series : push.series_of) {
      if (series >= push.series.size() || push.series[series] == nullptr) std::abort();
    }
    for (const auto& exemplar : push.exemplars) {
      if (exemplar.series >= push.series.size()) std::abort();
    }
  }
  return 0;
}
