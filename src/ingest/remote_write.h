// Bodies of Prometheus' remote write, both versions, decoded into a MetricPush. Series that the tenant's table knows by
// their bytes cost one hash each; labels are read, sorted and checked only of those it does not know.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ingest/metric_writer.h"

namespace trilobite::ingest {

enum class RemoteWriteVersion : std::uint8_t { kV1, kV2 };

// Of the header Content-Type; "" is version 1. Errors: kUnsupported (415), in Prometheus' words.
Result<RemoteWriteVersion> remote_write_version(std::string_view content_type);

struct RemoteWrite {
  MetricPush push;
  // What was left out, a line each, "" for nothing. Version 1 leaves series with broken labels out without a word.
  std::string refused;
};

// `message` is unpacked. Errors: kInvalid, no such message, or (version 1) a histogram that makes no sense.
Result<RemoteWrite> decode_remote_write(std::string_view message, RemoteWriteVersion version,
                                        MetricSeriesTable& table);

}  // namespace trilobite::ingest
