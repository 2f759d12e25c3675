// The queries that run now and what they hold in memory. A query names the counter of its bytes for as long as it runs.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <vector>

namespace trilobite::query {

// Any thread. Outlives the queries.
class RunningQueries {
 public:
  struct Sum {
    std::size_t queries = 0, bytes = 0, bytes_largest = 0;
  };
  Sum sum() const {
    const std::lock_guard lock(mutex_);
    Sum out;
    out.queries = counters_.size();
    for (const std::atomic<std::size_t>* counter : counters_) {
      out.bytes += *counter;
      out.bytes_largest = std::max(out.bytes_largest, counter->load());
    }
    return out;
  }

 private:
  friend class RunningQuery;
  mutable std::mutex mutex_;  // guards counters_
  std::vector<const std::atomic<std::size_t>*> counters_;
};

// In the list while it lives.
class RunningQuery {
 public:
  RunningQuery(RunningQueries* all, const std::atomic<std::size_t>& bytes) : all_(all), bytes_(&bytes) {
    if (all_ == nullptr) return;
    const std::lock_guard lock(all_->mutex_);
    all_->counters_.push_back(bytes_);
  }
  ~RunningQuery() {
    if (all_ == nullptr) return;
    const std::lock_guard lock(all_->mutex_);
    const auto place = std::find(all_->counters_.begin(), all_->counters_.end(), bytes_);
    *place = all_->counters_.back();
    all_->counters_.pop_back();
  }
  RunningQuery(const RunningQuery&) = delete;
  RunningQuery& operator=(const RunningQuery&) = delete;

 private:
  RunningQueries* const all_;  // null: nobody counts
  const std::atomic<std::size_t>* const bytes_;
};

}  // namespace trilobite::query
