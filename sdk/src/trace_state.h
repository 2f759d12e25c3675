// What all spans of the process share: settings, clock, and who takes ended spans. Read by every start of a span, so
// it is a few relaxed loads.
#pragma once

#include <atomic>
#include <cstdint>

#include <trilobite/trace_setup.h>

#include "span_data.h"

namespace trilobite::trace {

// Takes recorded spans when they end. Never destroyed once it was in use: other threads may be calling it.
class SpanProcessor {
 public:
  virtual ~SpanProcessor() = default;
  // Any thread, must not block. Takes one reference over.
  virtual void on_end(SpanData* span) noexcept = 0;
};

struct TraceState {
  // Bits of mode.
  static constexpr std::uint32_t kIds = 1;
  static constexpr std::uint32_t kSpanEvents = 2;
  static constexpr std::uint32_t kExport = 4;  // processor is set
  static constexpr std::uint32_t kParentBased = 8;
  static constexpr std::uint32_t kLimitedTexts = 16;

  std::atomic<std::uint32_t> mode{kIds | kParentBased};
  std::atomic<std::uint64_t> ratio_below{UINT64_MAX};  // a root is sampled if id_low / 2 is below it; MAX: always
  std::atomic<std::uint32_t> attributes_max{128};
  std::atomic<std::uint32_t> attribute_bytes_max{UINT32_MAX};
  std::atomic<std::uint32_t> events_max{128};
  std::atomic<std::uint32_t> links_max{128};
  std::atomic<std::uint32_t> propagation{0b11001};  // see propagation_bits
  std::atomic<SpanProcessor*> processor{nullptr};
  std::atomic<std::int64_t (*)()> clock{nullptr};
};
extern constinit TraceState trace_state;

std::uint32_t propagation_bits(const Propagation& propagation);
Propagation propagation_of(std::uint32_t bits);

// The tracer's clock: steady, so that durations are right when the system's clock is set. With Config::clock, that one.
std::int64_t tracer_now_ns() noexcept;
// What has to be added to it to get nanoseconds since 1970.
std::int64_t tracer_offset_ns() noexcept;

// Null: spans are not exported any more. Returns the one before.
SpanProcessor* set_span_processor(SpanProcessor* processor) noexcept;

// The sampling decision for a root, or for any span where the sampler looks at no parent.
bool sampled_as_root(TraceId id) noexcept;
std::uint64_t ratio_limit(const Sampler& sampler);

}  // namespace trilobite::trace
