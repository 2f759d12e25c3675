// Context, Entered and what a Span does between its start (span_start.cc) and its end (span_end.cc).
#include <trilobite/trace.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <typeinfo>

#include <cxxabi.h>

#include "baggage.h"
#include "current_span.h"
#include "span_lines.h"
#include "trace_state.h"

namespace trilobite::trace {

Entered::Entered(SpanData* data) noexcept {
  if (data == nullptr) return;
  if (!push_current(data, data->timed ? tracer_now_ns() : 0)) return;
  data->retain();
  data_ = data;
  write_first_entry(*data);
}

Entered& Entered::operator=(Entered&& other) noexcept {
  std::swap(data_, other.data_);
  return *this;
}

void Entered::leave() noexcept {
  if (data_ == nullptr) return;
  leave_current(data_);
  data_->release();
  data_ = nullptr;
}

Context::Context(const Context& other) noexcept : data_(other.data_) {
  if (data_ != nullptr) data_->retain();
}
Context& Context::operator=(Context other) noexcept {
  std::swap(data_, other.data_);
  return *this;
}
Context::~Context() {
  if (data_ != nullptr) data_->release();
}

Context Context::current() noexcept {
  SpanData* const span = current_span();
  if (span != nullptr) span->retain();
  return Context(span, nullptr);
}

TraceId Context::trace_id() const noexcept { return data_ == nullptr ? TraceId{} : data_->trace_id; }
SpanId Context::span_id() const noexcept { return data_ == nullptr ? SpanId{} : data_->span_id; }
bool Context::sampled() const noexcept { return data_ != nullptr && (data_->flags & kFlagSampled) != 0; }
bool Context::remote() const noexcept { return data_ != nullptr && data_->remote; }

namespace {

std::string_view travelling(const SpanData* data, std::string RequestData::*member) {
  return data == nullptr || data->request == nullptr ? std::string_view() : std::string_view(data->request->*member);
}

}  // namespace

std::string_view Context::tracestate() const noexcept { return travelling(data_, &RequestData::tracestate); }
std::string_view Context::x_request_id() const noexcept { return travelling(data_, &RequestData::x_request_id); }
std::string_view Context::x_dynamo_request_id() const noexcept {
  return travelling(data_, &RequestData::x_dynamo_request_id);
}
std::string_view Context::baggage() const noexcept { return travelling(data_, &RequestData::baggage); }

Context Context::with_baggage(std::string_view header) const {
  SpanData* const data = SpanData::make();
  if (data == nullptr) return *this;
  auto request = std::make_unique<RequestData>();
  if (data_ != nullptr) {
    data->trace_id = data_->trace_id;
    data->span_id = data_->span_id;
    data->flags = data_->flags;
    data->remote = data_->remote;
    data->scope = data_->scope;
    data->depth = data_->depth;
    data_->retain();
    data->parent = data_;
    if (const RequestData* const before = data_->request) {
      request->tracestate = before->tracestate;
      request->x_request_id = before->x_request_id;
      request->x_dynamo_request_id = before->x_dynamo_request_id;
    }
  }
  request->baggage = valid_baggage(header);
  data->request = request.release();
  return Context(data, nullptr);
}

Entered Context::attach() const noexcept { return Entered(data_); }

Span& Span::operator=(Span&& other) noexcept {
  if (this != &other) {
    if (data_ != nullptr) end();
    data_ = other.data_;
    entered_ = other.entered_;
    own_ = other.own_;
    other.data_ = nullptr;
  }
  return *this;
}

bool Span::recording() const noexcept { return data_ != nullptr && own_ && data_->recording(); }

void Span::set_fields(const log::Field* fields, std::size_t count) noexcept {
  if (!own_) return;
  const SpanData::Locked lock(*data_);
  for (std::size_t i = 0; i < count; ++i) append_attribute(*data_, fields[i]);
}

namespace {

OwnedFields owned(const log::Field* fields, std::size_t count) {
  if (count == 0) return nullptr;
  auto list = std::make_unique<AttributeBytes>();
  for (std::size_t i = 0; i < count; ++i) static_cast<void>(list->append(limited(fields[i])));
  return list;
}

}  // namespace

void Span::add_event(std::string_view name, const log::Field* fields, std::size_t count) noexcept {
  if (!recording()) return;
  const std::int64_t now_ns = tracer_now_ns();
  const std::uint32_t max = trace_state.events_max.load(std::memory_order_relaxed);
  const SpanData::Locked lock(*data_);
  try {
    SpanExtras& extras = data_->make_extras();
    if (extras.events.size() >= max) {
      ++extras.dropped_events;
    } else {
      extras.events.push_back({.time_ns = now_ns, .name = std::string(name), .fields = owned(fields, count)});
    }
  } catch (const std::bad_alloc&) {
    if (data_->extras != nullptr) ++data_->extras->dropped_events;
  }
}

void Span::add_link(const Context& to, const log::Field* fields, std::size_t count) noexcept {
  if (!recording() || !to.span_id()) return;
  const std::uint32_t max = trace_state.links_max.load(std::memory_order_relaxed);
  const SpanData::Locked lock(*data_);
  try {
    SpanExtras& extras = data_->make_extras();
    if (extras.links.size() >= max) {
      ++extras.dropped_links;
    } else {
      extras.links.push_back({.trace_id = to.trace_id(),
                              .span_id = to.span_id(),
                              .flags = to.data()->flags,
                              .remote = to.remote(),
                              .tracestate = std::string(to.tracestate()),
                              .fields = owned(fields, count)});
    }
  } catch (const std::bad_alloc&) {
    if (data_->extras != nullptr) ++data_->extras->dropped_links;
  }
}

void Span::status(Status status, std::string_view description) noexcept {
  if (!recording() || status == Status::kUnset) return;
  const SpanData::Locked lock(*data_);
  if (data_->status == Status::kOk) return;
  data_->status = status;
  try {
    if (status == Status::kError && !description.empty()) {
      data_->make_extras().status_description = std::string(description);
    } else if (data_->extras != nullptr) {
      data_->extras->status_description.clear();
    }
  } catch (const std::bad_alloc&) {
  }
}

void Span::rename(std::string_view name) noexcept {
  if (!recording()) return;
  const SpanData::Locked lock(*data_);
  try {
    data_->make_extras().new_name = std::string(name);
  } catch (const std::bad_alloc&) {
  }
}

void Span::exception(const std::exception& failure) noexcept {
  if (!recording()) return;
  int problem = 0;
  const char* const mangled = typeid(failure).name();
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(mangled, nullptr, nullptr, &problem),
                                                         &std::free);
  exception(name == nullptr ? std::string_view(mangled) : std::string_view(name.get()), failure.what());
}

void Span::exception(std::string_view type, std::string_view message, std::string_view stacktrace) noexcept {
  if (!recording()) return;
  const auto text = [](std::string_view key, std::string_view value) {
    return log::Field{key, log::Value::of_text(value, log::ValueKind::kDisplay)};
  };
  const log::Field fields[] = {text("exception.type", type), text("exception.message", message),
                               text("exception.stacktrace", stacktrace)};
  add_event("exception", fields, stacktrace.empty() ? 2 : 3);
  bool unset = false;
  {
    const SpanData::Locked lock(*data_);
    unset = data_->status == Status::kUnset;
  }
  if (unset) status(Status::kError, message);
}

Context Span::context() const noexcept {
  if (data_ != nullptr) data_->retain();
  return Context(data_, nullptr);
}

void Span::suspend() noexcept {
  if (data_ == nullptr || !entered_) return;
  leave_current(data_);
  entered_ = false;
}

void Span::resume() noexcept {
  if (data_ == nullptr || entered_) return;
  entered_ = push_current(data_, data_->timed ? tracer_now_ns() : 0);
  if (entered_) write_first_entry(*data_);
}

}  // namespace trilobite::trace
