#include "export_spans.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <system_error>
#include <utility>

#include <trilobite/log.h>
#include <trilobite/log_setup.h>

#include "otlp_spans.h"

namespace trilobite::trace {
namespace {

constexpr log::Target kTarget{"trilobite::trace"};
constexpr std::int64_t kReportAgainMs = 60'000;  // the same failure is told once a minute

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

log::Outcome<std::unique_ptr<SpanBatcher>> SpanBatcher::start(const ExportConfig& config, OpenTransport open) {
  auto transport = open();
  if (!transport.ok()) return log::Error{transport.error()};
  std::unique_ptr<SpanBatcher> batcher(new SpanBatcher(config, std::move(open)));
  batcher->transport_ = std::move(*transport);
  try {
    batcher->start_thread();
  } catch (const std::system_error& failure) {
    return log::Error{std::string("cannot start the thread of the export: ") + failure.what()};
  }
  return batcher;
}

SpanBatcher::SpanBatcher(const ExportConfig& config, OpenTransport open)
    : config_(config),
      open_(std::move(open)),
      resource_(otlp::encoded_resource(config.resource)),
      work_(std::make_unique<std::condition_variable>()),
      done_(std::make_unique<std::condition_variable>()) {
  for (const auto& [key, value] : config.resource) {
    if (key == "service.name") scope_ = value;
  }
}

SpanBatcher::~SpanBatcher() {
  stop(0);
  drop_all();
}

void SpanBatcher::on_end(SpanData* span) noexcept {
  const std::uint32_t before = queued_.fetch_add(1, std::memory_order_relaxed);
  if (before >= config_.queue_max || closed_.load(std::memory_order_relaxed)) {
    queued_.fetch_sub(1, std::memory_order_relaxed);
    dropped_.fetch_add(1, std::memory_order_relaxed);
    span->release();
    return;
  }
  ended_.fetch_add(1, std::memory_order_relaxed);
  SpanData* newest = newest_.load(std::memory_order_relaxed);
  do {
    span->next = newest;
  } while (!newest_.compare_exchange_weak(newest, span, std::memory_order_release, std::memory_order_relaxed));
  if (needs_thread_.load(std::memory_order_relaxed)) [[unlikely]] {
    const std::lock_guard lock(mutex_);
    if (needs_thread_.exchange(false)) {
      try {
        start_thread();
      } catch (const std::system_error&) {
        closed_.store(true);
      }
    }
  }
  if (before + 1 == config_.batch_max) [[unlikely]]
    wake();
}

void SpanBatcher::wake() {
  {
    const std::lock_guard lock(mutex_);
    wanted_ = true;
  }
  work_->notify_one();
}

void SpanBatcher::start_thread() {
  thread_ = std::thread([this] { run(); });
}

void SpanBatcher::run() {
  while (wait_for_work()) {
    take_all();
    send_batches();
  }
}

bool SpanBatcher::wait_for_work() {
  std::unique_lock lock(mutex_);
  work_->wait_for(lock, std::chrono::milliseconds(config_.delay_ms), [&] { return wanted_ || stopping_; });
  wanted_ = false;
  if (!stopping_) return true;
  const bool in_time = now_ms() < stop_at_ms_;
  return in_time && newest_.load(std::memory_order_acquire) != nullptr;
}

void SpanBatcher::take_all() {
  SpanData* span = newest_.exchange(nullptr, std::memory_order_acquire);
  taken_.clear();
  while (span != nullptr) {
    SpanData* const older = span->next;
    span->next = nullptr;
    taken_.push_back(span);
    span = older;
  }
  std::reverse(taken_.begin(), taken_.end());
  if (!taken_.empty()) log::flush();  // lines logged in these spans are events now
}

void SpanBatcher::send_batches() {
  const std::span<SpanData* const> all = taken_;
  const std::size_t batch_max = std::max<std::size_t>(config_.batch_max, 1);
  for (std::size_t start = 0; start < all.size(); start += batch_max) {
    send_batch(all.subspan(start, std::min(batch_max, all.size() - start)));
  }
  {
    const std::lock_guard lock(mutex_);
    sent_ += all.size();
    taken_.clear();
  }
  done_->notify_all();
}

void SpanBatcher::send_batch(std::span<SpanData* const> batch) {
  bool in_time = true;
  {
    const std::lock_guard lock(mutex_);
    in_time = !stopping_ || now_ms() < stop_at_ms_;
  }
  std::string body;
  if (in_time) body = encode_spans(batch, resource_, scope_, tracer_offset_ns());
  for (SpanData* span : batch) span->release();
  queued_.fetch_sub(static_cast<std::uint32_t>(batch.size()), std::memory_order_relaxed);
  if (!in_time) {
    dropped_.fetch_add(batch.size(), std::memory_order_relaxed);
    return;
  }
  record(transport_->send(body), batch.size());
}

void SpanBatcher::record(const otlp::SendReport& report, std::uint64_t count) {
  std::string problem;
  {
    const std::lock_guard lock(mutex_);
    ++statistics_.requests;
    if (report.delivered()) {
      const std::uint64_t rejected = std::min(report.rejected, count);
      statistics_.exported += count - rejected;
      statistics_.rejected += rejected;
      if (rejected != 0) problem = "the receiver rejected spans: " + report.message;
    } else {
      statistics_.failed += count;
      problem = report.message;
    }
    if (!problem.empty()) statistics_.last_error = problem;
    const std::int64_t now = now_ms();
    if (problem == reported_error_ && now - reported_at_ms_ < kReportAgainMs) problem.clear();
    if (!problem.empty()) {
      reported_error_ = problem;
      reported_at_ms_ = now;
    }
    if (report.delivered() && report.rejected == 0) reported_error_.clear();
  }
  if (problem.empty()) return;
  kTarget.warn("spans were not exported", kv("reason", log::display(problem)), kv("endpoint", config_.url),
               kv("spans", report.delivered() ? report.rejected : count), kv("attempts", report.attempts));
}

void SpanBatcher::flush(std::int64_t timeout_ms) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  std::unique_lock lock(mutex_);
  const std::uint64_t target = ended_.load(std::memory_order_relaxed);
  while (sent_ < target && !closed_.load() && !needs_thread_.load()) {
    wanted_ = true;
    work_->notify_one();
    if (done_->wait_until(lock, until) == std::cv_status::timeout) return;
  }
}

void SpanBatcher::stop(std::int64_t grace_ms) noexcept {
  std::thread thread;
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      stopping_ = true;
      stop_at_ms_ = now_ms() + grace_ms;
      transport_->stop(grace_ms);
    }
    thread = std::move(thread_);
  }
  work_->notify_one();
  if (thread.joinable()) thread.join();
  closed_.store(true);
  done_->notify_all();
}

void SpanBatcher::drop_all() {
  take_all();
  for (SpanData* span : taken_) span->release();
  dropped_.fetch_add(taken_.size(), std::memory_order_relaxed);
  queued_.fetch_sub(static_cast<std::uint32_t>(taken_.size()), std::memory_order_relaxed);
  taken_.clear();
}

ExportStatistics SpanBatcher::statistics() {
  const std::lock_guard lock(mutex_);
  ExportStatistics statistics = statistics_;
  statistics.dropped = dropped_.load(std::memory_order_relaxed);
  return statistics;
}

void SpanBatcher::before_fork() { mutex_.lock(); }
void SpanBatcher::after_fork_in_parent() { mutex_.unlock(); }

void SpanBatcher::after_fork_in_child() {
  // The thread did not come along; what it held (a transfer, spans, a place in a condition) is left alone.
  const bool had_thread = thread_.joinable() || needs_thread_.load();
  new (&thread_) std::thread();
  static_cast<void>(work_.release());
  static_cast<void>(done_.release());
  static_cast<void>(transport_.release());
  new (&taken_) std::vector<SpanData*>();
  newest_.store(nullptr);
  queued_.store(0);
  dropped_.store(0);
  ended_.store(0);
  sent_ = 0;
  wanted_ = false;
  statistics_ = {};
  work_ = std::make_unique<std::condition_variable>();
  done_ = std::make_unique<std::condition_variable>();
  auto transport = open_();
  if (transport.ok()) transport_ = std::move(*transport);
  if (!transport.ok() || stopping_) closed_.store(true);
  if (had_thread && transport.ok()) needs_thread_.store(true);
  mutex_.unlock();
}

}  // namespace trilobite::trace
