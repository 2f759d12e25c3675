// A rate limit: `rate` per second on average, `burst` at once.
#pragma once

#include <algorithm>
#include <chrono>

namespace trilobite::agent {

class TokenBucket {
 public:
  TokenBucket(double rate, double burst) : rate_(rate), burst_(burst), tokens_(burst) {}

  // `now` is Clock::steady().
  bool take(std::chrono::nanoseconds now) {
    refill(now);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }
  // Takes one although there is none: the debt delays what comes later.
  void spend(std::chrono::nanoseconds now) {
    refill(now);
    tokens_ -= 1;
  }
  // How many may be taken at once.
  double available(std::chrono::nanoseconds now) {
    refill(now);
    return tokens_;
  }

 private:
  void refill(std::chrono::nanoseconds now) {
    if (started_) tokens_ = std::min(burst_, tokens_ + std::chrono::duration<double>(now - last_).count() * rate_);
    started_ = true;
    last_ = now;
  }

  double rate_, burst_, tokens_;
  std::chrono::nanoseconds last_{0};
  bool started_ = false;
};

}  // namespace trilobite::agent
