#include "logs/best_rows.h"

#include <algorithm>

namespace trilobite::logql {
namespace {

// A total order of rows of one time. Equal only for rows that show no difference.
int compare_content(const LogRow& a, const LogRow& b) {
  if (a.stream != b.stream) {
    if (const int streams = a.stream->bytes().compare(b.stream->bytes()); streams != 0) return streams;
  }
  if (const int lines = a.line.compare(b.line); lines != 0) return lines;
  const std::size_t count = std::min(a.labels.size(), b.labels.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (const int names = a.labels[i].name.compare(b.labels[i].name); names != 0) return names;
    if (const int values = a.labels[i].value.compare(b.labels[i].value); values != 0) return values;
  }
  return a.labels.size() < b.labels.size() ? -1 : a.labels.size() > b.labels.size() ? 1 : 0;
}

}  // namespace

bool BestRows::better(const LogRow& a, const LogRow& b) const {
  if (a.time != b.time) return (a.time < b.time) == forward_;
  return compare_content(a, b) < 0;
}

void BestRows::add(LogRow row) {
  const auto order = [this](const LogRow& a, const LogRow& b) { return better(a, b); };
  std::lock_guard lock(mutex_);
  if (rows_.size() == limit_) {
    if (limit_ == 0 || !better(row, rows_.front())) return;
    std::pop_heap(rows_.begin(), rows_.end(), order);
    rows_.back() = std::move(row);
    std::push_heap(rows_.begin(), rows_.end(), order);
  } else {
    rows_.push_back(std::move(row));
    std::push_heap(rows_.begin(), rows_.end(), order);
  }
  if (rows_.size() < limit_) return;
  worst_.store(rows_.front().time, std::memory_order_relaxed);
  full_.store(true, std::memory_order_release);
}

std::vector<LogRow> BestRows::take() {
  std::lock_guard lock(mutex_);
  std::sort(rows_.begin(), rows_.end(), [this](const LogRow& a, const LogRow& b) { return better(a, b); });
  return std::move(rows_);
}

}  // namespace trilobite::logql
