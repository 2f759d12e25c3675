#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "metrics/histogram_align.h"
#include "metrics/histogram_math.h"

namespace trilobite::metrics {
namespace {

// Visits all numbers of two histograms of one layout in pairs.
template <class A, class B, class Visit>
void each_pair(A& a, B& b, Visit visit) {
  visit(a.count, b.count);
  visit(a.sum, b.sum);
  visit(a.zero_count, b.zero_count);
  for (std::size_t i = 0; i < a.positive.size(); ++i) visit(a.positive[i], b.positive[i]);
  for (std::size_t i = 0; i < a.negative.size(); ++i) visit(a.negative[i], b.negative[i]);
}

template <class Visit>
void each_triple(Histogram& a, Histogram& b, const Histogram& c, Visit visit) {
  visit(a.count, b.count, c.count);
  visit(a.sum, b.sum, c.sum);
  visit(a.zero_count, b.zero_count, c.zero_count);
  for (std::size_t i = 0; i < a.positive.size(); ++i) visit(a.positive[i], b.positive[i], c.positive[i]);
  for (std::size_t i = 0; i < a.negative.size(); ++i) visit(a.negative[i], b.negative[i], c.negative[i]);
}

void kahan_add(double& sum, double& error, double term) {
  const double total = sum + term;
  if (std::isinf(total)) {
    error = 0;
  } else if (std::fabs(sum) >= std::fabs(term)) {
    error += (sum - total) + term;
  } else {
    error += (term - total) + sum;
  }
  sum = total;
}

Histogram zeros_like(const Histogram& histogram) {
  Histogram out = histogram;
  out.count = out.sum = out.zero_count = 0;
  std::fill(out.positive.begin(), out.positive.end(), 0);
  std::fill(out.negative.begin(), out.negative.end(), 0);
  return out;
}

double largest_number(const Histogram& h) {
  double largest = std::max({std::fabs(h.count), std::fabs(h.sum), std::fabs(h.zero_count)});
  for (const double count : h.positive) largest = std::max(largest, std::fabs(count));
  for (const double count : h.negative) largest = std::max(largest, std::fabs(count));
  return largest;
}

}  // namespace

Histogram HistogramSum::Total::rounded() const {
  Histogram out = value;
  each_pair(out, error, [](double& number, double lost) { number += lost; });
  return out;
}

HistogramSum::Total HistogramSum::Total::scaled(double factor) const {
  Total out = *this;
  multiply(out.value, factor);
  multiply(out.error, factor);
  return out;
}

bool HistogramSum::add(Total& total, const Histogram& histogram, bool& bounds_reconciled) {
  const AlignedTerm term(total.value, histogram);
  bounds_reconciled = term.bounds_reconciled();
  term.apply(total.value);
  term.apply(total.error);
  bool overflow = false;
  each_triple(total.value, total.error, term.histogram(), [&](double& sum, double& error, double added) {
    kahan_add(sum, error, added);
    overflow |= std::isinf(sum);
  });
  return overflow;
}

bool HistogramSum::add(Total& total, const Total& other, bool& bounds_reconciled) {
  const bool overflow = add(total, other.value, bounds_reconciled);
  bool reconciled = false;
  return add(total, other.error, reconciled) || overflow;
}

void HistogramSum::join_hint(CounterReset other) {
  CounterReset& hint = sum_.value.reset;
  if (hint == other || hint == CounterReset::kGauge) return;
  hint = other == CounterReset::kGauge ? CounterReset::kGauge : CounterReset::kUnknown;
}

HistogramSum::Total HistogramSum::mean_total() const {
  return incremental_ ? mean_ : sum_.scaled(1 / static_cast<double>(count_));
}

HistogramNotes HistogramSum::merge(const HistogramSum& other) {
  HistogramNotes notes;
  if (other.empty()) return notes;
  if (!empty() && (sum_.value.schema == kCustomBuckets) != (other.sum_.value.schema == kCustomBuckets)) {
    notes.incompatible = true;
    return notes;
  }
  if (empty()) {
    *this = other;
  } else {
    const auto mine = static_cast<double>(count_), theirs = static_cast<double>(other.count_), all = mine + theirs;
    largest_ = std::max(largest_, other.largest_);
    const bool may_overflow =
        incremental_ || other.incremental_ || !(largest_ * all < std::numeric_limits<double>::max());
    Total mean = may_overflow ? mean_total().scaled(mine / all) : Total();
    join_hint(other.sum_.value.reset);
    const bool overflow = add(sum_, other.sum_, notes.bounds_reconciled);
    if (may_overflow && (overflow || incremental_ || other.incremental_)) {
      bool reconciled = false;
      static_cast<void>(add(mean, other.mean_total().scaled(theirs / all), reconciled));
      mean_ = std::move(mean);
      incremental_ = true;
    }
    count_ += other.count_;
    seen_reset_ |= other.seen_reset_;
    seen_no_reset_ |= other.seen_no_reset_;
  }
  notes.resets_conflict = seen_reset_ && seen_no_reset_;
  return notes;
}

void HistogramSum::add_to_mean(const Histogram& histogram) {
  const auto n = static_cast<double>(count_);
  multiply(mean_.value, (n - 1) / n);
  multiply(mean_.error, (n - 1) / n);
  Histogram part = histogram;
  divide(part, n);
  bool reconciled = false;
  static_cast<void>(add(mean_, part, reconciled));
}

HistogramNotes HistogramSum::add(const Histogram& histogram) {
  HistogramNotes notes;
  if (count_ > 0 && (sum_.value.schema == kCustomBuckets) != (histogram.schema == kCustomBuckets)) {
    notes.incompatible = true;
    return notes;
  }
  seen_reset_ |= histogram.reset == CounterReset::kReset;
  seen_no_reset_ |= histogram.reset == CounterReset::kNotReset;
  notes.resets_conflict = seen_reset_ && seen_no_reset_;
  ++count_;
  largest_ = std::max(largest_, largest_number(histogram));
  if (count_ == 1) {
    sum_.value = histogram;
    sum_.value.whole_numbers = false;
    sum_.error = zeros_like(histogram);
    return notes;
  }
  join_hint(histogram.reset);
  if (incremental_) {
    add_to_mean(histogram);
    static_cast<void>(add(sum_, histogram, notes.bounds_reconciled));
    return notes;
  }
  // Only where numbers of this size are added can a sum overflow; then the mean goes on from what there was before.
  const bool may_overflow = !(largest_ * static_cast<double>(count_) < std::numeric_limits<double>::max());
  Total before = may_overflow ? sum_ : Total();
  if (!add(sum_, histogram, notes.bounds_reconciled) || !may_overflow) return notes;
  incremental_ = true;
  mean_ = std::move(before);
  divide(mean_.value, static_cast<double>(count_ - 1));
  divide(mean_.error, static_cast<double>(count_ - 1));
  add_to_mean(histogram);
  return notes;
}

Histogram HistogramSum::sum() const {
  CHECK(!empty());
  Histogram out = sum_.rounded();
  compact(out);
  return out;
}

Histogram HistogramSum::mean() const {
  CHECK(!empty());
  Histogram out;
  if (incremental_) {
    out = mean_.rounded();
    out.reset = sum_.value.reset;
  } else {
    const auto n = static_cast<double>(count_);
    out = sum_.value;
    each_pair(out, sum_.error, [n](double& number, double lost) { number = number / n + lost / n; });
  }
  compact(out);
  return out;
}

}  // namespace trilobite::metrics
