// Groups of rules over HTTP, in the manner of the rulers of Mimir and Loki: YAML in and out, a namespace in the path.
// docs/metrics-api.md describes it.
#pragma once

#include "alerting/rule_groups.h"
#include "api/http.h"

namespace trilobite::api {

struct RuleConfigApi {
  alerting::RuleGroups& groups;  // outlives the router
  bool change = true;            // POST, PUT and DELETE
  bool multi_tenant = false;
};
// GET /api/v1/rule_groups, and GET, POST, PUT, DELETE at /api/v1/rules/{namespace}[/{group}]; the latter also where
// tools for Mimir look for it, at [/prometheus]/config/v1/rules.
void add_rule_config_routes(http::Router& router, const RuleConfigApi& api);

}  // namespace trilobite::api
