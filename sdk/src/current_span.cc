#include "current_span.h"

#include <algorithm>
#include <new>

namespace trilobite::trace {

// log::detail::this_span is the span of the last entry.
thread_local constinit ThreadSpans thread_spans{};

bool push_current(SpanData* span, std::int64_t now_ns) noexcept {
  ThreadSpans& spans = thread_spans;
  ThreadSpans::Entry* entries = spans.entries == nullptr ? spans.inline_entries : spans.entries;
  const std::uint32_t capacity = spans.entries == nullptr ? ThreadSpans::kInline : spans.capacity;
  if (spans.size == capacity) [[unlikely]] {
    auto* larger = new (std::nothrow) ThreadSpans::Entry[std::size_t{2} * capacity];
    if (larger == nullptr) return false;
    std::copy_n(entries, spans.size, larger);
    delete[] spans.entries;
    spans.entries = entries = larger;
    spans.capacity = 2 * capacity;
  }
  span->retain();
  entries[spans.size++] = {span, now_ns};
  log::detail::this_span = span;
  return true;
}

bool pop_current(SpanData* span, std::int64_t& entered_ns) noexcept {
  ThreadSpans& spans = thread_spans;
  ThreadSpans::Entry* const entries = spans.entries == nullptr ? spans.inline_entries : spans.entries;
  std::uint32_t at = spans.size;
  while (at > 0 && entries[at - 1].span != span) --at;  // spans may end in another order than they began
  if (at == 0) return false;
  entered_ns = entries[at - 1].entered_ns;
  std::copy(entries + at, entries + spans.size, entries + at - 1);
  --spans.size;
  log::detail::this_span = spans.size == 0 ? nullptr : entries[spans.size - 1].span;
  if (spans.size == 0 && spans.entries != nullptr) {
    delete[] spans.entries;
    spans.entries = nullptr;
    spans.capacity = 0;
  }
  span->release();
  return true;
}

}  // namespace trilobite::trace
