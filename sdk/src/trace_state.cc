#include "trace_state.h"

#include <cmath>
#include <ctime>

#include <trilobite/log.h>

namespace trilobite::trace {
namespace {

constexpr log::Target kTarget{"trilobite::trace"};

std::int64_t read_clock(clockid_t id) noexcept {
  timespec now{};
  clock_gettime(id, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

}  // namespace

constinit TraceState trace_state;

std::uint32_t propagation_bits(const Propagation& p) {
  return (p.w3c ? 1u : 0u) | (p.b3_single ? 2u : 0u) | (p.b3_multi ? 4u : 0u) | (p.baggage ? 8u : 0u) |
         (p.request_ids ? 16u : 0u);
}

Propagation propagation_of(std::uint32_t bits) {
  return {.w3c = (bits & 1) != 0,
          .b3_single = (bits & 2) != 0,
          .b3_multi = (bits & 4) != 0,
          .baggage = (bits & 8) != 0,
          .request_ids = (bits & 16) != 0};
}

std::int64_t tracer_now_ns() noexcept {
  if (auto* const clock = trace_state.clock.load(std::memory_order_relaxed)) return clock();
  return read_clock(CLOCK_MONOTONIC);
}

std::int64_t tracer_offset_ns() noexcept {
  if (trace_state.clock.load(std::memory_order_relaxed) != nullptr) return 0;
  return read_clock(CLOCK_REALTIME) - read_clock(CLOCK_MONOTONIC);
}

SpanProcessor* set_span_processor(SpanProcessor* processor) noexcept {
  SpanProcessor* const before = trace_state.processor.exchange(processor, std::memory_order_acq_rel);
  if (processor != nullptr) {
    trace_state.mode.fetch_or(TraceState::kExport, std::memory_order_release);
  } else {
    trace_state.mode.fetch_and(~TraceState::kExport, std::memory_order_release);
  }
  return before;
}

// The last 63 bits of the id as a fraction, as other implementations take them.
bool sampled_as_root(TraceId id) noexcept {
  const std::uint64_t limit = trace_state.ratio_below.load(std::memory_order_relaxed);
  return limit == UINT64_MAX || (id.low >> 1) < limit;
}

std::uint64_t ratio_limit(const Sampler& sampler) {
  switch (sampler.root) {
    case Sampler::Root::kAlwaysOn:
      return UINT64_MAX;
    case Sampler::Root::kAlwaysOff:
      return 0;
    case Sampler::Root::kRatio:
      break;
  }
  if (!(sampler.ratio > 0)) return 0;
  if (sampler.ratio >= 1) return UINT64_MAX;
  return static_cast<std::uint64_t>(std::ldexp(sampler.ratio, 63));
}

void init(const Config& config) {
  TraceState& state = trace_state;
  state.clock.store(config.clock);
  state.ratio_below.store(ratio_limit(config.sampler));
  state.attributes_max.store(config.limits.attributes_max);
  state.attribute_bytes_max.store(config.limits.attribute_bytes_max);
  state.events_max.store(config.limits.events_max);
  state.links_max.store(config.limits.links_max);
  state.propagation.store(propagation_bits(config.propagation));
  const std::uint32_t mode = (config.ids ? TraceState::kIds : 0) | (config.span_events ? TraceState::kSpanEvents : 0) |
                             (config.sampler.parent_based ? TraceState::kParentBased : 0) |
                             (config.limits.attribute_bytes_max != UINT32_MAX ? TraceState::kLimitedTexts : 0);
  std::uint32_t before = state.mode.load();
  while (!state.mode.compare_exchange_weak(before, mode | (before & TraceState::kExport))) {
  }
  for (const std::string& warning : config.warnings) kTarget.warn("{}", warning);
}

}  // namespace trilobite::trace
