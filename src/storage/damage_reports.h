// Parts that a read found to be damaged, on the way from whoever read them to the engine, which puts them aside.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "storage/limits.h"

namespace trilobite::storage {

// Any thread.
class DamageReports {
 public:
  void add(std::uint64_t part, std::string reason) {
    std::lock_guard lock(mutex_);
    if (reasons_.size() >= kDamageReportsMax) return;
    reasons_.try_emplace(part, std::move(reason));
    any_ = true;
  }
  std::map<std::uint64_t, std::string> take() {
    std::lock_guard lock(mutex_);
    any_ = false;
    return std::exchange(reasons_, {});
  }
  bool any() const { return any_; }

 private:
  std::mutex mutex_;                              // guards the next
  std::map<std::uint64_t, std::string> reasons_;  // by part
  std::atomic<bool> any_{false};
};

}  // namespace trilobite::storage
