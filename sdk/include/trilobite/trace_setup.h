// Setting tracing up: once, in main, after log::init. Without it spans have ids, nothing is exported, and headers are
// those of W3C.
//
//   trilobite::trace::init(trilobite::trace::Config::from_environment());
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace trilobite::trace {

// Which new traces are exported. Spans that are not sampled have ids all the same.
struct Sampler {
  enum class Root : std::uint8_t { kAlwaysOn, kAlwaysOff, kRatio };
  Root root = Root::kAlwaysOn;
  double ratio = 1.0;        // kRatio: the share of traces, by their ids, so that all processes choose the same ones
  bool parent_based = true;  // a span with a parent follows it; otherwise every span is decided like a root
};

// Which headers are read and written. Several may be on: the first in this order that has a trace wins when reading.
struct Propagation {
  bool w3c = true;          // traceparent, tracestate
  bool b3_single = false;   // b3
  bool b3_multi = false;    // X-B3-TraceId, ...
  bool baggage = true;      // baggage
  bool request_ids = true;  // x-request-id, x-dynamo-request-id
};

// What one span may hold; what is more is counted in the exported span.
struct SpanLimits {
  std::uint32_t attributes_max = 128;
  std::uint32_t attribute_bytes_max = UINT32_MAX;  // of one text; longer ones are cut
  std::uint32_t events_max = 128;
  std::uint32_t links_max = 128;
};

struct Config {
  bool ids = true;           // false: spans are only names and fields of log lines, no header is written
  bool span_events = false;  // lines SPAN_FIRST_ENTRY and SPAN_CLOSED
  Sampler sampler{};
  Propagation propagation{};
  SpanLimits limits{};
  std::int64_t (*clock)() = nullptr;  // nanoseconds since 1970 in UTC, any thread; null: the system's clocks

  std::vector<std::string> warnings{};  // init() logs them

  // DYN_LOGGING_JSONL (ids, as in the runtime this library is compatible with, exist only then),
  // DYN_LOGGING_SPAN_EVENTS, OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG, OTEL_PROPAGATORS, OTEL_SDK_DISABLED,
  // OTEL_[SPAN_]ATTRIBUTE_COUNT_LIMIT, OTEL_[SPAN_]ATTRIBUTE_VALUE_LENGTH_LIMIT, OTEL_SPAN_EVENT_COUNT_LIMIT,
  // OTEL_SPAN_LINK_COUNT_LIMIT.
  static Config from_environment();
};

// Any thread; spans started later follow it.
void init(const Config& config);

}  // namespace trilobite::trace
