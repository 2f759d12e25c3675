#include "metric_cells.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <limits>
#include <mutex>
#include <new>

#include <sched.h>

namespace trilobite::instruments {
namespace detail {
namespace {

std::int64_t clock_ms(clockid_t clock) noexcept {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

// Two numbers at once: what every machine of the last decades compares in one instruction.
using DoublePair = double __attribute__((vector_size(16), aligned(8)));
using IntPair = long long __attribute__((vector_size(16)));

}  // namespace

std::int64_t coarse_now_ms() noexcept { return clock_ms(CLOCK_MONOTONIC_COARSE); }
std::int64_t wall_now_ms() noexcept { return clock_ms(CLOCK_REALTIME); }

void destroy(Counted* object) noexcept { delete object; }

Cell::Cell() : created_ms(wall_now_ms()) {}

template <class Number>
CounterCell<Number>::~CounterCell() {
  delete exemplar;
}
template struct CounterCell<double>;
template struct CounterCell<std::uint64_t>;

void SpinLock::lock() noexcept {
  while (!try_lock()) sched_yield();
}

// Without branches up to 64 bounds: those that are not below the value are counted, and a wrong guess of a branch costs
// more than all comparisons.
std::size_t HistogramLayout::bucket_of(double value) const noexcept {
  const double* bound = padded.data();
  std::size_t skipped = 0;
  constexpr std::size_t kStride = 64;
  while (padded.size() - skipped > kStride && value > bound[skipped + kStride - 1]) skipped += kStride;
  const std::size_t end = std::min(padded.size(), skipped + kStride);
  const DoublePair both = {value, value};
  IntPair reached = {0, 0};
  for (std::size_t i = skipped; i < end; i += 2) {
    const DoublePair bounds_here = *reinterpret_cast<const DoublePair*>(bound + i);
    reached -= both <= bounds_here;
  }
  const std::size_t index = end - static_cast<std::size_t>(reached[0] + reached[1]);
  return std::min(index, bounds.size());  // NaN is above all
}

HistogramCell::HistogramCell(std::shared_ptr<const HistogramLayout> histogram_layout)
    : layout(std::move(histogram_layout)),
      buckets(layout->bounds.size() + 1),
      owned_counts(std::make_unique<std::uint64_t[]>(buckets)),
      shared_counts(std::make_unique<std::uint64_t[]>(buckets)) {
  if (layout->native) native = std::make_unique<ExponentialBuckets>(&*layout->native, layout->native_buckets_max);
}

void HistogramCell::observe(double value, std::uint64_t count) noexcept {
  const std::size_t bucket = layout->bucket_of(value);
  // Not value * 1: a product with infinity or NaN is exact all the same, so both ways agree.
  const double amount = count == 1 ? value : value * static_cast<double>(count);
  if (owns(owner)) [[likely]] {
    add_alone(owned_counts[bucket], count);
    add_alone(owned_sum, amount);
  } else {
    add_atomically(shared_counts[bucket], count);
    add_atomically(shared_sum, amount);
  }
  if (native != nullptr) {
    const std::lock_guard lock(native_lock);
    native->add(value, count);
  }
}

void HistogramCell::keep_exemplar(double value) noexcept {
  ExemplarSlot* slots = exemplars_ready.load(std::memory_order_acquire);
  if (slots == nullptr) {
    auto fresh = std::unique_ptr<ExemplarSlot[]>(new (std::nothrow) ExemplarSlot[buckets]);
    if (fresh == nullptr) return;
    if (exemplars_ready.compare_exchange_strong(slots, fresh.get(), std::memory_order_acq_rel)) {
      slots = fresh.get();
      exemplars = std::move(fresh);
    }
  }
  slots[layout->bucket_of(value)].keep(value);
}

std::vector<std::uint64_t> HistogramCell::counts() const {
  std::vector<std::uint64_t> out(buckets);
  for (std::size_t i = 0; i < buckets; ++i) out[i] = load(owned_counts[i]) + load(shared_counts[i]);
  return out;
}

namespace {

// 32 buckets per power of two: the middle of a bucket is within 1.1 % of everything in it.
const ExponentialScale& summary_scale() {
  static const ExponentialScale scale(5, std::numeric_limits<double>::min());
  return scale;
}
constexpr std::size_t kSummaryBucketsMax = 2048;

// The value of the given rank (from 1) over all ages, walking from the most negative bucket to the largest.
double value_at(const std::vector<ExponentialBuckets>& ages, double rank) {
  // Ages whose buckets were widened are rare; each bucket is taken with its own bounds, in the order of its middle.
  struct Weight {
    double value;
    std::uint64_t count;
  };
  std::vector<Weight> weights;
  for (const ExponentialBuckets& age : ages) {
    const auto take = [&](const BucketRange& range, double sign) {
      for (std::size_t i = 0; i < range.counts.size(); ++i) {
        if (range.counts[i] == 0) continue;
        const std::int32_t index = range.first + static_cast<std::int32_t>(i);
        const double middle = std::sqrt(age.bound_of(index)) * std::sqrt(age.bound_of(index - 1));
        weights.push_back({sign * middle, range.counts[i]});
      }
    };
    take(age.negative(), -1);
    take(age.positive(), 1);
    if (age.zero_count() > 0) weights.push_back({0, age.zero_count()});
  }
  std::sort(weights.begin(), weights.end(), [](const Weight& a, const Weight& b) { return a.value < b.value; });
  double seen = 0;
  for (const Weight& weight : weights) {
    seen += static_cast<double>(weight.count);
    if (seen >= rank) return weight.value;
  }
  return weights.empty() ? std::numeric_limits<double>::quiet_NaN() : weights.back().value;
}

}  // namespace

SummaryCell::SummaryCell(std::shared_ptr<const SummaryLayout> summary_layout)
    : layout(std::move(summary_layout)), ages_(kAges, ExponentialBuckets(&summary_scale(), kSummaryBucketsMax)) {}

void SummaryCell::advance(std::int64_t now_ms) noexcept {
  const std::int64_t age = now_ms * kAges / layout->age_max_ms;
  if (age <= age_) return;
  for (std::int64_t next = std::max(age_ + 1, age - kAges + 1); next <= age; ++next)
    ages_[static_cast<std::size_t>(next % kAges)].clear();
  age_ = age;
}

void SummaryCell::observe(double value, std::int64_t now_ms) noexcept {
  const std::lock_guard lock(lock_);
  advance(now_ms);
  ages_[static_cast<std::size_t>(age_ % kAges)].add(value, 1);
  sum_ += value;
  ++count_;
}

SummaryCell::Reading SummaryCell::read(std::int64_t now_ms) {
  std::vector<ExponentialBuckets> ages;
  Reading out;
  {
    const std::lock_guard lock(lock_);
    advance(now_ms);
    ages = ages_;
    out.sum = sum_;
    out.count = count_;
  }
  std::uint64_t recent = 0;
  for (const ExponentialBuckets& age : ages) recent += age.count();
  for (const double quantile : layout->quantiles) {
    const double rank = std::max(1.0, std::ceil(quantile * static_cast<double>(recent)));
    out.values.push_back(recent == 0 ? std::numeric_limits<double>::quiet_NaN() : value_at(ages, rank));
  }
  return out;
}

}  // namespace detail

namespace {

detail::HistogramCell& histogram(const detail::Ref<detail::Counted>& cell) {
  return static_cast<detail::HistogramCell&>(*cell);
}

}  // namespace

void Histogram::observe(double value) const noexcept {
  detail::HistogramCell& cell = histogram(cell_);
  cell.observe(value, 1);
  if (cell.layout->exemplars) cell.keep_exemplar(value);
}
void Histogram::observe_with_exemplar(double value) const noexcept {
  histogram(cell_).observe(value, 1);
  histogram(cell_).keep_exemplar(value);
}
void Histogram::observe_many(double value, std::uint64_t count) const noexcept {
  if (count > 0) histogram(cell_).observe(value, count);
}
std::uint64_t Histogram::count() const noexcept {
  const detail::HistogramCell& cell = histogram(cell_);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < cell.buckets; ++i)
    sum += detail::load(cell.owned_counts[i]) + detail::load(cell.shared_counts[i]);
  return sum;
}
double Histogram::sum() const noexcept { return histogram(cell_).sum(); }

void Summary::observe(double value) const noexcept {
  static_cast<detail::SummaryCell&>(*cell_).observe(value, detail::coarse_now_ms());
}

}  // namespace trilobite::instruments
