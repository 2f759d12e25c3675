#include "server/request_trace.h"

#include <fmt/core.h>
#include <trilobite/trace_headers.h>

namespace trilobite::server {
namespace {

using trace::kv;

// The target whose spans exist at any level of the log, unless directives say otherwise.
constexpr trace::SpanType kRequest{"request_span", "request"};

bool is_untraced(std::string_view path) {
  return path == "/metrics" || path == "/prometheus/metrics" || path == "/ready" || path == "/health" ||
         path.ends_with("/v1/traces");
}

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

trace::Span start_request_span(const http::Request& request, std::chrono::nanoseconds since_header) {
  if (is_untraced(request.path)) return {};
  const trace::Context parent = trace::extract(request.headers);
  trace::Start how;
  how.parent = &parent;
  how.kind = trace::Kind::kServer;
  how.time_ns = now_ns() - since_header.count();
  // Names of OpenTelemetry's conventions. Lines that are logged meanwhile show them too.
  return kRequest.start_detached(how, kv("http.request.method", request.method), kv("url.path", request.path));
}

void end_request_span(trace::Span& span, const http::Request& request, int status, std::uint64_t bytes_in,
                      std::uint64_t bytes_out) {
  if (span.recording()) {
    span.set(kv("http.response.status_code", status), kv("http.request.body.size", bytes_in),
             kv("http.response.body.size", bytes_out), kv("client.address", request.remote));
    if (!request.route.empty()) {
      span.set(kv("http.route", request.route));
      span.rename(fmt::format("{} {}", request.method, request.route));
    }
    if (status >= 500) span.status(trace::Status::kError);
  }
  span.end();
}

}  // namespace trilobite::server
