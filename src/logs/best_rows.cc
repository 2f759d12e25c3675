#include "logs/best_rows.h"

#include <algorithm>

#include "base/bytes.h"

namespace trilobite::logql {

void BestRows::add(LogRow row) {
  if (limit_ == 0) return;
  RankedRow ranked = order_.rank(std::move(row));
  std::lock_guard lock(mutex_);
  distinct_.empty() ? add_ranked(std::move(ranked)) : add_distinct(std::move(ranked));
}

void BestRows::settle(TimeNs worst) {
  if (!order_.by_time()) return;
  worst_.store(worst, std::memory_order_relaxed);
  full_.store(true, std::memory_order_release);
}

void BestRows::add_ranked(RankedRow row) {
  const Before before{&order_};
  if (rows_.size() == limit_) {
    if (!before(row, rows_.front())) return;
    std::pop_heap(rows_.begin(), rows_.end(), before);
    rows_.back() = std::move(row);
  } else {
    rows_.push_back(std::move(row));
  }
  std::push_heap(rows_.begin(), rows_.end(), before);
  if (rows_.size() == limit_) settle(rows_.front().row.time);
}

// A key whose row was pushed out may come back with a better row; with a worse one it never gets in again.
void BestRows::add_distinct(RankedRow row) {
  if (by_row_.size() == limit_ && !order_.before(row, by_row_.rbegin()->first)) return;
  Key key;
  ByteWriter bytes(key);
  for (const std::string& label : distinct_) bytes.text(label_of(row.row, label));
  if (const auto known = by_key_.find(key); known != by_key_.end()) {
    if (!order_.before(row, known->second->first)) return;
    by_row_.erase(known->second);
    known->second = by_row_.emplace(std::move(row), std::move(key));
  } else {
    const auto place = by_key_.emplace(key, by_row_.end()).first;
    place->second = by_row_.emplace(std::move(row), std::move(key));
    if (by_row_.size() > limit_) {
      const auto worst = std::prev(by_row_.end());
      by_key_.erase(worst->second);
      by_row_.erase(worst);
    }
  }
  if (by_row_.size() == limit_) settle(by_row_.rbegin()->first.row.time);
}

std::vector<LogRow> BestRows::take() {
  std::lock_guard lock(mutex_);
  std::vector<LogRow> out;
  if (!distinct_.empty()) {
    while (!by_row_.empty()) out.push_back(std::move(by_row_.extract(by_row_.begin()).key().row));
    by_key_.clear();
    return out;
  }
  std::sort(rows_.begin(), rows_.end(), Before{&order_});
  for (RankedRow& ranked : rows_) out.push_back(std::move(ranked.row));
  rows_.clear();
  return out;
}

}  // namespace trilobite::logql
