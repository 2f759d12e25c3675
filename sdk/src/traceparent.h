// The single headers that say which trace a message belongs to.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <trilobite/trace.h>

namespace trilobite::trace {

struct RemoteParent {
  TraceId trace_id;
  SpanId span_id;
  std::uint8_t flags = 0;  // kFlagSampled, kFlagRandom
};

// https://www.w3.org/TR/trace-context/: lower-case hex, no zero ids, version ff refused, later versions read as far as
// they are known.
std::optional<RemoteParent> parse_traceparent(std::string_view header);
std::string format_traceparent(const RemoteParent& parent);

// Several tracestate headers, in their order, as one. Returns "" when a member is malformed, a key is there twice, or
// there are more than 32 members; empty members are left out.
std::string joined_tracestate(std::string_view headers);

// https://github.com/openzipkin/b3-propagation
std::optional<RemoteParent> parse_b3(std::string_view header);
struct B3Headers {
  std::string_view trace_id, span_id, sampled, flags;
};
std::optional<RemoteParent> parse_b3(const B3Headers& headers);

}  // namespace trilobite::trace
