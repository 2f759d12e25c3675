// Metrics that come as differences, made into running totals: OpenTelemetry's delta temporality. The totals live in
// memory; after a restart, and when a series was idle for long, they begin anew, which reads as a counter reset.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "ingest/metric_series.h"
#include "metrics/histogram.h"

namespace trilobite::ingest {

struct DeltaLimits {
  std::size_t series_max = 200'000;  // of a tenant; differences of more are refused
  std::chrono::nanoseconds idle_max = std::chrono::minutes(5);
};

struct DeltaTotal {
  MetricSeriesRef series;  // keeps the pointer that it is found by
  TimeNs time = 0;         // of the last difference
  double value = 0;
  metrics::Histogram histogram;
};

// The totals of one tenant.
struct DeltaTable {
  std::mutex mutex;  // guards the rest; held from decoding a request to the end of its write
  std::unordered_map<const MetricSeries*, DeltaTotal> totals;
};

// One request's changes: seen by itself at once, by others when they are committed.
class DeltaSession {
 public:
  enum class Outcome { kTaken, kOld, kFull };

  DeltaSession(DeltaTable& table, DeltaLimits limits) : table_(table), limits_(limits) {}

  // Adds the difference and gives the total in its place. kOld: not newer than the last one; kFull: too many series.
  Outcome add(const MetricSeriesRef& series, TimeNs time, double& value);
  Outcome add(const MetricSeriesRef& series, TimeNs time, metrics::Histogram& histogram);
  void commit();  // once the samples are stored

 private:
  DeltaTotal* find(const MetricSeriesRef& series, TimeNs time, Outcome& outcome);

  std::unique_lock<std::mutex> lock_;  // taken at the first difference
  DeltaTable& table_;
  DeltaLimits limits_;
  std::unordered_map<const MetricSeries*, DeltaTotal> changes_;
};

// Any thread.
class DeltaTables {
 public:
  DeltaTable& of(std::string_view tenant);

 private:
  std::mutex mutex_;  // guards the map
  std::map<std::string, std::unique_ptr<DeltaTable>, std::less<>> tenants_;
};

}  // namespace trilobite::ingest
