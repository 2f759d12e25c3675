#include "query/context.h"

namespace trilobite::query {

QueryContext::QueryContext(const QueryEngine& engine, std::string tenant, const QueryLimits& limits,
                           std::shared_ptr<CancelToken> cancel)
    : engine_(engine),
      tenant_(std::move(tenant)),
      limits_(limits),
      cancel_(cancel ? std::move(cancel) : std::make_shared<CancelToken>()),
      started_(engine.clock.steady()) {}

Result<void> QueryContext::check() const {
  if (limits_.timeout.count() > 0 && engine_.clock.steady() - started_ > limits_.timeout) {
    cancel_->cancel(Code::kTimeout);
  }
  return cancel_->check();
}

Result<void> QueryContext::check_bytes(std::uint64_t bytes) const {
  if (limits_.bytes_read_max == 0) return {};
  const std::uint64_t read = bytes + statistics().scan.bytes;
  if (read <= limits_.bytes_read_max) return {};
  return error(Code::kLimit,
               "the query would read too many bytes (query: {}, limit: {}); consider adding more specific stream "
               "selectors or reduce the time range of the query",
               read, limits_.bytes_read_max);
}

void QueryContext::add(const ScanStats& stats) {
  std::lock_guard lock(mutex_);
  statistics_.add(stats);
}

void QueryContext::add(const CacheStatistics& stats) {
  std::lock_guard lock(mutex_);
  CacheStatistics& all = statistics_.cache;
  all.slices_asked += stats.slices_asked;
  all.slices_found += stats.slices_found;
  all.slices_kept += stats.slices_kept;
  all.bytes_found += stats.bytes_found;
  all.bytes_kept += stats.bytes_kept;
  all.time_found += stats.time_found;
}

void QueryContext::add_rows_passed(std::uint64_t rows) {
  std::lock_guard lock(mutex_);
  statistics_.rows_passed += rows;
}

QueryStatistics QueryContext::statistics() const {
  std::lock_guard lock(mutex_);
  QueryStatistics result = statistics_;
  result.seconds = std::chrono::duration<double>(engine_.clock.steady() - started_).count();
  return result;
}

}  // namespace trilobite::query
