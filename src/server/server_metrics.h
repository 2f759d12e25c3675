// The text of /metrics.
#pragma once

#include <string>

#include "agent/agent.h"
#include "api/memory_status.h"
#include "ingest/log_writer.h"
#include "ingest/metric_writer.h"
#include "scrape/scraper.h"
#include "server/http_server.h"
#include "server/metrics.h"
#include "storage/store.h"

namespace trilobite::server {

struct MetricsSources {
  const RequestMetrics& requests;
  const HttpServer* http = nullptr;  // null while starting
  const ingest::LogWriter& writer;
  const ingest::MetricWriter& metric_writer;
  const Store& store;
  const agent::Agent* agent = nullptr;  // null when off
  const scrape::Scraper* scraper = nullptr;
  std::vector<api::LimitStatus> limits;
};
std::string metrics_page(const MetricsSources& sources);

}  // namespace trilobite::server
