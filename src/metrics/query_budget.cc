#include "metrics/query_budget.h"

namespace trilobite::metrics {

Result<void> Budget::hold(std::size_t samples, std::size_t bytes) {
  const std::size_t samples_now = samples_ += samples;
  const std::size_t bytes_now = bytes_ += bytes;
  std::uint64_t peak = samples_peak_;
  while (samples_now > peak && !samples_peak_.compare_exchange_weak(peak, samples_now)) continue;
  if (samples_max_ > 0 && samples_now > samples_max_) {
    return error(Code::kInternal, "query processing would load too many samples into memory in query execution");
  }
  if (bytes_max_ > 0 && bytes_now > bytes_max_) {
    return error(Code::kLimit, "the query needs more than {} bytes of memory, the limit of one query", bytes_max_);
  }
  return {};
}

}  // namespace trilobite::metrics
