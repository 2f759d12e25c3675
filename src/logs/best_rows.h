// The best rows found so far by all workers of a log query, and the bound that lets everybody skip worse ones.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "logs/row_order.h"

namespace trilobite::logql {

// Any thread.
class BestRows {
 public:
  // With `distinct` only the first row of each combination of the values of these labels counts.
  BestRows(RowOrder order, std::size_t limit, std::vector<std::string> distinct = {})
      : order_(std::move(order)), limit_(limit), distinct_(std::move(distinct)) {}

  // False: a row of this time cannot be among the best any more. True may be a row too many.
  bool may_enter(TimeNs time) const {
    if (!full_.load(std::memory_order_acquire)) return true;
    const TimeNs worst = worst_.load(std::memory_order_relaxed);
    return order_.forward() ? time <= worst : time >= worst;
  }
  void add(LogRow row);
  // There are enough rows for times to be refused. Never where time is not what rows are sorted by.
  bool full() const { return full_.load(std::memory_order_acquire); }
  // For Scan::tighten. REQUIRES: full().
  TimeNs scan_bound() const {
    const TimeNs worst = worst_.load(std::memory_order_relaxed);
    return order_.forward() ? worst + 1 : worst;
  }
  // Best first. No add may be under way.
  std::vector<LogRow> take();

 private:
  struct Before {
    const RowOrder* order;
    bool operator()(const RankedRow& a, const RankedRow& b) const { return order->before(a, b); }
  };
  using Key = std::string;  // the values of the distinct labels
  using ByRow = std::multimap<RankedRow, Key, Before>;

  void add_ranked(RankedRow row);
  void add_distinct(RankedRow row);
  void settle(TimeNs worst);

  const RowOrder order_;
  const std::size_t limit_;
  const std::vector<std::string> distinct_;
  std::atomic<bool> full_{false};
  std::atomic<TimeNs> worst_{0};
  std::mutex mutex_;             // guards what is below
  std::vector<RankedRow> rows_;  // a heap with the worst on top once it is full; unused with distinct labels
  ByRow by_row_{Before{&order_}};
  std::map<Key, ByRow::iterator> by_key_;
};

}  // namespace trilobite::logql
