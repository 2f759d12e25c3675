// POST /otlp/v1/logs, where Loki takes OTLP, and /v1/logs, where OpenTelemetry's exporters send by default.
#pragma once

#include "api/http.h"
#include "base/clock.h"
#include "ingest/log_writer.h"
#include "ingest/loki_push.h"

namespace trilobite::api {

// All of them must outlive the router.
struct OtlpLogs {
  ingest::LogWriter& writer;
  const Clock& clock;
  ingest::PushLimits limits;
  bool multi_tenant = false;
};
void add_otlp_logs_routes(http::Router& router, const OtlpLogs& otlp);

}  // namespace trilobite::api
