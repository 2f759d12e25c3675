// The limits a tenant's writes are held to: Loki's names and texts. Where a default of ours differs, the reason is
// beside it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "ingest/otlp_mapping.h"

namespace trilobite::ingest {

struct LogLimits {
  // Time. Recorded data must load, so neither the past nor the future is refused unless somebody asks for it.
  bool reject_old_samples = false;
  std::chrono::nanoseconds reject_old_samples_max_age = std::chrono::hours(168);
  std::chrono::nanoseconds creation_grace_period{0};  // 0: any time in the future

  // One entry.
  std::size_t max_line_size = 256u << 10;  // 0: no limit
  bool max_line_size_truncate = false;     // cut instead of refuse
  std::string max_line_size_truncate_identifier;

  // One stream's labels. service_name that was discovered does not count.
  std::size_t max_label_names_per_series = 15;
  std::size_t max_label_name_length = 1024;
  std::size_t max_label_value_length = 2048;
  std::vector<std::string> enforced_labels;  // a stream without one of them is refused

  // Structured metadata.
  bool allow_structured_metadata = true;
  std::size_t max_structured_metadata_size = 64u << 10;
  std::size_t max_structured_metadata_entries_count = 128;

  // Rates, 0: off. Loki's 4 MB/s would refuse the first bulk load of anybody who tries the program.
  std::uint64_t ingestion_rate_bytes = 0;
  std::uint64_t ingestion_burst_bytes = 0;  // 0: one second of the rate
  std::uint64_t per_stream_rate_bytes = 0;
  std::uint64_t per_stream_burst_bytes = 0;
  // Streams with an entry in the last hour. Ten times Loki's: a stream costs us some kilobytes, not a chunk.
  std::size_t max_streams_per_user = 50'000;
  TimeNs block_ingestion_until = 0;  // refuse everything before this time
  int block_ingestion_status_code = 260;

  // Discovery.
  std::vector<std::string> discover_service_name = {"service",
                                                    "app",
                                                    "application",
                                                    "app_name",
                                                    "name",
                                                    "app_kubernetes_io_name",
                                                    "container",
                                                    "container_name",
                                                    "k8s_container_name",
                                                    "component",
                                                    "workload",
                                                    "job",
                                                    "k8s_job_name"};
  bool discover_log_levels = true;

  OtlpMapping otlp;
};

struct LimitsByTenant {
  LogLimits defaults;
  std::map<std::string, LogLimits, std::less<>> overrides;

  const LogLimits& of(std::string_view tenant) const {
    const auto found = overrides.find(tenant);
    return found == overrides.end() ? defaults : found->second;
  }
};

}  // namespace trilobite::ingest
