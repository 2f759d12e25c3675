// Where the memory of this process goes, and how full everything is that is bounded.
#pragma once

#include <vector>

#include "api/memory_status.h"
#include "ingest/log_writer.h"
#include "ingest/metric_writer.h"
#include "query/result_cache.h"
#include "query/running_queries.h"
#include "scrape/scraper.h"
#include "server/config.h"
#include "server/http_server.h"
#include "server/limit_watch.h"
#include "storage/embedded_store.h"

namespace trilobite::server {

struct MemoryParts {
  const Config& config;  // with limits of memory that follow from the budget
  const EmbeddedStore& store;
  const ingest::LogWriter& logs;
  ingest::MetricWriter& metrics;
  const query::RunningQueries& queries;
  const query::ResultCache* results = nullptr;  // null: turned off
  const scrape::Scraper* scraper = nullptr;
  const HttpServer* http = nullptr;  // null while starting
};

api::ProcessMemory process_memory(const Config& config);
// In no order. What is in memory adds up to what is resident.
std::vector<api::MemorySubsystem> memory_subsystems(const MemoryParts& parts);
std::vector<LimitReading> limit_readings(const MemoryParts& parts);

}  // namespace trilobite::server
