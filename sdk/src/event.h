// One line to be written, before its format is known. Everything is borrowed for the call.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <trilobite/log_value.h>

namespace trilobite::trace {
class SpanData;
}  // namespace trilobite::trace

namespace trilobite::log {

class CallSite;

// An active span, as lines show it.
struct SpanView {
  std::string_view name;
  std::string_view fields;  // rendered: `method=POST order="A-7"`
  std::string_view trace_id;
  std::string_view span_id;
  // Left out of JSONL lines when empty.
  std::string_view parent_id;
  std::string_view tracestate;
  std::string_view x_request_id;
  std::string_view x_dynamo_request_id;
  // Not 0: any view of this number is the same, so what was made of it can be kept.
  std::uint64_t version = 0;
};

struct Event {
  std::int64_t time_ns = 0;  // since 1970, UTC
  Level level = Level::kInfo;
  std::string_view target;
  std::string_view file;  // empty: unknown, line too
  std::uint32_t line = 0;
  std::string_view message;
  std::span<const Field> fields;
  std::span<const SpanView> spans;  // outermost first
  CallSite* site = nullptr;         // of the statement; what it remembers makes formatting faster
  trace::SpanData* span = nullptr;  // the innermost context; null: none
  bool message_in_pieces = false;   // message is empty; it consists of the site's pieces and of arguments
  std::span<const Value> arguments{};
};

}  // namespace trilobite::log
