#include "span_lines.h"

#include <algorithm>

#include <trilobite/log.h>

#include "current_span.h"
#include "process_log.h"
#include "trace_state.h"

namespace trilobite::trace {
namespace {

// The line belongs to the span, whatever is current.
void write_line(SpanData& span, std::string_view message, const log::Field* fields, std::size_t count) noexcept {
  SpanData* const before = log::detail::this_span;
  log::detail::this_span = &span;
  const SpanType& type = *span.type;
  log::detail::submit({type.target(), message, type.file(), type.line(), type.level()}, {fields, count});
  log::detail::this_span = before;
}

bool span_events() noexcept {
  return (trace_state.mode.load(std::memory_order_relaxed) & TraceState::kSpanEvents) != 0;
}

}  // namespace

void write_first_entry(SpanData& span) noexcept {
  if (!span.shown() || !span_events() || span.entered_before.exchange(true, std::memory_order_relaxed)) return;
  write_line(span, "SPAN_FIRST_ENTRY", nullptr, 0);
}

void write_closed(SpanData& span) noexcept {
  if (!span_events()) return;
  const std::int64_t busy_ns = std::max<std::int64_t>(span.busy_ns.load(std::memory_order_relaxed), 0);
  const std::int64_t idle_ns = std::max<std::int64_t>(span.end_ns.load() - span.start_ns - busy_ns, 0);
  const std::int64_t busy_us = busy_ns / 1'000, idle_us = idle_ns / 1'000;
  const log::Field fields[] = {log::kv("time.busy_us", busy_us), log::kv("time.idle_us", idle_us),
                               log::kv("time.duration_us", busy_us + idle_us)};
  write_line(span, "SPAN_CLOSED", fields, 3);
}

void leave_current(SpanData* span) noexcept {
  std::int64_t entered_ns = 0;
  span->retain();  // what the stack holds may be the last one
  if (pop_current(span, entered_ns) && span->timed) {
    span->busy_ns.fetch_add(tracer_now_ns() - entered_ns, std::memory_order_relaxed);
  }
  span->release();
}

void append_attribute(SpanData& span, const log::Field& field) noexcept {
  if (span.attribute_count >= trace_state.attributes_max.load(std::memory_order_relaxed) ||
      !span.attributes.append(limited(field))) {
    ++span.dropped_attributes;
    return;
  }
  ++span.attribute_count;
}

log::Field limited(const log::Field& field) noexcept {
  if ((trace_state.mode.load(std::memory_order_relaxed) & TraceState::kLimitedTexts) == 0) [[likely]]
    return field;
  const std::size_t max = trace_state.attribute_bytes_max.load(std::memory_order_relaxed);
  if (!field.value.is_text() || field.value.text().size() <= max) return field;
  std::string_view text = field.value.text().substr(0, max);
  // Not in the middle of a letter.
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(field.value.text()[at]) & 0xc0) == 0x80;
  };
  for (int back = 0; back < 3 && !text.empty() && continues(text.size()); ++back) text.remove_suffix(1);
  return {field.key, log::Value::of_text(text, field.value.kind())};
}

}  // namespace trilobite::trace
