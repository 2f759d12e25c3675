// The parts of a query, as spans of the request it came in.
#pragma once

#include <trilobite/trace.h>

#include "base/result.h"

namespace trilobite::api {

inline constexpr trace::SpanType kParseSpan{"trilobite::query", "query.parse"};
inline constexpr trace::SpanType kExecuteSpan{"trilobite::query", "query.execute"};

// The text is an attribute where the span is exported: it may be long.
inline trace::Span start_parsing(std::string_view language, std::string_view query) {
  trace::Span span = kParseSpan.start();
  if (span.recording()) span.set(trace::kv("query.language", language), trace::kv("query.text", query));
  return span;
}

// An error is the span's.
template <class T>
void end_span(trace::Span& span, const Result<T>& outcome) {
  if (!outcome.ok()) span.status(trace::Status::kError, outcome.error().message);
  span.end();
}

}  // namespace trilobite::api
