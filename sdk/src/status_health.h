// Which endpoints of the process work.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <trilobite/callback.h>

namespace trilobite::status {

using ProbeFunction = Callback<std::string(std::int64_t timeout_ms)>;

class Health {
 public:
  using Clock = std::chrono::steady_clock;

  Health(bool starts_ready, std::vector<std::string> deciding) : deciding_(std::move(deciding)), ready_(starts_ready) {}

  void set_ready(bool ready);
  void set_endpoint(std::string_view endpoint, bool ready);
  // Unserved by then, so not ready until a probe or traffic says so.
  void add_probe(std::string_view endpoint, ProbeFunction probe, Clock::time_point now);
  void activity(std::string_view endpoint, Clock::time_point now);
  bool healthy() const;
  std::string json() const;
  Clock::duration uptime() const { return Clock::now() - started_; }

  // Runs the probes of endpoints that were quiet for the wait time; returns when the next one is due.
  Clock::time_point run_due_probes(std::chrono::milliseconds wait, std::chrono::milliseconds timeout);

 private:
  struct Endpoint {
    bool ready = false;
    std::shared_ptr<ProbeFunction> probe;
    Clock::time_point active;  // last traffic or probe
  };
  bool healthy_locked() const;

  const Clock::time_point started_ = Clock::now();
  const std::vector<std::string> deciding_;
  mutable std::mutex mutex_;  // guards what follows
  bool ready_;
  std::map<std::string, Endpoint, std::less<>> endpoints_;
};

}  // namespace trilobite::status
