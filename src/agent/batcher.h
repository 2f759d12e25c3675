// Collects entries into one push per tenant, until there is enough or the oldest has waited long enough.
#pragma once

#include <chrono>
#include <map>
#include <optional>

#include "agent/config.h"
#include "agent/metrics.h"
#include "agent/push_encoder.h"
#include "agent/queue_record.h"

namespace trilobite::agent {

class Batcher {
 public:
  Batcher(BatchConfig config, Metrics& metrics) : config_(std::move(config)), metrics_(metrics) {}

  void add(Entries&& entries, std::chrono::nanoseconds now);

  bool empty() const { return encoders_.empty(); }
  bool full() const { return bytes_ >= config_.bytes; }
  // When the batch is due; nothing while it is empty.
  std::optional<std::chrono::nanoseconds> deadline() const;
  std::vector<Push> take();

 private:
  const BatchConfig config_;
  Metrics& metrics_;
  std::map<std::string, PushEncoder, std::less<>> encoders_;  // by tenant
  std::uint64_t bytes_ = 0;
  std::chrono::nanoseconds first_{0};
};

}  // namespace trilobite::agent
