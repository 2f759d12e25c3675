// Random ids for traces and spans: fast, not secret. Each thread has its own generator, seeded by the system, and again
// after fork.
#pragma once

#include <cstdint>

#include <trilobite/trace.h>

namespace trilobite::trace {

TraceId random_trace_id() noexcept;  // never zero
SpanId random_span_id() noexcept;    // never zero
void random_bytes(unsigned char* out, std::uint32_t size) noexcept;

}  // namespace trilobite::trace
