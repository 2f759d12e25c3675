// Takes commits out of the queue and hands them to one sink, in order, again and again until each is acknowledged.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "agent/config.h"
#include "agent/metrics.h"
#include "agent/queue.h"
#include "agent/sink.h"
#include "base/clock.h"

namespace trilobite::agent {

struct SenderOptions {
  std::size_t client = 0;  // its place in QueueOptions::clients
  std::string name;
  BackoffConfig backoff;
  bool drop_rate_limited_batches = false;
};

class Sender {
 public:
  Sender(Queue& queue, std::shared_ptr<Sink> sink, SenderOptions options, Metrics& metrics, const Clock& clock);
  ~Sender();

  void start();
  // Lets the batch in flight end. What is left stays in the queue.
  void stop();

  // Sends at most one commit; false when there was none. For tests, instead of start().
  bool send_one(std::chrono::nanoseconds timeout);

  struct Status {
    std::string error;  // why the last batch was not accepted; empty when it was
    bool retrying = false;
  };
  Status status() const;  // any thread

 private:
  void run();
  bool deliver(const Push& push);  // false: stopped
  void save_marks(bool force);
  void wait(std::chrono::nanoseconds duration);

  Queue& queue_;
  const std::shared_ptr<Sink> sink_;
  const SenderOptions options_;
  Metrics& metrics_;
  const Clock& clock_;
  std::chrono::nanoseconds saved_{0};
  bool unsaved_ = false;
  std::uint64_t jitter_ = 0x9E3779B97F4A7C15;

  mutable std::mutex mutex_;  // guards what is below
  std::condition_variable stopping_changed_;
  bool stopping_ = false;
  Status status_;
  std::thread thread_;
};

}  // namespace trilobite::agent
