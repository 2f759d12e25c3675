// POST /loki/api/v1/push and /api/prom/push.
#pragma once

#include "api/http.h"
#include "ingest/log_writer.h"
#include "ingest/loki_push.h"

namespace trilobite::api {

// All of them must outlive the router.
struct LokiPush {
  ingest::LogWriter& writer;
  ingest::LabelCache& labels;
  ingest::PushLimits limits;
  bool multi_tenant = false;
};
void add_loki_push_routes(http::Router& router, const LokiPush& push);

// The answer to a write that went as `outcome` says.
http::Response push_response(const Result<ingest::PushOutcome>& outcome);

}  // namespace trilobite::api
