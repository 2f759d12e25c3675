#include "agent/sender.h"

#include <algorithm>

#include "agent/log_target.h"

namespace trilobite::agent {
namespace {

constexpr auto kIdleWait = std::chrono::milliseconds(500);

}  // namespace

Sender::Sender(Queue& queue, std::shared_ptr<Sink> sink, SenderOptions options, Metrics& metrics, const Clock& clock)
    : queue_(queue), sink_(std::move(sink)), options_(std::move(options)), metrics_(metrics), clock_(clock) {}

Sender::~Sender() { stop(); }

void Sender::start() {
  thread_ = std::thread([this] { run(); });
}

void Sender::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    stopping_changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

Sender::Status Sender::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void Sender::wait(std::chrono::nanoseconds duration) {
  std::unique_lock lock(mutex_);
  stopping_changed_.wait_for(lock, duration, [this] { return stopping_; });
}

void Sender::run() {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) break;
    }
    if (!send_one(unsaved_ ? std::chrono::nanoseconds(kAcknowledgeInterval) : std::chrono::nanoseconds(kIdleWait))) {
      save_marks(true);
    }
  }
  save_marks(true);
}

bool Sender::send_one(std::chrono::nanoseconds timeout) {
  auto next = queue_.next(options_.client, timeout);
  if (!next.ok()) {
    kLog.error("client {}: {}", options_.name, next.error().message);
    wait(std::chrono::seconds(1));
    return false;
  }
  if (*next == nullptr) return false;
  for (const Push& push : (*next)->commit.pushes) {
    if (!deliver(push)) return false;
  }
  queue_.acknowledge(options_.client, (*next)->sequence);
  unsaved_ = true;
  save_marks(false);
  return true;
}

// What is acknowledged and not yet marked is sent again after a crash, and the server recognises it.
void Sender::save_marks(bool force) {
  const auto now = clock_.steady();
  if (!unsaved_ || (!force && now - saved_ < kAcknowledgeInterval)) return;
  auto saved = queue_.save_marks();
  if (!saved.ok()) {
    kLog.warn("client {}: {}", options_.name, saved.error().message);
    saved_ = now;
    return;
  }
  saved_ = now;
  unsaved_ = false;
}

bool Sender::deliver(const Push& push) {
  std::chrono::nanoseconds backoff = options_.backoff.min_period;
  for (std::int64_t tries = 1;; ++tries) {
    const SendOutcome outcome = sink_->send(push.tenant, push.body);
    const bool give_up = options_.backoff.max_retries > 0 && tries > options_.backoff.max_retries;
    const bool limited = outcome.rate_limited && options_.drop_rate_limited_batches;
    const bool retry = outcome.delivery == Delivery::kRetry && !give_up && !limited;
    {
      const std::lock_guard lock(mutex_);
      if (outcome.delivery != Delivery::kAccepted && status_.error.empty()) {
        kLog.warn("client {}: {}{}", options_.name, outcome.message, retry ? "; trying again" : "");
      } else if (outcome.delivery == Delivery::kAccepted && status_.retrying) {
        kLog.info("client {}: batches are accepted again", options_.name);
      }
      status_ = {outcome.message, retry};
    }
    if (outcome.delivery == Delivery::kAccepted) {
      metrics_.sent(options_.name, push.body.size());
      return true;
    }
    if (!retry) {
      metrics_.refused(options_.name, push.body.size());
      kLog.error("client {}: a batch of {} bytes is dropped: {}", options_.name, push.body.size(), outcome.message);
      return true;
    }
    metrics_.retried(options_.name);
    // Between half and all of the period, so that many agents do not come back at the same instant.
    jitter_ ^= jitter_ << 13, jitter_ ^= jitter_ >> 7, jitter_ ^= jitter_ << 17;
    const double share = 0.5 + static_cast<double>(jitter_ >> 11) * 0x1.0p-54;
    wait(std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(backoff.count()) * share)));
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return false;
    }
    backoff = std::min(backoff * 2, options_.backoff.max_period);
  }
}

}  // namespace trilobite::agent
