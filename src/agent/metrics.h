// What the agent counts, under Promtail's names.
#pragma once

#include <trilobite/metrics.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace trilobite::agent {

// Any thread.
class Metrics {
  instruments::Registry registry_;

 public:
  Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  instruments::IntCounter bytes_read, lines_read;
  instruments::IntCounter bytes_queued, entries_queued, lines_truncated;
  instruments::IntGauge files_active, files_failed;

  void drop_lines(std::string_view reason, std::uint64_t lines);
  void sent(std::string_view client, std::uint64_t bytes);
  void retried(std::string_view client);
  void refused(std::string_view client, std::uint64_t bytes);

  std::uint64_t dropped_lines() const { return dropped_lines_; }
  std::uint64_t batches_refused() const { return batches_refused_; }
  const instruments::Registry& registry() const { return registry_; }

 private:
  instruments::IntCounterVec dropped_;
  instruments::IntCounterVec sent_bytes_, sent_batches_, retries_, refused_bytes_;
  std::atomic<std::uint64_t> dropped_lines_{0}, batches_refused_{0};
};

}  // namespace trilobite::agent
