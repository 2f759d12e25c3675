// What a pane remembers of its rows, for each function whose panes can be merged. Rows come in any order.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "base/clock.h"
#include "query/matrix.h"

namespace trilobite::query {

struct CountState {
  std::uint64_t count = 0;

  void add(TimeNs, double) { ++count; }
  void add_rows(std::size_t rows) { count += rows; }
  void merge(const CountState& later) { count += later.count; }
  double value() const { return count == 0 ? kAbsent : static_cast<double>(count); }
};

struct SumState {
  double sum = 0;
  std::uint64_t count = 0;

  void add(TimeNs, double value) {
    sum += value;
    ++count;
  }
  void merge(const SumState& later) {
    sum += later.sum;
    count += later.count;
  }
  double value() const { return count == 0 ? kAbsent : sum; }
};

struct AverageState : SumState {
  double value() const { return count == 0 ? kAbsent : sum / static_cast<double>(count); }
};

// NaN gives way to any number, as in Prometheus and Loki.
struct MinState {
  double least = std::numeric_limits<double>::quiet_NaN();
  bool any = false;

  void add(TimeNs, double value) {
    if (value < least || std::isnan(least)) least = value;
    any = true;
  }
  void merge(const MinState& later) {
    if (later.any) add(0, later.least);
  }
  double value() const { return any ? least : kAbsent; }
};

struct MaxState {
  double most = std::numeric_limits<double>::quiet_NaN();
  bool any = false;

  void add(TimeNs, double value) {
    if (value > most || std::isnan(most)) most = value;
    any = true;
  }
  void merge(const MaxState& later) {
    if (later.any) add(0, later.most);
  }
  double value() const { return any ? most : kAbsent; }
};

// Welford's running variance, of the population; merged by Chan's formula.
struct VarianceState {
  double mean = 0;
  double squares = 0;  // sum of squared distances from the mean
  double count = 0;

  void add(TimeNs, double value) {
    count += 1;
    const double delta = value - mean;
    mean += delta / count;
    squares += delta * (value - mean);
  }
  void merge(const VarianceState& later) {
    if (later.count == 0) return;
    if (count == 0) {
      *this = later;
      return;
    }
    const double total = count + later.count;
    const double delta = later.mean - mean;
    squares += later.squares + delta * delta * count * later.count / total;
    mean += delta * later.count / total;
    count = total;
  }
  double value() const { return count == 0 ? kAbsent : squares / count; }
};

struct DeviationState : VarianceState {
  double value() const { return count == 0 ? kAbsent : std::sqrt(squares / count); }
};

// Of rows with equal times the smaller value is taken, so that the answer does not depend on who read first.
struct FirstState {
  TimeNs time = 0;
  double first = 0;
  bool any = false;

  void add(TimeNs at, double value) {
    if (!any || at < time || (at == time && value < first)) {
      time = at;
      first = value;
      any = true;
    }
  }
  void merge(const FirstState& later) {
    if (later.any) add(later.time, later.first);
  }
  double value() const { return any ? first : kAbsent; }
};

struct LastState {
  TimeNs time = 0;
  double last = 0;
  bool any = false;

  void add(TimeNs at, double value) {
    if (!any || at > time || (at == time && value > last)) {
      time = at;
      last = value;
      any = true;
    }
  }
  void merge(const LastState& later) {
    if (later.any) add(later.time, later.last);
  }
  double value() const { return any ? last : kAbsent; }
};

}  // namespace trilobite::query
