#include "server/limit_watch.h"

#include <pthread.h>
#include <trilobite/log.h>

namespace trilobite::server {
namespace {

using api::LimitState;
using api::LimitStatus;

constexpr log::Target kLog{"trilobite::limits"};
constexpr std::chrono::seconds kInterval{5};
constexpr double kBelow = 0.05;  // a state ends this far below where it began, so that it does not come and go

void say(const LimitStatus& status, LimitState before) {
  if (status.state == LimitState::kOk) {
    kLog.info("no longer near a limit: {}", describe(status));
  } else if (status.state > before) {
    kLog.warn("{} a limit: {}", status.state == LimitState::kCritical ? "about to reach" : "near", describe(status));
  }
}

}  // namespace

LimitState LimitWatch::next(LimitState now, double ratio, bool rolls) const {
  const auto holds = [&](LimitState state, double share) { return ratio >= (now >= state ? share - kBelow : share); };
  if (!rolls && holds(LimitState::kCritical, thresholds_.critical)) return LimitState::kCritical;
  return holds(LimitState::kWarning, thresholds_.warning) ? LimitState::kWarning : LimitState::kOk;
}

std::vector<LimitStatus> LimitWatch::judge(std::vector<LimitReading> readings) {
  const TimeNs now = clock_.now();
  std::vector<LimitStatus> out;
  std::map<std::pair<std::string, std::string>, Held> held;
  const std::lock_guard lock(mutex_);
  for (LimitReading& reading : readings) {
    LimitStatus& status = reading.status;
    if (status.limit == 0) continue;
    auto key = std::pair(status.name, status.subject);
    const auto found = held_.find(key);
    const Held before = found == held_.end() ? Held() : found->second;
    status.state = next(before.state, status.ratio(), reading.rolls);
    status.since = status.state == before.state && before.since != 0 ? before.since : now;
    if (status.state != before.state) say(status, before.state);
    if (status.state != LimitState::kOk) held[std::move(key)] = {status.state, status.since};
    out.push_back(std::move(status));
  }
  held_ = std::move(held);
  return out;
}

void LimitWatch::start(std::function<std::vector<LimitReading>()> read) {
  thread_ = std::thread([this, read = std::move(read)] { run(read); });
}

void LimitWatch::run(const std::function<std::vector<LimitReading>()>& read) {
  pthread_setname_np(pthread_self(), "limits");
  for (;;) {
    static_cast<void>(judge(read()));
    std::unique_lock lock(mutex_);
    if (wake_.wait_for(lock, kInterval, [this] { return stopping_; })) return;
  }
}

void LimitWatch::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

}  // namespace trilobite::server
