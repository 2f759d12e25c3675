// What the handles of metrics point to, beyond the counters and gauges of <trilobite/metric_values.h>.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <trilobite/metrics.h>
#include <trilobite/trace.h>

#include "exponential_buckets.h"

namespace trilobite::instruments {

struct Exemplar {
  std::string trace_id;  // hex digits
  std::string span_id;
  double value = 0;
  std::int64_t time_ms = 0;
};

namespace detail {

// Held for some nanoseconds; waiters spin.
class SpinLock {
 public:
  bool try_lock() noexcept { return !locked_.exchange(true, std::memory_order_acquire); }
  void lock() noexcept;
  void unlock() noexcept { locked_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> locked_{false};
};

// The last exemplar of a counter or bucket. A writer that finds it busy leaves it alone.
struct ExemplarSlot {
  SpinLock lock;
  bool present = false;
  trace::TraceId trace_id;
  trace::SpanId span_id;
  double value = 0;
  std::int64_t time_ms = 0;

  // Remembers the current span. Does nothing without one, or when it is not sampled.
  void keep(double observed) noexcept;
  std::optional<Exemplar> read();
};

// The buckets of a histogram, shared by all series of a metric.
struct HistogramLayout {
  std::vector<double> bounds;
  std::vector<double> padded;  // bounds and +Inf up to an even number of elements
  std::optional<ExponentialScale> native;
  std::size_t native_buckets_max = 160;
  bool exemplars = false;

  std::size_t bucket_of(double value) const noexcept;
};

struct HistogramCell : Cell {
  explicit HistogramCell(std::shared_ptr<const HistogramLayout> histogram_layout);
  void observe(double value, std::uint64_t count) noexcept;
  void keep_exemplar(double value) noexcept;
  // Per bucket, not cumulative; the last one is +Inf.
  std::vector<std::uint64_t> counts() const;
  double sum() const noexcept { return load(owned_sum) + load(shared_sum); }

  const std::shared_ptr<const HistogramLayout> layout;
  const std::size_t buckets;
  std::uintptr_t owner = 0;
  double owned_sum = 0;
  double shared_sum = 0;
  std::unique_ptr<std::uint64_t[]> owned_counts;
  std::unique_ptr<std::uint64_t[]> shared_counts;
  std::unique_ptr<ExemplarSlot[]> exemplars;  // made when the first is kept, published through exemplars_ready
  std::atomic<ExemplarSlot*> exemplars_ready{nullptr};
  mutable SpinLock native_lock;
  std::unique_ptr<ExponentialBuckets> native;
};

struct SummaryLayout {
  std::vector<double> quantiles;
  std::int64_t age_max_ms;
};

// Keeps exponential buckets for each fifth of the age, dropping the oldest as time goes on.
struct SummaryCell : Cell {
  explicit SummaryCell(std::shared_ptr<const SummaryLayout> summary_layout);
  void observe(double value, std::int64_t now_ms) noexcept;
  struct Reading {
    std::vector<double> values;  // one per quantile; NaN when nothing was observed lately
    double sum = 0;
    std::uint64_t count = 0;
  };
  Reading read(std::int64_t now_ms);

  const std::shared_ptr<const SummaryLayout> layout;

 private:
  static constexpr std::int64_t kAges = 5;
  void advance(std::int64_t now_ms) noexcept;

  SpinLock lock_;
  std::vector<ExponentialBuckets> ages_;
  std::int64_t age_ = 0;  // number of the age that is written, from the clock
  double sum_ = 0;
  std::uint64_t count_ = 0;
};

// Milliseconds of the monotonic clock, exact to some milliseconds, in a few nanoseconds.
std::int64_t coarse_now_ms() noexcept;
std::int64_t wall_now_ms() noexcept;

}  // namespace detail
}  // namespace trilobite::instruments
