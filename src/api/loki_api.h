// The reading half of Loki's HTTP API. Each group of endpoints is a file of its own: loki_query.cc, loki_labels.cc,
// loki_index.cc, loki_detected.cc, loki_patterns.cc, loki_legacy.cc, loki_limits.cc. They parse parameters, run the
// query in the logs room, and write Loki's answers.
#pragma once

#include "api/http.h"
#include "base/clock.h"
#include "base/thread_pool.h"
#include "query/limits.h"
#include "query/result_cache.h"
#include "query/running_queries.h"
#include "storage/store.h"

namespace trilobite::api {

// What the handlers need. The references outlive the router.
struct LokiApi {
  Store& store;
  ThreadPool& query_pool;
  const Clock& clock;
  query::QueryLimits limits;
  bool multi_tenant = false;          // false: one tenant, X-Scope-OrgID is ignored
  bool multi_tenant_queries = false;  // a|b: `store` takes several tenants at once
  // Where set, `limits` of a request are what it gives for the tenant.
  std::function<query::QueryLimits(std::string_view tenant)> limits_of;
  bool answer_despite_damage = false;  // a query that meets a damaged part begins again without it
  query::ResultCache* results = nullptr;  // null: every query reads what it needs
  query::RunningQueries* running = nullptr;  // null: nobody counts
  bool extensions = false;  // for requests that do not say: docs/logql-extensions.md
};

void add_loki_read_routes(http::Router& router, const LokiApi& api);

// The groups, called by add_loki_read_routes.
void add_loki_query_routes(http::Router& router, const LokiApi& api);
void add_loki_label_routes(http::Router& router, const LokiApi& api);
void add_loki_index_routes(http::Router& router, const LokiApi& api);
void add_loki_detected_routes(http::Router& router, const LokiApi& api);
void add_loki_patterns_routes(http::Router& router, const LokiApi& api);
void add_loki_legacy_routes(http::Router& router, const LokiApi& api);
void add_loki_limits_routes(http::Router& router, const LokiApi& api);
void add_extension_routes(http::Router& router, const LokiApi& api);

// A handler that knows its tenant; errors become Loki's plain text answers.
using LokiHandler = Result<http::Response> (*)(const LokiApi&, const http::Request&, const std::string& tenant);
// GET and POST (form body), as clients of Loki use them interchangeably.
void add_loki_route(http::Router& router, const LokiApi& api, std::string pattern, LokiHandler handler);
http::Response loki_error(const Error& error);

}  // namespace trilobite::api
