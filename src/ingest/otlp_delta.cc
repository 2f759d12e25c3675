#include "ingest/otlp_delta.h"

#include <algorithm>

#include "metrics/histogram_math.h"

namespace trilobite::ingest {

DeltaTotal* DeltaSession::find(const MetricSeriesRef& series, TimeNs time, Outcome& outcome) {
  if (!lock_.owns_lock()) lock_ = std::unique_lock(table_.mutex);
  auto changed = changes_.find(series.get());
  if (changed == changes_.end()) {
    const auto known = table_.totals.find(series.get());
    DeltaTotal total;
    if (known != table_.totals.end()) {
      total = known->second;
    } else if (table_.totals.size() + changes_.size() >= limits_.series_max) {
      outcome = Outcome::kFull;
      return nullptr;
    }
    if (total.series == nullptr || time - total.time > limits_.idle_max.count()) total = {series, kNoSample, 0, {}};
    changed = changes_.emplace(series.get(), std::move(total)).first;
  }
  if (time <= changed->second.time) {
    outcome = Outcome::kOld;
    return nullptr;
  }
  changed->second.time = time;
  outcome = Outcome::kTaken;
  return &changed->second;
}

DeltaSession::Outcome DeltaSession::add(const MetricSeriesRef& series, TimeNs time, double& value) {
  Outcome outcome;
  if (DeltaTotal* total = find(series, time, outcome)) value = total->value += value;
  return outcome;
}

DeltaSession::Outcome DeltaSession::add(const MetricSeriesRef& series, TimeNs time, metrics::Histogram& histogram) {
  Outcome outcome;
  DeltaTotal* total = find(series, time, outcome);
  if (total == nullptr) return outcome;
  if (total->value == 0) {  // the first
    total->value = 1;
    total->histogram = histogram;
  } else {
    metrics::Histogram sum = total->histogram;
    // Another layout of buckets begins anew: a reset.
    if (metrics::add(sum, histogram).incompatible) sum = histogram;
    sum.whole_numbers = histogram.whole_numbers && total->histogram.whole_numbers;
    total->histogram = std::move(sum);
  }
  histogram = total->histogram;
  histogram.reset = metrics::CounterReset::kUnknown;
  return outcome;
}

void DeltaSession::commit() {
  if (changes_.empty()) return;
  TimeNs newest = kNoSample;
  for (auto& [series, total] : changes_) {
    newest = std::max(newest, total.time);
    table_.totals.insert_or_assign(series, std::move(total));
  }
  changes_.clear();
  // Idle ones make room before the table is full.
  if (table_.totals.size() * 2 < limits_.series_max) return;
  const TimeNs idle = limits_.idle_max.count();
  std::erase_if(table_.totals, [&](const auto& entry) { return newest - entry.second.time > idle; });
}

DeltaTable& DeltaTables::of(std::string_view tenant) {
  const std::lock_guard lock(mutex_);
  auto found = tenants_.find(tenant);
  if (found == tenants_.end()) found = tenants_.emplace(std::string(tenant), std::make_unique<DeltaTable>()).first;
  return *found->second;
}

}  // namespace trilobite::ingest
