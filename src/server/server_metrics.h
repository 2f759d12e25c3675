// The platform's own metrics: what /metrics shows. The registry is the server's own, not the process's.
#pragma once

#include <trilobite/metrics.h>

#include <memory>
#include <vector>

#include "agent/agent.h"
#include "api/memory_status.h"
#include "ingest/log_writer.h"
#include "ingest/metric_writer.h"
#include "scrape/scraper.h"
#include "server/http_server.h"
#include "server/request_metrics.h"
#include "storage/store.h"

namespace trilobite::server {

// Where the numbers come from that other rooms count.
struct MetricsSources {
  const HttpServer* http = nullptr;  // null while starting
  const ingest::LogWriter& writer;
  const ingest::MetricWriter& metric_writer;
  const Store& store;
  const agent::Agent* agent = nullptr;  // null when off
  const scrape::Scraper* scraper = nullptr;
  std::vector<api::LimitStatus> limits;
};

class ServerMetrics {
 public:
  ServerMetrics();
  ~ServerMetrics();
  ServerMetrics(const ServerMetrics&) = delete;
  ServerMetrics& operator=(const ServerMetrics&) = delete;

  const instruments::Registry& registry() const { return registry_; }
  const RequestMetrics& requests() const { return requests_; }

  // Takes the numbers over. One thread at a time: for an update callback of the registry.
  void update(const MetricsSources& sources);

 private:
  struct Groups;
  instruments::Registry registry_;
  RequestMetrics requests_;
  std::unique_ptr<Groups> groups_;
};

}  // namespace trilobite::server
