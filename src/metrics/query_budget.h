// What a query holds at one time, in samples and in bytes, and the limits on both.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/result.h"

namespace trilobite::metrics {

// Any thread may hold and release.
class Budget {
 public:
  Budget(std::size_t samples_max, std::size_t bytes_max) : samples_max_(samples_max), bytes_max_(bytes_max) {}

  // Errors: kInternal with Prometheus' text for samples, kLimit for bytes. What was asked for is held in any case.
  Result<void> hold(std::size_t samples, std::size_t bytes);
  void release(std::size_t samples, std::size_t bytes) {
    samples_ -= samples;
    bytes_ -= bytes;
  }
  const std::atomic<std::size_t>& bytes() const { return bytes_; }
  std::uint64_t samples_peak() const { return samples_peak_; }
  void add_read(std::uint64_t samples) { samples_read_ += samples; }
  std::uint64_t samples_read() const { return samples_read_; }

 private:
  std::size_t samples_max_, bytes_max_;  // 0: no limit
  std::atomic<std::size_t> samples_ = 0, bytes_ = 0;
  std::atomic<std::uint64_t> samples_peak_ = 0, samples_read_ = 0;
};

// Something held: given back when it goes.
class Held {
 public:
  Held() = default;
  Held(Held&& other) noexcept { *this = std::move(other); }
  Held& operator=(Held&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(samples_, other.samples_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Held() {
    if (budget_) budget_->release(samples_, bytes_);
  }
  Result<void> add(Budget& budget, std::size_t samples, std::size_t bytes) {
    budget_ = &budget;
    samples_ += samples;
    bytes_ += bytes;
    return budget.hold(samples, bytes);
  }
  void add(Held&& other) {
    if (!other.budget_) return;
    budget_ = other.budget_;
    samples_ += std::exchange(other.samples_, 0);
    bytes_ += std::exchange(other.bytes_, 0);
  }

 private:
  Budget* budget_ = nullptr;
  std::size_t samples_ = 0, bytes_ = 0;
};

}  // namespace trilobite::metrics
