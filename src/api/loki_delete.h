// /loki/api/v1/delete: requests to delete lines, with Loki's parameters, answers and texts.
#pragma once

#include "api/http.h"
#include "base/clock.h"
#include "logs/delete_requests.h"

namespace trilobite::api {

// The references outlive the router.
struct LokiDelete {
  logql::DeleteRequests* requests = nullptr;  // null: deletion is switched off
  const Clock& clock;
  std::chrono::nanoseconds interval_max = std::chrono::hours(24);  // what max_interval may be
  bool multi_tenant = false;
};
void add_loki_delete_routes(http::Router& router, const LokiDelete& api);

}  // namespace trilobite::api
