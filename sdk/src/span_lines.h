// The steps of a span's life that several places share, and the two lines that tell of it.
#pragma once

#include "span_data.h"

namespace trilobite::trace {

// SPAN_FIRST_ENTRY, if span events are on and this is the first one.
void write_first_entry(SpanData& span) noexcept;
// SPAN_CLOSED with time.busy_us, time.idle_us and time.duration_us.
void write_closed(SpanData& span) noexcept;

// Takes span out of this thread's current ones and adds the time it was in there.
void leave_current(SpanData* span) noexcept;

// Appends within the limits. With the lock, or before the span is shared.
void append_attribute(SpanData& span, const log::Field& field) noexcept;

// The field with its text cut to the configured length.
log::Field limited(const log::Field& field) noexcept;

}  // namespace trilobite::trace
