#include "status_health.h"

#include <exception>

#include <fmt/format.h>

#include <trilobite/log.h>

#include "json.h"

namespace trilobite::status {
namespace {

constexpr log::Target kLog{"trilobite::status"};

constexpr std::string_view word(bool ready) { return ready ? "ready" : "notready"; }

}  // namespace

void Health::set_ready(bool ready) {
  const std::lock_guard lock(mutex_);
  ready_ = ready;
}

void Health::set_endpoint(std::string_view endpoint, bool ready) {
  const std::lock_guard lock(mutex_);
  endpoints_[std::string(endpoint)].ready = ready;
}

void Health::add_probe(std::string_view endpoint, ProbeFunction probe, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  Endpoint& entry = endpoints_[std::string(endpoint)];
  entry.ready = false;
  entry.probe = std::make_shared<ProbeFunction>(std::move(probe));
  entry.active = now;
}

void Health::activity(std::string_view endpoint, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  const auto found = endpoints_.find(endpoint);
  if (found == endpoints_.end()) return;
  found->second.ready = true;
  found->second.active = now;
}

bool Health::healthy() const {
  const std::lock_guard lock(mutex_);
  return healthy_locked();
}

bool Health::healthy_locked() const {
  for (const std::string& name : deciding_) {
    const auto found = endpoints_.find(name);
    if (found == endpoints_.end() || !found->second.ready) return false;
  }
  if (!deciding_.empty()) return true;
  bool probed = false;
  for (const auto& [name, endpoint] : endpoints_) {
    if (endpoint.probe == nullptr) continue;
    if (!endpoint.ready) return false;
    probed = true;
  }
  return probed || ready_;
}

std::string Health::json() const {
  const auto up = std::chrono::duration_cast<std::chrono::nanoseconds>(uptime()).count();
  const std::lock_guard lock(mutex_);
  std::string out = "{\"endpoints\":{";
  for (const auto& [name, endpoint] : endpoints_) {
    if (!out.ends_with('{')) out += ',';
    log::append_json_string(out, name);
    out += fmt::format(":\"{}\"", word(endpoint.ready));
  }
  return out + fmt::format("}},\"status\":\"{}\",\"uptime\":{{\"nanos\":{},\"secs\":{}}}}}", word(healthy_locked()),
                           up % 1'000'000'000, up / 1'000'000'000);
}

Health::Clock::time_point Health::run_due_probes(std::chrono::milliseconds wait, std::chrono::milliseconds timeout) {
  struct Due {
    std::string name;
    std::shared_ptr<ProbeFunction> probe;
  };
  std::vector<Due> due;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, endpoint] : endpoints_)
      if (endpoint.probe != nullptr && endpoint.active + wait <= Clock::now()) due.push_back({name, endpoint.probe});
  }
  for (const Due& entry : due) {
    const Clock::time_point begun = Clock::now();
    std::string error;
    try {
      error = (*entry.probe)(timeout.count());
    } catch (const std::exception& thrown) {
      error = thrown.what();
    }
    if (error.empty() && Clock::now() - begun > timeout) error = "no answer in time";
    if (!error.empty()) kLog.warn("Health check of endpoint {} failed: {}", entry.name, error);
    const std::lock_guard lock(mutex_);
    Endpoint& endpoint = endpoints_[entry.name];
    if (endpoint.active > begun) continue;  // real traffic knows better
    endpoint.ready = error.empty();
    endpoint.active = Clock::now();
  }
  Clock::time_point next = Clock::now() + wait;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, endpoint] : endpoints_)
    if (endpoint.probe != nullptr) next = std::min(next, endpoint.active + wait);
  return next;
}

}  // namespace trilobite::status
