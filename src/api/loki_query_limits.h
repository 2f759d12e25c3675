// What a tenant may ask, with Loki's texts.
#pragma once

#include <string_view>

#include "api/loki_parameters.h"
#include "logs/ast.h"
#include "query/limits.h"

namespace trilobite::api {

// Blocked queries, matchers that every selector needs, the longest range in brackets.
Result<void> check_query(const logql::Expr& expr, std::string_view text, const query::QueryLimits& limits);

// The longest time range of a query.
Result<void> check_length(const Bounds& bounds, const query::QueryLimits& limits);

// The part of the bounds that max_query_lookback leaves; start is not before end.
Bounds within_lookback(Bounds bounds, TimeNs now, const query::QueryLimits& limits);

}  // namespace trilobite::api
