// Everything one query needs from outside, and the place where its limits are watched.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/thread_pool.h"
#include "query/limits.h"
#include "query/running_queries.h"
#include "query/statistics.h"
#include "storage/store.h"

namespace trilobite::query {

// What queries of a process share. Outlives them.
struct QueryEngine {
  Store& store;
  ThreadPool& pool;  // workers of scans
  const Clock& clock;
  RunningQueries* running = nullptr;  // null: nobody counts
};

// Any thread may check and add; the rest is read-only.
class QueryContext {
 public:
  // `cancel` is the client's token; the time limit uses it as well. It may be null.
  QueryContext(const QueryEngine& engine, std::string tenant, const QueryLimits& limits,
               std::shared_ptr<CancelToken> cancel);

  Store& store() const { return engine_.store; }
  RunningQueries* running() const { return engine_.running; }
  ThreadPool& pool() const { return engine_.pool; }
  const Clock& clock() const { return engine_.clock; }
  const std::string& tenant() const { return tenant_; }
  const QueryLimits& limits() const { return limits_; }
  const std::shared_ptr<CancelToken>& cancel() const { return cancel_; }

  // Once per block: an error when the client is gone or the time is up.
  Result<void> check() const;
  // An error when the scans of this query have decoded too much; `bytes` is what the scan under way has so far.
  Result<void> check_bytes(std::uint64_t bytes) const;

  void add(const ScanStats& stats);
  void add(const CacheStatistics& stats);
  void add_rows_passed(std::uint64_t rows);
  QueryStatistics statistics() const;

 private:
  QueryEngine engine_;
  std::string tenant_;
  QueryLimits limits_;
  std::shared_ptr<CancelToken> cancel_;
  std::chrono::nanoseconds started_;
  mutable std::mutex mutex_;  // guards statistics_
  QueryStatistics statistics_;
};

}  // namespace trilobite::query
