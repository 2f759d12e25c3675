// The one exporter of the process.
#include <cstdlib>
#include <mutex>

#include <pthread.h>

#include <trilobite/log.h>

#include "export_spans.h"
#include "otlp_log_sink.h"

namespace trilobite::trace {
namespace {

constexpr log::Target kTarget{"trilobite::trace"};

// Never destroyed. A batcher that was in use is not either: a thread may just be handing it a span.
struct ProcessExport {
  std::mutex mutex;
  SpanBatcher* batcher = nullptr;
  std::vector<SpanBatcher*> stopped;
  std::int64_t exit_grace_ms = 0;
  bool watched = false;
};

ProcessExport& process_export() {
  static ProcessExport* const instance = new ProcessExport;
  return *instance;
}

void before_fork() {
  ProcessExport& process = process_export();
  process.mutex.lock();
  if (process.batcher != nullptr) process.batcher->before_fork();
}
void after_fork_in_parent() {
  ProcessExport& process = process_export();
  if (process.batcher != nullptr) process.batcher->after_fork_in_parent();
  process.mutex.unlock();
}
void after_fork_in_child() {
  ProcessExport& process = process_export();
  if (process.batcher != nullptr) process.batcher->after_fork_in_child();
  process.mutex.unlock();
}

SpanBatcher* current_batcher() {
  const std::lock_guard lock(process_export().mutex);
  return process_export().batcher;
}

void stop_at_exit() {
  std::int64_t grace_ms = 0;
  {
    const std::lock_guard lock(process_export().mutex);
    grace_ms = process_export().exit_grace_ms;
  }
  stop_export(grace_ms);
}

std::string_view service_name(const ExportConfig& config) {
  for (const auto& [key, value] : config.resource) {
    if (key == "service.name") return value;
  }
  return {};
}

}  // namespace

std::string start_export(const ExportConfig& config) {
  for (const std::string& warning : config.warnings) kTarget.warn("{}", warning);
  if (!config.enabled) {
    kTarget.info("OpenTelemetry OTLP export disabled, traces local only", kv("service", service_name(config)));
    return {};
  }
  ProcessExport& process = process_export();
  {
    const std::lock_guard lock(process.mutex);
    if (process.batcher != nullptr) return {};
    auto batcher =
        SpanBatcher::start(config, [options = transport_options(config)] { return otlp::Transport::open(options); });
    if (!batcher.ok()) return "cannot export traces: " + batcher.error();
    process.batcher = batcher->release();
    process.exit_grace_ms = config.exit_grace_ms;
    set_span_processor(process.batcher);
    if (!process.watched) {
      pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
      std::atexit(stop_at_exit);
      process.watched = true;
    }
  }
  kTarget.info("OpenTelemetry OTLP export enabled{}", log::exports_logs() ? " (traces and logs)" : "",
               kv("endpoint", config.url), kv("service", service_name(config)));
  return {};
}

void flush_export(std::int64_t timeout_ms) {
  if (SpanBatcher* const batcher = current_batcher()) batcher->flush(timeout_ms);
}

void stop_export(std::int64_t grace_ms) {
  ProcessExport& process = process_export();
  SpanBatcher* batcher = nullptr;
  {
    const std::lock_guard lock(process.mutex);
    batcher = process.batcher;
    if (batcher == nullptr) return;
    set_span_processor(nullptr);
    process.batcher = nullptr;
    process.stopped.push_back(batcher);
  }
  batcher->stop(grace_ms);
}

ExportStatistics export_statistics() {
  SpanBatcher* const batcher = current_batcher();
  return batcher == nullptr ? ExportStatistics{} : batcher->statistics();
}

}  // namespace trilobite::trace
