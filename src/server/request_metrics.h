// Requests by route and status: how many, how long, how large.
#pragma once

#include <trilobite/metrics.h>

#include <chrono>
#include <cstdint>
#include <string_view>

namespace trilobite::server {

// Any thread.
class RequestMetrics {
 public:
  explicit RequestMetrics(const instruments::Registry& registry);

  // The current span, if there is one, becomes the example of the bucket that the duration falls into.
  void record(std::string_view route, std::string_view method, int status, std::chrono::nanoseconds duration,
              std::uint64_t bytes_in, std::uint64_t bytes_out) const;

 private:
  instruments::IntCounterVec requests_;
  instruments::HistogramVec durations_;
  instruments::IntCounterVec bytes_in_, bytes_out_;
};

}  // namespace trilobite::server
