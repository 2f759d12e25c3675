// Tracing without macros:
//
//   inline constexpr trilobite::trace::SpanType kCharge{"shop::pay", "charge"};
//   trilobite::trace::Span span = kCharge.start(kv("order", id), kv("amount", 12));
//
// The span is current on this thread until it ends: lines logged meanwhile carry its ids and fields, spans started
// meanwhile are its children. It ends with the object. Where work moves to another thread or a coroutine sleeps, see
// Context::attach, start_detached and <trilobite/trace_coroutine.h>. Filter directives decide which spans exist; those
// that do not are empty objects whose methods do nothing. Nothing here throws.
#pragma once

#include <exception>

#include <trilobite/log_value.h>

namespace trilobite::trace {

using log::kv;
using log::Level;

struct TraceId {
  std::uint64_t high = 0, low = 0;  // big-endian halves
  bool operator==(const TraceId&) const = default;
  explicit operator bool() const { return (high | low) != 0; }
};
struct SpanId {
  std::uint64_t value = 0;
  bool operator==(const SpanId&) const = default;
  explicit operator bool() const { return value != 0; }
};
std::string to_hex(TraceId id);  // 32 lower-case digits
std::string to_hex(SpanId id);   // 16

enum class Kind : std::uint8_t { kInternal = 1, kServer = 2, kClient = 3, kProducer = 4, kConsumer = 5 };
enum class Status : std::uint8_t { kUnset = 0, kOk = 1, kError = 2 };

class SpanData;  // of the library

// Makes a context current on this thread as long as it lives. Meant to end on the thread it was made on; ended on
// another one, the context stays current on the first.
class [[nodiscard]] Entered {
 public:
  Entered() = default;
  Entered(Entered&& other) noexcept : data_(other.data_) { other.data_ = nullptr; }
  Entered& operator=(Entered&& other) noexcept;
  ~Entered() { leave(); }
  void leave() noexcept;

 private:
  friend class Context;
  friend class Span;
  explicit Entered(SpanData* data) noexcept;
  SpanData* data_ = nullptr;
};

// What children and other processes need to know about a span: ids, the sampling decision, and what travels along.
// Cheap to copy, immutable, any thread. Empty: no trace.
class Context {
 public:
  Context() noexcept = default;
  Context(const Context& other) noexcept;
  Context(Context&& other) noexcept : data_(other.data_) { other.data_ = nullptr; }
  Context& operator=(Context other) noexcept;
  ~Context();

  // That of this thread's current span.
  static Context current() noexcept;

  TraceId trace_id() const noexcept;  // zero when empty, and in programs without ids (see trace_setup.h)
  SpanId span_id() const noexcept;
  bool sampled() const noexcept;
  bool remote() const noexcept;  // came from another process
  std::string_view tracestate() const noexcept;
  std::string_view x_request_id() const noexcept;
  std::string_view x_dynamo_request_id() const noexcept;
  std::string_view baggage() const noexcept;  // as the header
  explicit operator bool() const noexcept { return data_ != nullptr; }

  // The same with other baggage, which spans started in it pass on. What is no valid header is left out.
  Context with_baggage(std::string_view header) const;

  // Makes it current on this thread: what a task does that was given the context of the one who started it.
  Entered attach() const noexcept;

  // For the library's other parts.
  explicit Context(SpanData* data, std::nullptr_t) noexcept : data_(data) {}  // takes the reference over
  SpanData* data() const noexcept { return data_; }

 private:
  SpanData* data_ = nullptr;
};

// How a span starts where the defaults do not fit: kType.start(Start{.kind = Kind::kServer}, kv(...)).
struct Start {
  const Context* parent = nullptr;  // null: the current context. An empty one: a new trace.
  Kind kind = Kind::kInternal;
  std::string_view name{};   // instead of the type's; copied
  std::int64_t time_ns = 0;  // since 1970; 0: now
};

// A running span. Moved, not copied; it ends when end() is called or the object goes. Methods may be called by any
// thread, but a span that start() made current leaves only the thread that ends it.
class [[nodiscard]] Span {
 public:
  Span() noexcept = default;
  Span(Span&& other) noexcept : data_(other.data_), entered_(other.entered_), own_(other.own_) {
    other.data_ = nullptr;
  }
  Span& operator=(Span&& other) noexcept;
  ~Span() {
    if (data_ != nullptr) end();
  }

  explicit operator bool() const noexcept { return data_ != nullptr && own_; }  // does it exist
  bool recording() const noexcept;  // will it be exported: tells whether costly attributes are worth making

  // Attributes, shown with each line logged in the span. A later one of the same key replaces the earlier.
  template <class... Fields>
  void set(const Fields&... fields) {
    if (data_ == nullptr) return;
    const log::Field list[] = {log::detail::as_field(fields)..., log::Field{}};
    set_fields(list, sizeof...(fields));
  }
  // Something that happened, with attributes. Exported only; to see it in the log, log it.
  template <class... Fields>
  void event(std::string_view name, const Fields&... fields) {
    if (data_ == nullptr) return;
    const log::Field list[] = {log::detail::as_field(fields)..., log::Field{}};
    add_event(name, list, sizeof...(fields));
  }
  template <class... Fields>
  void link(const Context& to, const Fields&... fields) {
    if (data_ == nullptr) return;
    const log::Field list[] = {log::detail::as_field(fields)..., log::Field{}};
    add_link(to, list, sizeof...(fields));
  }
  // kOk is final; description counts with kError only.
  void status(Status status, std::string_view description = {}) noexcept;
  void rename(std::string_view name) noexcept;  // exported; lines keep the first name

  // The event `exception` with its type, message and stack trace, and the status kError where none is set.
  void exception(const std::exception& failure) noexcept;
  void exception(std::string_view type, std::string_view message, std::string_view stacktrace = {}) noexcept;

  void end() noexcept { end(0); }
  void end(std::int64_t time_ns) noexcept;  // since 1970; 0: now

  Context context() const noexcept;

  // set and event with fields by data, for bindings of other languages.
  void set_fields(const log::Field* fields, std::size_t count) noexcept;
  void add_event(std::string_view name, const log::Field* fields, std::size_t count) noexcept;

  // Current on this thread until the result goes: each time a detached span's work goes on.
  Entered enter() const noexcept { return Entered(data_); }
  // For a span made current by start(): leaves this thread, and comes to whatever thread calls resume().
  void suspend() noexcept;
  void resume() noexcept;

 private:
  friend class SpanType;
  enum class Own : bool { kNo, kYes };
  Span(SpanData* data, bool entered, bool own) noexcept : data_(data), entered_(entered), own_(own) {}
  void add_link(const Context& to, const log::Field* fields, std::size_t count) noexcept;

  SpanData* data_ = nullptr;
  bool entered_ = false;
  bool own_ = false;  // false: stands for the context of a parent whose child the filter rejected
};

// A kind of span: what its spans have in common. Make each a constexpr object of static lifetime. Any thread.
class SpanType {
 public:
  consteval SpanType(std::string_view target, std::string_view name, Level level = Level::kInfo,
                     const char* file = __builtin_FILE(), std::uint32_t line = __builtin_LINE())
      : target_(target), name_(name), file_(file), line_(line), level_(level) {}
  SpanType(const SpanType&) = delete;
  SpanType& operator=(const SpanType&) = delete;

  // A type made at run time, for other languages: the same arguments give the same object, which stays for ever. There
  // may be 10,000 of them; further ones are all named "(too many span types)".
  static const SpanType& named(std::string_view target, std::string_view name, Level level = Level::kInfo,
                               std::string_view file = {}, std::uint32_t line = 0);

  std::string_view target() const { return target_; }
  std::string_view name() const { return name_; }
  Level level() const { return level_; }
  const char* file() const { return file_; }
  std::uint32_t line() const { return line_; }

  // Starts a span that is current on this thread until it ends.
  template <class... Fields>
  Span start(const Fields&... fields) const {
    return start(Start{}, fields...);
  }
  template <class... Fields>
  Span start(const Start& how, const Fields&... fields) const {
    const log::Field list[] = {log::detail::as_field(fields)..., log::Field{}};
    return begin(how, list, sizeof...(fields), true);
  }
  // Starts a span that is current only where it is entered.
  template <class... Fields>
  Span start_detached(const Fields&... fields) const {
    return start_detached(Start{}, fields...);
  }
  template <class... Fields>
  Span start_detached(const Start& how, const Fields&... fields) const {
    const log::Field list[] = {log::detail::as_field(fields)..., log::Field{}};
    return begin(how, list, sizeof...(fields), false);
  }
  // Both with fields by data, for bindings of other languages; enter: current on this thread.
  Span begin(const Start& how, const log::Field* fields, std::size_t count, bool enter) const noexcept;

 private:
  struct AtRunTime {};
  SpanType(AtRunTime, std::string_view target, std::string_view name, Level level, const char* file, std::uint32_t line)
      : target_(target), name_(name), file_(file), line_(line), level_(level) {}
  static Span stand_in(const Start& how, bool enter) noexcept;

  std::string_view target_;
  std::string_view name_;
  const char* file_;
  std::uint32_t line_;
  Level level_;
  mutable std::uint32_t cached_ = 0;  // generation of the filter * 8 + answer; only ever read and written atomically
};

}  // namespace trilobite::trace
