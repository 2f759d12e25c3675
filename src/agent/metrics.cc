#include "agent/metrics.h"

namespace trilobite::agent {
namespace {

using instruments::IntCounter;
using instruments::IntCounterVec;
using instruments::IntGauge;
using instruments::Registry;

IntCounter counter(const Registry& registry, std::string_view name, std::string_view help) {
  return registry.create_intcounter(name, help).or_log();
}
IntGauge gauge(const Registry& registry, std::string_view name, std::string_view help) {
  return registry.create_intgauge(name, help).or_log();
}
IntCounterVec counters(const Registry& registry, std::string_view name, std::string_view help, std::string label) {
  return registry.create_intcountervec(name, help, {std::move(label)}).or_log();
}

}  // namespace

Metrics::Metrics()
    : bytes_read(counter(registry_, "promtail_read_bytes_total", "Bytes read from sources.")),
      lines_read(counter(registry_, "promtail_read_lines_total", "Lines read from sources.")),
      bytes_queued(counter(registry_, "promtail_encoded_bytes_total", "Bytes of batches put into the queue.")),
      entries_queued(counter(registry_, "promtail_encoded_entries_total", "Entries put into the queue.")),
      lines_truncated(counter(registry_, "promtail_truncated_lines_total", "Lines cut at the size limit.")),
      files_active(gauge(registry_, "promtail_files_active_total", "Files being followed.")),
      files_failed(gauge(registry_, "promtail_targets_failed_total", "Files that cannot be read.")),
      dropped_(counters(registry_, "logentry_dropped_lines_total", "Lines dropped by a stage or a limit.", "reason")),
      sent_bytes_(counters(registry_, "promtail_sent_bytes_total", "Bytes acknowledged by the client's server.",
                           "client")),
      sent_batches_(counters(registry_, "promtail_sent_batches_total", "Batches acknowledged by the client's server.",
                             "client")),
      retries_(counters(registry_, "promtail_batch_retries_total", "Times that a batch was sent again.", "client")),
      refused_bytes_(counters(registry_, "promtail_dropped_bytes_total", "Bytes that the client's server refused.",
                              "client")) {}

void Metrics::drop_lines(std::string_view reason, std::uint64_t lines) {
  if (lines == 0) return;
  dropped_.with({reason}).add(lines);
  dropped_lines_ += lines;
}

// A client is in all of its metrics, also where it has nothing to count yet: rates need a first sample.
void Metrics::sent(std::string_view client, std::uint64_t bytes) {
  sent_bytes_.with({client}).add(bytes);
  sent_batches_.with({client}).add();
  retries_.with({client}).add(0);
  refused_bytes_.with({client}).add(0);
}

void Metrics::retried(std::string_view client) { retries_.with({client}).add(); }

void Metrics::refused(std::string_view client, std::uint64_t bytes) {
  refused_bytes_.with({client}).add(bytes);
  ++batches_refused_;
}

}  // namespace trilobite::agent
