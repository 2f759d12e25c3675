// Asking back ends for their gauges, where they do not report them (library trilobite_export).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <trilobite/callback.h>
#include <trilobite/custom_metrics.h>

namespace trilobite::instruments {

struct PollOptions {
  std::string address;                          // namespace.component.endpoint
  Callback<std::vector<std::string>()> urls{};  // of the instances there are now; one of them is asked, at random
  std::int64_t interval_ms = 10'000;            // between the begin of two polls
  std::int64_t timeout_ms = 5'000;              // of one
};

class PollState;

// A thread that POSTs an empty body to an instance and gives the JSON it answers with to CustomMetrics::apply. A poll
// that fails is logged as WARN; the old values stay.
class CustomMetricsPoll {
 public:
  // An address that is none is logged as ERROR, and nothing is polled.
  static CustomMetricsPoll start(const CustomMetrics& metrics, PollOptions options);
  CustomMetricsPoll(CustomMetricsPoll&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  CustomMetricsPoll& operator=(CustomMetricsPoll&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~CustomMetricsPoll();

  bool running() const;
  // Polls now. An error text or an empty one.
  std::string poll_now();

 private:
  explicit CustomMetricsPoll(PollState* state) : state_(state) {}
  PollState* state_;
};

}  // namespace trilobite::instruments
