// Ended spans on their way out: a bounded queue that any thread pushes to without a lock, and a thread that makes
// batches of them and sends these.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <trilobite/trace_export.h>

#include "otlp_config.h"
#include "otlp_transport.h"
#include "trace_state.h"

namespace trilobite::trace {

ExportConfig read_export_config(const otlp::Variables& variables);
otlp::TransportOptions transport_options(const ExportConfig& config);

class SpanBatcher final : public SpanProcessor {
 public:
  using OpenTransport = std::function<log::Outcome<std::unique_ptr<otlp::Transport>>()>;

  static log::Outcome<std::unique_ptr<SpanBatcher>> start(const ExportConfig& config, OpenTransport open);
  ~SpanBatcher() override;  // stops without grace
  SpanBatcher(const SpanBatcher&) = delete;
  SpanBatcher& operator=(const SpanBatcher&) = delete;

  void on_end(SpanData* span) noexcept override;

  // Returns when all that was queued before the call is sent or lost, or after timeout_ms.
  void flush(std::int64_t timeout_ms);
  // The same within grace_ms, and then no more. What is left is counted as dropped.
  void stop(std::int64_t grace_ms) noexcept;

  ExportStatistics statistics();

  // Around fork(), by the forking thread. The parent's spans stay the parent's.
  void before_fork();
  void after_fork_in_parent();
  void after_fork_in_child();

 private:
  SpanBatcher(const ExportConfig& config, OpenTransport open);
  void start_thread();
  void run();
  bool wait_for_work();  // false: stopped, and nothing is left to do
  void take_all();
  void send_batches();
  void send_batch(std::span<SpanData* const> batch);
  void record(const otlp::SendReport& report, std::uint64_t count);
  void drop_all();
  void wake();

  const ExportConfig config_;
  const OpenTransport open_;
  const std::string resource_;
  std::string scope_;

  alignas(64) std::atomic<SpanData*> newest_{nullptr};  // the list, last one first
  std::atomic<std::uint32_t> queued_{0};                // on the list or taken from it, not yet encoded
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint64_t> ended_{0};  // spans ever accepted
  std::atomic<bool> needs_thread_{false};
  std::atomic<bool> closed_{false};

  std::mutex mutex_;  // guards what follows
  std::unique_ptr<std::condition_variable> work_;
  std::unique_ptr<std::condition_variable> done_;
  bool wanted_ = false;  // a full batch, a flush, or the end
  bool stopping_ = false;
  std::int64_t stop_at_ms_ = 0;
  std::uint64_t sent_ = 0;  // of ended_, sent or lost
  ExportStatistics statistics_;
  std::string reported_error_;
  std::int64_t reported_at_ms_ = 0;
  std::unique_ptr<otlp::Transport> transport_;
  std::thread thread_;

  std::vector<SpanData*> taken_;  // the thread's own: oldest first
};

}  // namespace trilobite::trace
