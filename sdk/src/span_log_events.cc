#include "span_log_events.h"

#include <algorithm>
#include <new>
#include <string>

#include <trilobite/trace_names.h>

#include "line_format.h"
#include "span_lines.h"
#include "trace_state.h"

namespace trilobite::trace {
namespace {

// What the lines of one span may hold, beside their number: a span may be open for hours.
constexpr std::size_t kLineBytesMax = 256 << 10;

// Lines of the bridge from other logging systems say where they come from in fields of these names.
constexpr std::string_view kBridged = "log.";

log::Field text(std::string_view key, std::string_view value) { return {key, log::Value::of_text(value)}; }

SpanData* recorded_span(SpanData* span) {
  while (span != nullptr && !span->shown() && !span->remote) span = span->parent;
  return span != nullptr && span->shown() && span->recording() ? span : nullptr;
}

// SPAN_FIRST_ENTRY and SPAN_CLOSED are what the log shows of a span, not what happened in it.
bool tells_of_span(const SpanData& span, const log::Event& line) {
  return line.line == span.type->line() && line.target == span.type->target() &&
         (line.message == names::kSpanClosed || line.message == names::kSpanFirstEntry);
}

struct Origin {
  std::string_view target;
  std::string_view file;
  std::uint64_t line;
  bool bridged;
};

Origin origin_of(const log::Event& line) {
  Origin origin{.target = line.target, .file = line.file, .line = line.line, .bridged = line.target == "log"};
  if (!origin.bridged) return origin;
  for (const log::Field& field : line.fields) {
    if (field.key == "log.target" && field.value.is_text()) origin.target = field.value.text();
    if (field.key == "log.file" && field.value.is_text()) origin.file = field.value.text();
    if (field.key == "log.line" && !field.value.is_text()) origin.line = field.value.as_uint();
  }
  return origin;
}

struct Made {
  SpanEvent event;
  std::string error;  // for the span's status
  std::size_t bytes = 0;
};

Made event_of(const SpanData& span, const log::Event& line) {
  Made made;
  const Origin origin = origin_of(line);
  auto fields = std::make_unique<AttributeBytes>();
  const auto put = [&](const log::Field& field) { static_cast<void>(fields->append(limited(field))); };
  put(text("level", log::level_label(line.level)));
  put(text("target", origin.target));
  made.event.name = std::string(line.message.substr(0, AttributeBytes::kBytesMax));
  for (const log::Field& field : line.fields) {
    if (origin.bridged && field.key.starts_with(kBridged)) continue;
    if (made.event.name.empty() && field.key == "error" && field.value.is_text()) {  // all it says is an error
      made.event.name = "exception";
      made.error = std::string(field.value.text());
      put(text("exception.message", field.value.text()));
    } else {
      put(field);
    }
  }
  if (!origin.file.empty()) {
    put(text("code.file.path", origin.file));
    put({"code.line.number", log::Value::of_uint(origin.line)});
  }
  if (made.event.name.empty()) {
    made.event.name = "event " + std::string(origin.file) + ":" + std::to_string(origin.line);
  }
  made.bytes = made.event.name.size() + fields->size();
  // The two clocks may differ by some nanoseconds; a line is not older than its span.
  made.event.time_ns = std::max(line.time_ns - tracer_offset_ns(), span.start_ns);
  made.event.fields = std::move(fields);
  return made;
}

}  // namespace

bool takes_log_events(SpanData* innermost) noexcept { return recorded_span(innermost) != nullptr; }

void add_log_event(SpanData& innermost, const log::Event& line) noexcept {
  SpanData* const span = recorded_span(&innermost);
  if (span == nullptr || tells_of_span(*span, line)) return;
  const std::uint32_t max = trace_state.events_max.load(std::memory_order_relaxed);
  try {
    const SpanData::Locked lock(*span);
    SpanExtras& extras = span->make_extras();
    const bool room = extras.lines.size() < max && extras.line_bytes < kLineBytesMax;
    std::string error;
    if (room) {
      Made made = event_of(*span, line);
      error = std::move(made.error);
      extras.line_bytes += made.bytes;
      extras.lines.push_back(std::move(made.event));
    } else {
      ++extras.dropped_events;
    }
    if (span->status != Status::kUnset || (line.level != log::Level::kError && error.empty())) return;
    span->status = Status::kError;
    extras.status_description = std::move(error);
  } catch (const std::bad_alloc&) {
    // The line is in the log.
  }
}

EventsInOrder events_in_order(const SpanExtras& extras) {
  EventsInOrder out;
  out.dropped = extras.dropped_events;
  for (const SpanEvent& event : extras.events) out.events.push_back(&event);
  for (const SpanEvent& line : extras.lines) out.events.push_back(&line);
  std::stable_sort(out.events.begin(), out.events.end(),
                   [](const SpanEvent* a, const SpanEvent* b) { return a->time_ns < b->time_ns; });
  const std::size_t max = trace_state.events_max.load(std::memory_order_relaxed);
  if (out.events.size() > max) {
    out.dropped += static_cast<std::uint32_t>(out.events.size() - max);
    out.events.resize(max);
  }
  return out;
}

}  // namespace trilobite::trace
