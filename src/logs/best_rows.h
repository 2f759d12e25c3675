// The best rows found so far by all workers of a log query, and the bound that lets everybody skip worse ones.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <vector>

#include "logs/log_query.h"

namespace trilobite::logql {

// Any thread.
class BestRows {
 public:
  BestRows(Direction direction, std::size_t limit) : forward_(direction == Direction::kForward), limit_(limit) {}

  // False: a row of this time cannot be among the best any more. True may be a row too many.
  bool may_enter(TimeNs time) const {
    if (!full_.load(std::memory_order_acquire)) return true;
    const TimeNs worst = worst_.load(std::memory_order_relaxed);
    return forward_ ? time <= worst : time >= worst;
  }
  void add(LogRow row);
  bool full() const { return full_.load(std::memory_order_acquire); }
  // For Scan::tighten. REQUIRES: full().
  TimeNs scan_bound() const {
    const TimeNs worst = worst_.load(std::memory_order_relaxed);
    return forward_ ? worst + 1 : worst;
  }
  // Best first. No add may be under way.
  std::vector<LogRow> take();

 private:
  bool better(const LogRow& a, const LogRow& b) const;

  const bool forward_;
  const std::size_t limit_;
  std::atomic<bool> full_{false};
  std::atomic<TimeNs> worst_{0};
  std::mutex mutex_;          // guards rows_
  std::vector<LogRow> rows_;  // a heap with the worst on top once it is full
};

}  // namespace trilobite::logql
