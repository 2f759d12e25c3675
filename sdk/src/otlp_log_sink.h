// The output of log lines over OTLP.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "event_sink.h"
#include "otlp_transport.h"

namespace trilobite::log {

struct OtlpLogLimits {
  std::size_t waiting_max = 8'192;  // lines
  std::size_t batch_max = 512;      // lines in one request
  std::int64_t delay_ms = 1'000;    // until a batch that is not full is sent
  std::int64_t exit_ms = 3'000;     // for what waits at the end
};

// Appends the message opentelemetry.proto.logs.v1.LogRecord of an event.
void append_log_record(std::string& out, const Event& event);

// resource: the message opentelemetry.proto.resource.v1.Resource.
std::unique_ptr<EventSink> otlp_log_sink(std::unique_ptr<otlp::Transport> transport, std::string resource,
                                         const OtlpLogLimits& limits);

// Whether an output of this process exports lines.
bool exports_logs();

}  // namespace trilobite::log
