// Lines logged inside a recorded span become its events. That happens where lines are written (Logger::pass), so that a
// log statement costs no more in a recorded span; who encodes spans calls log::flush() before.
#pragma once

#include <cstdint>
#include <vector>

#include "event.h"
#include "span_data.h"

namespace trilobite::trace {

// Whether add_log_event() does anything; it needs the line's message then.
bool takes_log_events(SpanData* innermost) noexcept;

// innermost: the span the line was logged in. Nothing happens when the nearest span of this process is not recorded.
// The event's name is the message; level and target, the line's fields and its place are its attributes. A line of
// ERROR gives a span without status the status kError.
void add_log_event(SpanData& innermost, const log::Event& line) noexcept;

// The events of a span, its lines among them, in the order of time: as many as are allowed. With the span's lock.
struct EventsInOrder {
  std::vector<const SpanEvent*> events;
  std::uint32_t dropped = 0;
};
EventsInOrder events_in_order(const SpanExtras& extras);

}  // namespace trilobite::trace
