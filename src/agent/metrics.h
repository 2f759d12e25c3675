// What the agent counts, under Promtail's names.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace trilobite::agent {

// Any thread.
class Metrics {
 public:
  std::atomic<std::uint64_t> bytes_read{0}, lines_read{0};
  std::atomic<std::uint64_t> bytes_queued{0}, entries_queued{0}, batches_queued{0};
  std::atomic<std::uint64_t> files_active{0}, files_failed{0};
  std::atomic<std::uint64_t> lines_truncated{0};

  void drop_lines(std::string_view reason, std::uint64_t lines);
  void sent(std::string_view client, std::uint64_t bytes);
  void retried(std::string_view client);
  void refused(std::string_view client, std::uint64_t bytes);

  std::uint64_t dropped_lines() const;
  std::uint64_t batches_refused() const;
  // Prometheus' text format.
  std::string text() const;

 private:
  struct Client {
    std::uint64_t sent_bytes = 0, sent_batches = 0, retries = 0, refused_bytes = 0, refused_batches = 0;
  };
  Client& client(std::string_view name);

  mutable std::mutex mutex_;  // guards the maps
  std::map<std::string, std::uint64_t, std::less<>> dropped_;
  std::map<std::string, Client, std::less<>> clients_;
};

}  // namespace trilobite::agent
