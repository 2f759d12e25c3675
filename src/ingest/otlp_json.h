// OpenTelemetry's JSON as the protobuf it stands for, so that what it means is decided in one place. A table tells the
// fields of each message; both spellings of names are taken (timeUnixNano, time_unix_nano), unknown fields are skipped.
#pragma once

#include <string>

#include "base/result.h"

namespace trilobite::ingest {

// ExportLogsServiceRequest and ExportMetricsServiceRequest. Bytes behind the text may be written to. Errors: kInvalid
// with the place of the fault.
Result<std::string> otlp_logs_json_to_protobuf(std::string json);
Result<std::string> otlp_metrics_json_to_protobuf(std::string json);

}  // namespace trilobite::ingest
