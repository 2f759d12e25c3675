// limits_config: how many lines and how long ones a source may give.
#pragma once

#include "agent/config.h"
#include "agent/entry.h"
#include "agent/metrics.h"
#include "agent/token_bucket.h"

namespace trilobite::agent {

class LineLimits {
 public:
  LineLimits(const LimitsConfig& config, Metrics& metrics)
      : config_(config), metrics_(metrics), rate_(config.readline_rate, static_cast<double>(config.readline_burst)) {}

  // When lines over the rate wait instead of being dropped: whether reading must pause.
  bool pause(std::chrono::nanoseconds now) {
    return config_.readline_rate_enabled && !config_.readline_rate_drop && rate_.available(now) < 1;
  }

  // False: the line is dropped, and counted.
  bool admit(std::string& line, std::chrono::nanoseconds now) {
    if (config_.readline_rate_enabled) {
      if (!config_.readline_rate_drop) {
        rate_.spend(now);
      } else if (!rate_.take(now)) {
        metrics_.drop_lines("ratelimited", 1);
        return false;
      }
    }
    if (config_.max_line_size == 0 || line.size() <= config_.max_line_size) return true;
    if (!config_.max_line_size_truncate) {
      metrics_.drop_lines("line_too_long", 1);
      return false;
    }
    line.resize(config_.max_line_size);
    metrics_.lines_truncated.add();
    return true;
  }

 private:
  const LimitsConfig config_;
  Metrics& metrics_;
  TokenBucket rate_;
};

}  // namespace trilobite::agent
