// Our own counters, and the text in which Prometheus reads them. Small on purpose: names and labels are few and known.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace trilobite::server {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

// Builds the text format 0.0.4.
class MetricsText {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help);
  void sample(std::string_view name, const MetricLabels& labels, double value);
  // A family of one sample without labels.
  void gauge(std::string_view name, std::string_view help, double value);
  void counter(std::string_view name, std::string_view help, double value);
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

// Requests by route and status, with durations per route. Any thread.
class RequestMetrics {
 public:
  void record(std::string_view route, std::string_view method, int status, std::chrono::nanoseconds duration,
              std::uint64_t bytes_in, std::uint64_t bytes_out);
  void write(MetricsText& out) const;

 private:
  static constexpr std::array kBounds = {0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0};  // seconds
  struct Route {
    std::map<std::pair<std::string, int>, std::uint64_t> by_method_and_status;
    std::array<std::uint64_t, kBounds.size() + 1> buckets{};
    double seconds = 0;
    std::uint64_t bytes_in = 0, bytes_out = 0;
  };
  mutable std::mutex mutex_;  // guards routes_
  std::map<std::string, Route, std::less<>> routes_;
};

// CPU, memory, file descriptors, start time of this process, from /proc; Prometheus' usual names.
void write_process_metrics(MetricsText& out);

}  // namespace trilobite::server
