// What Prometheus' API needs of this server.
#pragma once

#include "api/prometheus_api.h"
#include "server/config.h"

namespace trilobite::server {

api::MetricQueryOptions metric_query_options(const MetricQuerySettings& settings);
// Settings under the names that Prometheus' flags have.
http::Parameters prometheus_flags(const Config& config);
api::RuntimeFacts runtime_facts(const Config& config);
// Snapshots are folders below `snapshots`.
api::AdminSource prometheus_admin(EmbeddedStore& store, World world, std::string snapshots);

}  // namespace trilobite::server
