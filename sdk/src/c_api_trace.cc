// Contexts and spans. Handles are made by new and freed by delete here, because C has no owners.
#include <memory>
#include <string>

#include <trilobite/trace.h>
#include <trilobite/trace_headers.h>

#include "c_api_handles.h"
#include "c_api_text.h"

using namespace trilobite;  // NOLINT(google-build-using-namespace): the functions below are outside any

namespace {

tri_context* hand_out(trace::Context context) {
  if (!context) return nullptr;
  return std::make_unique<tri_context>(tri_context{std::move(context)}).release();
}

template <class Id>
void put_hex(Id id, char* out, std::size_t size) {
  const std::string text = id ? to_hex(id) : std::string();
  c_api::tell(text, out, size);
}

}  // namespace

extern "C" {

tri_span* tri_span_start(tri_text target, tri_text name, int level, int kind, const tri_context* parent,
                         const tri_field* fields, size_t field_count) {
  if (level < TRI_ERROR || level > TRI_TRACE || kind < TRI_INTERNAL || kind > TRI_CONSUMER) return nullptr;
  const auto& type = trace::SpanType::named(c_api::view(target), c_api::view(name), static_cast<trace::Level>(level));
  const trace::Context above = parent != nullptr ? parent->context : trace::Context();
  const auto list = c_api::to_fields(fields, field_count);
  trace::Span span =
      type.begin({.parent = &above, .kind = static_cast<trace::Kind>(kind)}, list.data(), list.size(), /*enter=*/false);
  if (!span) return nullptr;
  return std::make_unique<tri_span>(tri_span{std::move(span)}).release();
}

void tri_span_set(tri_span* span, const tri_field* fields, size_t field_count) {
  if (span == nullptr) return;
  const auto list = c_api::to_fields(fields, field_count);
  span->span.set_fields(list.data(), list.size());
}

void tri_span_event(tri_span* span, tri_text name, const tri_field* fields, size_t field_count) {
  if (span == nullptr) return;
  const auto list = c_api::to_fields(fields, field_count);
  span->span.add_event(c_api::view(name), list.data(), list.size());
}

void tri_span_link(tri_span* span, const tri_context* to) {
  if (span != nullptr && to != nullptr) span->span.link(to->context);
}

void tri_span_status(tri_span* span, int status, tri_text description) {
  if (span == nullptr || status < TRI_UNSET || status > TRI_FAILED) return;
  span->span.status(static_cast<trace::Status>(status), c_api::view(description));
}

void tri_span_exception(tri_span* span, tri_text type, tri_text message, tri_text stacktrace) {
  if (span == nullptr) return;
  span->span.exception(c_api::view(type), c_api::view(message), c_api::view(stacktrace));
}

void tri_span_end(tri_span* span) {
  const std::unique_ptr<tri_span> owned(span);
  if (owned) owned->span.end();
}

tri_context* tri_span_context(const tri_span* span) {
  return span != nullptr ? hand_out(span->span.context()) : nullptr;
}

tri_context* tri_context_extract(const tri_text* names, const tri_text* values, size_t count) {
  trace::HeaderReader reader;
  for (std::size_t i = 0; names != nullptr && values != nullptr && i < count; ++i)
    reader.add(c_api::view(names[i]), c_api::view(values[i]));
  return hand_out(reader.context());
}

void tri_context_inject(const tri_context* context, void (*set)(void* user, tri_text name, tri_text value),
                        void* user) {
  if (context == nullptr || set == nullptr) return;
  trace::inject(context->context, [&](std::string_view name, std::string_view value) {
    set(user, {name.data(), name.size()}, {value.data(), value.size()});
  });
}

void tri_context_trace_id(const tri_context* context, char out[33]) {
  put_hex(context != nullptr ? context->context.trace_id() : trace::TraceId(), out, 33);
}

void tri_context_span_id(const tri_context* context, char out[17]) {
  put_hex(context != nullptr ? context->context.span_id() : trace::SpanId(), out, 17);
}

void tri_context_free(tri_context* context) { const std::unique_ptr<tri_context> owned(context); }

}  // extern "C"
