// The spans this thread is in. What a log record needs is current_span(): retain() it, keep attributes.size() with it,
// show both with span_views.h, release() it.
#pragma once

#include <cstdint>

#include <trilobite/log_record.h>

#include "span_data.h"

namespace trilobite::trace {

// Trivial on purpose: reading it costs no initialisation, and it stays readable while the thread ends.
struct ThreadSpans {
  struct Entry {
    SpanData* span;           // holds a reference
    std::int64_t entered_ns;  // of the tracer's clock; 0 where nobody asks
  };
  static constexpr std::uint32_t kInline = 16;

  Entry* entries;  // null: inline_entries
  std::uint32_t size;
  std::uint32_t capacity;  // of entries
  Entry inline_entries[kInline];
};

extern thread_local constinit ThreadSpans thread_spans;

// Borrowed; null: none. May be a context that is not shown itself (SpanData::shown).
inline SpanData* current_span() noexcept { return log::detail::this_span; }

// The innermost span that lines show; null: none.
inline SpanData* shown_span(SpanData* span) noexcept {
  while (span != nullptr && !span->shown()) span = span->parent;
  return span;
}

// Makes span current; takes a reference of its own. False when there is no memory to remember it.
bool push_current(SpanData* span, std::int64_t now_ns) noexcept;

// Undoes the last push of span on this thread and returns its time of entry. False: it was not there.
bool pop_current(SpanData* span, std::int64_t& entered_ns) noexcept;

}  // namespace trilobite::trace
