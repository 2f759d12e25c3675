#include "otlp_spans.h"

#include <algorithm>
#include <vector>

#include "otlp_values.h"
#include "protobuf_writer.h"
#include "span_log_events.h"

namespace trilobite::trace {
namespace {

// Bits of Span.flags beside those of the header.
constexpr std::uint32_t kKnowsIfRemote = 0x100;
constexpr std::uint32_t kIsRemote = 0x200;

class SpanEncoder {
 public:
  SpanEncoder(ProtobufWriter& writer, std::int64_t offset_ns) : writer_(writer), offset_ns_(offset_ns) {}

  void put(SpanData& span) {
    const SpanData::Locked lock(span);
    put_ids(span);
    const SpanExtras* const extras = span.extras.get();
    const bool renamed = extras != nullptr && !extras->new_name.empty();
    otlp::put_text(writer_, 5, renamed ? std::string_view(extras->new_name) : span.name);
    writer_.uint64(6, static_cast<std::uint64_t>(span.kind));
    const std::int64_t end_ns = span.end_ns.load(std::memory_order_relaxed);
    writer_.fixed64(7, static_cast<std::uint64_t>(span.start_ns + offset_ns_));
    writer_.fixed64(8, static_cast<std::uint64_t>(end_ns + offset_ns_));
    put_attributes(9, &span.attributes);
    put_place(span, end_ns);
    if (span.dropped_attributes != 0) writer_.uint64(10, span.dropped_attributes);
    if (extras != nullptr) put_extras(*extras);
    if (span.status != Status::kUnset) put_status(span);
    writer_.fixed32(16, span.flags | kKnowsIfRemote | (span.parent_is_remote ? kIsRemote : 0));
  }

 private:
  void put_id(std::uint32_t field, TraceId id) {
    const std::uint64_t halves[] = {__builtin_bswap64(id.high), __builtin_bswap64(id.low)};
    writer_.bytes(field, {reinterpret_cast<const char*>(halves), sizeof halves});
  }
  void put_id(std::uint32_t field, SpanId id) {
    const std::uint64_t bytes = __builtin_bswap64(id.value);
    writer_.bytes(field, {reinterpret_cast<const char*>(&bytes), sizeof bytes});
  }

  void put_ids(const SpanData& span) {
    put_id(1, span.trace_id);
    put_id(2, span.span_id);
    if (span.request != nullptr && !span.request->tracestate.empty()) writer_.bytes(3, span.request->tracestate);
    if (span.parent_id) put_id(4, span.parent_id);
  }

  // Of several attributes of one key the last counts.
  void put_attributes(std::uint32_t field, const AttributeBytes* attributes) {
    if (attributes == nullptr) return;
    fields_.clear();
    attributes->each(attributes->size(), [&](const log::Field& one) {
      const auto same = std::find_if(fields_.begin(), fields_.end(), [&](const auto& f) { return f.key == one.key; });
      if (same == fields_.end()) {
        fields_.push_back(one);
      } else {
        same->value = one.value;
      }
    });
    for (const log::Field& one : fields_) otlp::put_attribute(writer_, field, one.key, one.value);
  }

  // What is known of every span.
  void put_place(const SpanData& span, std::int64_t end_ns) {
    const auto text = [](std::string_view value) { return log::Value::of_text(value); };
    const SpanType& type = *span.type;
    if (type.file() != nullptr) {
      otlp::put_attribute(writer_, 9, "code.file.path", text(type.file()));
      otlp::put_attribute(writer_, 9, "code.line.number", log::Value::of_uint(type.line()));
    }
    otlp::put_attribute(writer_, 9, "target", text(type.target()));
    otlp::put_attribute(writer_, 9, "thread.id", log::Value::of_uint(span.thread_id));
    if (span.thread_name[0] != '\0') otlp::put_attribute(writer_, 9, "thread.name", text(span.thread_name));
    const std::int64_t busy_ns = span.busy_ns.load(std::memory_order_relaxed);
    otlp::put_attribute(writer_, 9, "busy_ns", log::Value::of_int(busy_ns));
    otlp::put_attribute(writer_, 9, "idle_ns",
                        log::Value::of_int(std::max<std::int64_t>(end_ns - span.start_ns - busy_ns, 0)));
  }

  void put_extras(const SpanExtras& extras) {
    const EventsInOrder ordered = events_in_order(extras);
    for (const SpanEvent* event : ordered.events) {
      writer_.message(11, [&] {
        writer_.fixed64(1, static_cast<std::uint64_t>(event->time_ns + offset_ns_));
        otlp::put_text(writer_, 2, event->name);
        put_attributes(3, event->fields.get());
      });
    }
    if (ordered.dropped != 0) writer_.uint64(12, ordered.dropped);
    for (const SpanLink& link : extras.links) {
      writer_.message(13, [&] {
        put_id(1, link.trace_id);
        put_id(2, link.span_id);
        if (!link.tracestate.empty()) writer_.bytes(3, link.tracestate);
        put_attributes(4, link.fields.get());
        writer_.fixed32(6, link.flags | kKnowsIfRemote | (link.remote ? kIsRemote : 0));
      });
    }
    if (extras.dropped_links != 0) writer_.uint64(14, extras.dropped_links);
  }

  void put_status(const SpanData& span) {
    writer_.message(15, [&] {
      if (span.extras != nullptr && !span.extras->status_description.empty()) {
        otlp::put_text(writer_, 2, span.extras->status_description);
      }
      writer_.uint64(3, static_cast<std::uint64_t>(span.status));
    });
  }

  ProtobufWriter& writer_;
  const std::int64_t offset_ns_;
  std::vector<log::Field> fields_;
};

}  // namespace

std::string encode_spans(std::span<SpanData* const> spans, std::string_view resource, std::string_view scope,
                         std::int64_t offset_ns) {
  std::string out;
  ProtobufWriter writer(out);
  SpanEncoder encoder(writer, offset_ns);
  writer.message(1, [&] {
    writer.bytes(1, resource);
    writer.message(2, [&] {
      writer.message(1, [&] { otlp::put_text(writer, 1, scope); });
      for (SpanData* span : spans) writer.message(2, [&] { encoder.put(*span); });
    });
  });
  return out;
}

}  // namespace trilobite::trace
