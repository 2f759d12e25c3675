// The span of one request of a client. It continues the trace that the request's headers tell of.
#pragma once

#include <trilobite/trace.h>

#include <chrono>
#include <cstdint>

#include "api/http.h"

namespace trilobite::server {

// Current where it is entered. since_header: how long ago the request's header came. Empty for what is asked all the
// time and says nothing (health, /metrics), and for spans sent to us: ours would beget one with each export.
trace::Span start_request_span(const http::Request& request, std::chrono::nanoseconds since_header);

// Says how the request went, and ends the span.
void end_request_span(trace::Span& span, const http::Request& request, int status, std::uint64_t bytes_in,
                      std::uint64_t bytes_out);

}  // namespace trilobite::server
