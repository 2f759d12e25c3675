#include "server/request_metrics.h"

#include <charconv>
#include <vector>

namespace trilobite::server {
namespace {

// Both kinds of buckets: bounds for what reads classic histograms, exponential ones for whoever scrapes protobuf.
instruments::HistogramVec make_durations(const instruments::Registry& registry) {
  static const std::vector<double> kBounds{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0};
  instruments::HistogramOptions options;
  options.buckets = &kBounds;
  options.native.factor = 1.1;
  options.exemplars = true;
  return registry
      .create_histogramvec("trilobite_http_request_duration_seconds",
                           "From the header of a request to the end of its answer.", {"route", "status"}, {}, options)
      .or_log();
}

// A client can make up methods; those of the standard are few.
std::string_view known_method(std::string_view method) {
  const bool usual = method == "GET" || method == "POST" || method == "HEAD" || method == "PUT" || method == "DELETE";
  return usual ? method : "other";
}

}  // namespace

RequestMetrics::RequestMetrics(const instruments::Registry& registry)
    : requests_(registry
                    .create_intcountervec("trilobite_http_requests_total", "Requests answered.",
                                          {"route", "method", "status"})
                    .or_log()),
      durations_(make_durations(registry)),
      bytes_in_(registry
                    .create_intcountervec("trilobite_http_request_bytes_total", "Bodies of requests.", {"route"})
                    .or_log()),
      bytes_out_(registry
                     .create_intcountervec("trilobite_http_response_bytes_total", "Bodies of answers, as sent.",
                                           {"route"})
                     .or_log()) {}

void RequestMetrics::record(std::string_view route, std::string_view method, int status,
                            std::chrono::nanoseconds duration, std::uint64_t bytes_in, std::uint64_t bytes_out) const {
  if (route.empty()) route = "other";
  char digits[12];
  const auto end = std::to_chars(digits, digits + sizeof digits, status);
  const std::string_view status_text(digits, static_cast<std::size_t>(end.ptr - digits));
  requests_.with({route, known_method(method), status_text}).add();
  durations_.with({route, status_text}).observe(std::chrono::duration<double>(duration).count());
  bytes_in_.with({route}).add(bytes_in);
  bytes_out_.with({route}).add(bytes_out);
}

}  // namespace trilobite::server
