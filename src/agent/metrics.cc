#include "agent/metrics.h"

#include <fmt/core.h>

namespace trilobite::agent {
namespace {

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

void put_head(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void put(std::string& out, std::string_view name, std::string_view type, std::string_view help, std::uint64_t value) {
  put_head(out, name, type, help);
  out += fmt::format("{} {}\n", name, value);
}

}  // namespace

Metrics::Client& Metrics::client(std::string_view name) {
  const auto at = clients_.find(name);
  return at != clients_.end() ? at->second : clients_.try_emplace(std::string(name)).first->second;
}

void Metrics::drop_lines(std::string_view reason, std::uint64_t lines) {
  if (lines == 0) return;
  const std::lock_guard lock(mutex_);
  const auto at = dropped_.find(reason);
  if (at != dropped_.end()) {
    at->second += lines;
  } else {
    dropped_.emplace(reason, lines);
  }
}

void Metrics::sent(std::string_view name, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  Client& counts = client(name);
  counts.sent_bytes += bytes;
  ++counts.sent_batches;
}

void Metrics::retried(std::string_view name) {
  const std::lock_guard lock(mutex_);
  ++client(name).retries;
}

void Metrics::refused(std::string_view name, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  Client& counts = client(name);
  counts.refused_bytes += bytes;
  ++counts.refused_batches;
}

std::uint64_t Metrics::dropped_lines() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t out = 0;
  for (const auto& [reason, lines] : dropped_) out += lines;
  return out;
}

std::uint64_t Metrics::batches_refused() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t out = 0;
  for (const auto& [name, counts] : clients_) out += counts.refused_batches;
  return out;
}

std::string Metrics::text() const {
  std::string out;
  put(out, "promtail_read_bytes_total", "counter", "Bytes read from sources.", bytes_read);
  put(out, "promtail_read_lines_total", "counter", "Lines read from sources.", lines_read);
  put(out, "promtail_files_active_total", "gauge", "Files being followed.", files_active);
  put(out, "promtail_targets_failed_total", "gauge", "Files that cannot be read.", files_failed);
  put(out, "promtail_encoded_bytes_total", "counter", "Bytes of batches put into the queue.", bytes_queued);
  put(out, "promtail_encoded_entries_total", "counter", "Entries put into the queue.", entries_queued);
  put(out, "promtail_truncated_lines_total", "counter", "Lines cut at the size limit.", lines_truncated);
  const std::lock_guard lock(mutex_);
  put_head(out, "logentry_dropped_lines_total", "counter", "Lines dropped by a stage or a limit.");
  for (const auto& [reason, lines] : dropped_) {
    out += fmt::format("logentry_dropped_lines_total{{reason=\"{}\"}} {}\n", escape(reason), lines);
  }
  const auto per_client = [&](std::string_view name, std::string_view help, std::uint64_t Client::*field) {
    put_head(out, name, "counter", help);
    for (const auto& [client, counts] : clients_) {
      out += fmt::format("{}{{client=\"{}\"}} {}\n", name, escape(client), counts.*field);
    }
  };
  per_client("promtail_sent_bytes_total", "Bytes acknowledged by the client's server.", &Client::sent_bytes);
  per_client("promtail_sent_batches_total", "Batches acknowledged by the client's server.", &Client::sent_batches);
  per_client("promtail_batch_retries_total", "Times that a batch was sent again.", &Client::retries);
  per_client("promtail_dropped_bytes_total", "Bytes that the client's server refused.", &Client::refused_bytes);
  return out;
}

}  // namespace trilobite::agent
