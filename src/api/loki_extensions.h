// What our API has besides Loki's, see docs/logql-extensions.md. Everything here is off for a request that does not ask
// for it, so that Loki's clients get Loki's answers.
#pragma once

#include <string>

#include "api/loki_api.h"
#include "logs/log_query.h"
#include "query/context.h"
#include "query/time_grid.h"

namespace trilobite::api {

// extensions=true|false in the request, or the header X-Trilobite-Extensions; else as configured.
bool extensions_on(const http::Request& request, bool otherwise);
inline bool extensions_on(const LokiApi& api, const http::Request& request) {
  return extensions_on(request, api.extensions);
}

// A log query with cursor, and word of what is left out.
Result<http::Response> answer_page(query::QueryContext& context, const http::Request& request,
                                   const logql::LogExpr& log, const logql::LogQuery& query);

// The bytes that the configuration and the request (max_bytes) let a query read, held against the estimate.
Result<void> check_request_budget(const LokiApi& api, const http::Request& request, const std::string& tenant,
                                  const logql::Expr& expr, const query::TimeGrid& grid);

}  // namespace trilobite::api
