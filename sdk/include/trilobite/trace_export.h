// Exporting spans over OTLP: part of the library trilobite_export, which needs libcurl.
//
//   trilobite::trace::start_export(trilobite::trace::ExportConfig::from_environment());
//
// Ended spans wait in a bounded queue for a thread of their own; a full queue drops and counts. At exit what is queued
// is sent, for a limited time.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace trilobite::trace {

struct ExportConfig {
  enum class Protocol : std::uint8_t { kGrpc, kHttpProtobuf };
  enum class Compression : std::uint8_t { kNone, kGzip };

  bool enabled = true;
  std::string url = "http://localhost:4318/v1/traces";  // for gRPC without a path: http://localhost:4317
  Protocol protocol = Protocol::kHttpProtobuf;
  std::vector<std::pair<std::string, std::string>> headers{};
  Compression compression = Compression::kNone;
  std::int64_t timeout_ms = 10'000;                              // of one attempt
  std::int64_t give_up_ms = 60'000;                              // of all attempts for one batch
  std::string ca_file{}, client_cert_file{}, client_key_file{};  // PEM

  std::uint32_t queue_max = 2048;  // spans; more are dropped
  std::uint32_t batch_max = 512;
  std::int64_t delay_ms = 5'000;       // a batch that is not full waits this long at most
  std::int64_t exit_grace_ms = 5'000;  // for what is queued when the program ends

  std::vector<std::pair<std::string, std::string>> resource{{"service.name", "dynamo"}};

  std::vector<std::string> warnings{};  // start_export() logs them

  // OTEL_EXPORT_ENABLED (with DYN_LOGGING_JSONL, as in the runtime this library is compatible with),
  // OTEL_EXPORTER_OTLP_[TRACES_]*, OTEL_BSP_*, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_SDK_DISABLED,
  // OTEL_TRACES_EXPORTER.
  static ExportConfig from_environment();
};

// Empty, or why there is no export. The first call that succeeds counts; until stop_export() later ones change nothing.
// Logs whether traces are exported and where to.
std::string start_export(const ExportConfig& config);

// Sends what is queued now; returns when that is done or has failed, at the latest after timeout_ms.
void flush_export(std::int64_t timeout_ms = 10'000);

// Sends what is queued, as long as grace_ms allows, and ends the export. exit() does it by itself.
void stop_export(std::int64_t grace_ms = 5'000);

struct ExportStatistics {
  std::uint64_t exported = 0;  // spans the receiver took
  std::uint64_t dropped = 0;   // never sent: the queue was full, or the program ended
  std::uint64_t rejected = 0;  // by the receiver, of requests it took in part
  std::uint64_t failed = 0;    // of requests that were refused or given up
  std::uint64_t requests = 0;  // batches sent
  std::string last_error{};
};
ExportStatistics export_statistics();

}  // namespace trilobite::trace
