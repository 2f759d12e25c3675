// One flag per request: set when the client goes away, the time is up, or the server stops. Long loops look at it
// once per block.
#pragma once

#include <atomic>
#include <memory>

#include "base/result.h"

namespace trilobite {

class CancelToken {
 public:
  // First reason wins. Any thread.
  void cancel(Code reason = Code::kCancelled) {
    int expected = -1;
    reason_.compare_exchange_strong(expected, static_cast<int>(reason));
  }
  bool cancelled() const { return reason_.load(std::memory_order_relaxed) >= 0; }
  Result<void> check() const {
    const int reason = reason_.load(std::memory_order_relaxed);
    if (reason < 0) return {};
    const Code code = static_cast<Code>(reason);
    return Error{code, code == Code::kTimeout ? "request timed out" : "request was cancelled"};
  }

 private:
  std::atomic<int> reason_{-1};
};

}  // namespace trilobite
