// Live tail over a WebSocket: /loki/api/v1/tail and the older /api/prom/tail. History first, then lines as they come.
#pragma once

#include "api/http.h"
#include "base/clock.h"
#include "base/thread_pool.h"
#include "ingest/tail_hub.h"
#include "query/limits.h"
#include "storage/store.h"

namespace trilobite::api {

// All of them must outlive the router.
struct LokiTail {
  Store& store;
  ThreadPool& query_pool;
  const Clock& clock;
  ingest::TailHub& hub;
  query::QueryLimits limits;
  bool multi_tenant = false;
  // Where set, `limits` of a request are what it gives for the tenant.
  std::function<query::QueryLimits(std::string_view tenant)> limits_of;
  bool extensions = false;  // as in LokiApi
};
void add_loki_tail_routes(http::Router& router, const LokiTail& tail);

}  // namespace trilobite::api
