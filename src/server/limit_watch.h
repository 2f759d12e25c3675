// Warns before a limit is hit: judges how full everything is, with hysteresis, and says once in our log what changed.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "api/memory_status.h"

namespace trilobite::server {

struct LimitThresholds {
  double warning = 0.8, critical = 0.95;  // of the limit
};

// `state` and `since` of the status are not looked at.
struct LimitReading {
  api::LimitStatus status;
  bool rolls = false;  // it is meant to be full: beyond it the oldest goes. Never more than a warning.
};

// Any thread.
class LimitWatch {
 public:
  LimitWatch(const LimitThresholds& thresholds, const Clock& clock) : thresholds_(thresholds), clock_(clock) {}
  ~LimitWatch() { stop(); }

  // Reads and judges every few seconds from now on, on a thread of its own.
  void start(std::function<std::vector<LimitReading>()> read);
  void stop();

  // Readings with a limit of 0 have none and are left out.
  std::vector<api::LimitStatus> judge(std::vector<LimitReading> readings);

 private:
  struct Held {
    api::LimitState state = api::LimitState::kOk;
    TimeNs since = 0;
  };
  api::LimitState next(api::LimitState now, double ratio, bool rolls) const;
  void run(const std::function<std::vector<LimitReading>()>& read);

  const LimitThresholds thresholds_;
  const Clock& clock_;
  std::mutex mutex_;  // guards held_ and stopping_
  std::map<std::pair<std::string, std::string>, Held> held_;  // by name and subject; only what is not ok
  bool stopping_ = false;
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace trilobite::server
