// What a log statement does before it leaves: it writes itself as bytes into the queue of the calling thread. All of it
// is inline, because the compiler then knows the kinds of the arguments and the sizes of literals; nothing here is
// meant to be used by programs.
//
//   u64 size of all of it | RecordHead | value_count * Value | field_count * (u32 key size, key, Value)
//   Value = u8 kind, then 8 bytes of bits, or for text u32 size and the bytes; nothing behind the head is aligned
#pragma once

#include <trilobite/log_value.h>

namespace trilobite::trace {
class SpanData;
}  // namespace trilobite::trace

namespace trilobite::log::detail {

// Format, file and target exist since compile time and are pointed to.
struct RecordHead {
  std::int64_t ticks;  // of the queue's clock
  const char* format;
  const char* file;  // null: unknown
  const char* target;
  trace::SpanData* span;  // holds a reference; null: outside any span
  std::uint32_t span_attribute_bytes;
  std::uint32_t format_size;
  std::uint32_t target_size;
  std::uint32_t line;
  std::uint8_t value_count;
  std::uint8_t field_count;
  Level level;
};

inline constexpr std::size_t kWordBytes = sizeof(std::uint64_t);  // queues hold whole words
inline constexpr std::size_t kNumberBytes = 1 + sizeof(std::uint64_t);
inline constexpr std::size_t kTextBytes = 1 + sizeof(std::uint32_t);

// Larger texts are cut, saying so. It keeps sizes within 32 bits; no log line is meant to be that long.
inline constexpr std::size_t kTextMax = std::size_t{64} << 20;

// The producer's side of the queue of one thread.
struct Producer {
  // These stay with the thread.
  std::byte* next = nullptr;                 // where the next record goes
  std::byte* end = nullptr;                  // up to here it may reach
  std::uint64_t count = 0;                   // of records published
  const std::uint32_t* attention = nullptr;  // not 0: after_publish() has something to do; atomic
  std::int64_t (*clock)() = nullptr;         // null: the processor's time stamp counter

  alignas(64) std::uint64_t shown_count = 0;  // count as the reader sees it; atomic
};

// Null: the thread has no queue of the process-wide logger yet, or must not use it without asking.
[[gnu::tls_model("initial-exec")]] extern thread_local constinit Producer* this_producer;

// The innermost span this thread is in, kept by sdk/src/current_span.cc; null: none.
[[gnu::tls_model("initial-exec")]] extern thread_local constinit trace::SpanData* this_span;

// Lets head hold a reference to its span.
void retain_span(RecordHead& head) noexcept;

// Makes room for a record; ticks are set when they were not known before. Null: the line is dropped.
Producer* make_room(std::size_t bytes, bool ticks_known, std::int64_t& ticks) noexcept;
void after_publish(Producer& producer) noexcept;

// Not in order with the instructions around it: a reading may be a tenth of a microsecond early. Waiting for those
// before it would cost every statement some nanoseconds.
[[gnu::always_inline]] inline std::int64_t read_ticks() {
#if defined(__x86_64__)
  return static_cast<std::int64_t>(__builtin_ia32_rdtsc());
#else
  return 0;  // make_room() never hands out a queue without a clock there
#endif
}

[[gnu::always_inline]] inline std::string_view bounded(std::string_view text) {
  return text.size() <= kTextMax ? text : text.substr(0, kTextMax);
}

[[gnu::always_inline]] inline std::size_t encoded_size(const Value& value) {
  return value.is_text() ? kTextBytes + bounded(value.text()).size() : kNumberBytes;
}
[[gnu::always_inline]] inline std::size_t encoded_size(const Field& field) {
  return sizeof(std::uint32_t) + bounded(field.key).size() + encoded_size(field.value);
}

template <class T>
[[gnu::always_inline]] inline std::byte* encode_bytes(std::byte* at, const T& value) {
  __builtin_memcpy(at, &value, sizeof value);
  return at + sizeof value;
}
[[gnu::always_inline]] inline std::byte* encode_text(std::byte* at, std::string_view text) {
  text = bounded(text);
  at = encode_bytes(at, static_cast<std::uint32_t>(text.size()));
  if (!text.empty()) __builtin_memcpy(at, text.data(), text.size());
  return at + text.size();
}
[[gnu::always_inline]] inline std::byte* encode(std::byte* at, const Value& value) {
  at = encode_bytes(at, value.kind());
  return value.is_text() ? encode_text(at, value.text()) : encode_bytes(at, value.bits());
}
[[gnu::always_inline]] inline std::byte* encode(std::byte* at, const Field& field) {
  return encode(encode_text(at, field.key), field.value);
}

// Takes no place in a record.
struct Nothing {};
constexpr std::size_t encoded_size(Nothing /*nothing*/) { return 0; }
inline std::byte* encode(std::byte* at, Nothing /*nothing*/) { return at; }

[[gnu::always_inline]] inline std::size_t framed_size(std::size_t bytes) {
  return (kWordBytes + sizeof(RecordHead) + bytes + kWordBytes - 1) / kWordBytes * kWordBytes;
}

// Writes a record at producer.next, where there is room for it, and publishes it.
template <class... Parts>
[[gnu::always_inline]] inline void put_record(Producer& producer, std::size_t framed, const RecordHead& head,
                                              const Parts&... parts) {
  std::byte* at = encode_bytes(producer.next, static_cast<std::uint64_t>(framed));
  at = encode_bytes(at, head);
  ((at = encode(at, parts)), ...);
  producer.next += framed;
  __atomic_store_n(&producer.shown_count, ++producer.count, __ATOMIC_RELEASE);
  // With Logger::arm(): this store is seen by the background thread, or its call for attention is seen here.
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  if (__atomic_load_n(producer.attention, __ATOMIC_RELAXED) != 0) [[unlikely]]
    after_publish(producer);
}

template <class... Parts>
[[gnu::always_inline]] inline void submit(RecordHead head, const Parts&... parts) {
  const std::size_t framed = framed_size((std::size_t{0} + ... + encoded_size(parts)));
  Producer* producer = this_producer;
  const bool known = producer != nullptr;
  if (known) [[likely]]
    head.ticks = producer->clock == nullptr ? read_ticks() : producer->clock();
  if (!known || static_cast<std::size_t>(producer->end - producer->next) < framed) [[unlikely]] {
    producer = make_room(framed, known, head.ticks);
    if (producer == nullptr) return;
  }
  head.span = this_span;
  if (head.span != nullptr) [[unlikely]]
    retain_span(head);
  put_record(*producer, framed, head, parts...);
}

}  // namespace trilobite::log::detail
