// Kahan-Neumaier summation: what rounding takes away is carried along.
#pragma once

#include <cmath>
#include <cstddef>

namespace trilobite::metrics {

struct CompensatedSum {
  double sum = 0, rest = 0;

  void add(double value) {
    const double next = sum + value;
    if (std::isinf(next)) {
      rest = 0;
    } else if (std::fabs(sum) >= std::fabs(value)) {
      rest += (sum - next) + value;
    } else {
      rest += (value - next) + sum;
    }
    sum = next;
  }
  double total() const { return std::isinf(sum) ? sum : sum + rest; }
};

// The mean as the compensated sum over the count; from the point on where the sum would overflow, as a running mean.
struct CompensatedMean {
  CompensatedSum state;  // of the values, or with `running` their mean
  double count = 0;
  bool running = false;

  void add(double value) {
    count += 1;
    if (!running) {
      if (count == 1) {
        state.sum = value;
        return;
      }
      CompensatedSum next = state;
      next.add(value);
      if (!std::isinf(next.sum)) {
        state = next;
        return;
      }
      running = true;
      state.sum /= count - 1;
      state.rest /= count - 1;
    }
    add_weighted(value, 1);
  }
  // The mean of `other` joins with the weight of its count.
  void merge(const CompensatedMean& other) {
    if (other.count == 0) return;
    if (count == 0) {
      *this = other;
      return;
    }
    if (!running && !other.running) {
      CompensatedSum next = state;
      next.add(other.state.sum);
      if (!std::isinf(next.sum)) {
        next.rest += other.state.rest;
        state = next;
        count += other.count;
        return;
      }
    }
    if (!running) {
      running = true;
      state.sum /= count;
      state.rest /= count;
    }
    count += other.count;
    add_weighted(other.mean(), other.count);
  }
  double mean() const { return running ? state.sum + state.rest : state.sum / count + state.rest / count; }

 private:
  void add_weighted(double value, double weight) {
    const double share = (count - weight) / count;
    state.sum *= share;
    state.rest *= share;
    state.add(value / count * weight);
  }
};

// Mean and sum of squared deviations (Welford), compensated.
struct CompensatedVariance {
  double count = 0;
  CompensatedSum mean, squares;

  void add(double value) {
    count += 1;
    const double delta = value - (mean.sum + mean.rest);
    mean.add(delta / count);
    squares.add(delta * (value - (mean.sum + mean.rest)));
  }
  double variance() const { return (squares.sum + squares.rest) / count; }
};

}  // namespace trilobite::metrics
