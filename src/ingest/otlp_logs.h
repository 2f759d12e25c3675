// OpenTelemetry's logs (OTLP over HTTP: ExportLogsServiceRequest, protobuf or JSON) decoded straight into a Batch, by
// Loki's rules: attributes of the resource are labels or structured metadata, everything else is structured metadata,
// the body is the line.
#pragma once

#include <string_view>

#include "ingest/log_writer.h"
#include "ingest/loki_push.h"
#include "ingest/otlp_mapping.h"

namespace trilobite::ingest {

// Content-Type must be application/x-protobuf or application/json; Content-Encoding gzip, zstd (or zstd's frames
// without a size), lz4 (frames), or nothing. `now` is the time of records that have none. Errors: kInvalid (400),
// kLimit (413: too big when unpacked), kInternal (500: names that cannot be).
Result<LogPush> decode_otlp_logs(const PushBody& body, const PushLimits& limits, const OtlpMapping& mapping,
                                 TimeNs now);

// The message by itself, unpacked.
Result<LogPush> decode_otlp_logs_protobuf(std::string_view message, const OtlpMapping& mapping, TimeNs now);

}  // namespace trilobite::ingest
