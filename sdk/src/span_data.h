// A span, or the context of one in another process: what Span, Context, log records and the exporter point at. Counted
// from within; it goes back to a pool of its thread with the last reference.
//
// Written by start() before anybody else sees it: identity, type, parent. Attributes are only ever appended, so that a
// reader who knows how many bytes there were (attribute_bytes) may read them at any time without a lock; everything
// else that changes is behind lock_.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <trilobite/trace.h>

namespace trilobite::trace {

inline constexpr std::uint8_t kFlagSampled = 1;
inline constexpr std::uint8_t kFlagRandom = 2;

// What travels with a request besides ids. Immutable once shared.
struct RequestData {
  std::string tracestate;
  std::string x_request_id;
  std::string x_dynamo_request_id;
  std::string baggage;  // a valid header
  std::atomic<std::uint32_t> references{1};

  bool empty() const {
    return tracestate.empty() && x_request_id.empty() && x_dynamo_request_id.empty() && baggage.empty();
  }
};

// Attributes as bytes: u32 key size, key, u8 kind, then 8 bytes of bits, or for text u32 size and the bytes.
class AttributeBytes {
 public:
  static constexpr std::size_t kInline = 232;
  static constexpr std::size_t kBytesMax = 64 << 10;  // of one span; what does not fit is counted as dropped

  AttributeBytes() = default;
  AttributeBytes(const AttributeBytes&) = delete;
  AttributeBytes& operator=(const AttributeBytes&) = delete;
  ~AttributeBytes() { clear(); }

  // One writer at a time. False: no room is left.
  bool append(const log::Field& field) noexcept;
  void clear() noexcept;
  std::uint32_t size() const { return size_.load(std::memory_order_acquire); }

  // Calls visit(field) for those within the first `size` bytes; any thread, while others append.
  template <class Visit>
  void each(std::uint32_t size, Visit visit) const {
    const std::byte* at = inline_;
    std::uint32_t left = size;
    const Chunk* next = nullptr;
    std::uint32_t here = std::min(left, inline_used_.load(std::memory_order_relaxed));
    for (bool first = true; left > 0; first = false) {
      if (!first) {
        next = next == nullptr ? chunks_.get() : next->next.get();
        at = next->bytes.get();
        here = std::min(left, next->used.load(std::memory_order_relaxed));
      }
      const std::byte* const end = at + here;
      while (at != end) visit(take(at));
      left -= here;
    }
  }

 private:
  struct Chunk {
    std::unique_ptr<std::byte[]> bytes;
    std::uint32_t capacity = 0;
    std::atomic<std::uint32_t> used{0};
    std::unique_ptr<Chunk> next;
  };

  static log::Field take(const std::byte*& at);
  std::byte* room(std::size_t bytes);

  std::atomic<std::uint32_t> size_{0};
  std::atomic<std::uint32_t> inline_used_{0};
  std::unique_ptr<Chunk> chunks_;
  Chunk* last_ = nullptr;
  std::byte inline_[kInline];
};

// A list of attributes of its own: of an event or a link.
using OwnedFields = std::unique_ptr<AttributeBytes>;

struct SpanEvent {
  std::int64_t time_ns = 0;  // of the tracer's clock
  std::string name;
  OwnedFields fields;
};

struct SpanLink {
  TraceId trace_id;
  SpanId span_id;
  std::uint8_t flags = 0;
  bool remote = false;
  std::string tracestate;
  OwnedFields fields;
};

// What few spans have.
struct SpanExtras {
  std::string own_name;  // Start::name
  std::string new_name;  // after rename()
  std::string status_description;
  std::vector<SpanEvent> events;
  std::vector<SpanEvent> lines;  // logged inside, see span_log_events.h
  std::size_t line_bytes = 0;
  std::vector<SpanLink> links;
  std::uint32_t dropped_events = 0;
  std::uint32_t dropped_links = 0;
};

class SpanData {
 public:
  // A fresh one with one reference, out of the pool. Null when there is no memory.
  static SpanData* make() noexcept;

  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    // The only holder needs no atomic subtraction: nobody can get another reference from elsewhere.
    if (references_.load(std::memory_order_acquire) == 1 || references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      recycle();
    }
  }

  // A span of this process that lines show; otherwise a context that came from another one, or one with other baggage.
  bool shown() const { return shown_; }
  bool recording() const { return recording_; }

  // Identity. Set before the object is shared.
  TraceId trace_id;
  SpanId span_id;
  SpanId parent_id;
  std::uint8_t flags = 0;
  bool shown_ = false;
  bool remote = false;
  bool parent_is_remote = false;
  bool recording_ = false;
  bool timed = false;  // busy and idle times are wanted
  Kind kind = Kind::kInternal;
  Level scope = Level::kOff;          // by directives: lines up to this level are on inside
  std::uint16_t depth = 0;            // spans around it
  std::uint16_t attribute_count = 0;  // with the lock, or before the object is shared
  const SpanType* type = nullptr;
  std::string_view name;           // of the type, or extras->own_name
  SpanData* parent = nullptr;      // holds a reference; remote ones included
  RequestData* request = nullptr;  // holds a reference; null: nothing travels along
  std::uint32_t thread_id = 0;     // where it began; recording only
  char thread_name[16] = {};       // the same; ended by a zero
  std::int64_t start_ns = 0;       // of the tracer's clock, recording or timed only

  // What changes.
  AttributeBytes attributes;
  std::atomic<std::int64_t> end_ns{0};
  std::atomic<std::int64_t> busy_ns{0};
  std::atomic<bool> ended{false};
  std::atomic<bool> entered_before{false};

  class Locked {
   public:
    explicit Locked(SpanData& span) : span_(span) {
      while (span_.lock_.test_and_set(std::memory_order_acquire)) span_.wait_for_lock();
    }
    ~Locked() { span_.lock_.clear(std::memory_order_release); }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;

   private:
    SpanData& span_;
  };
  // With the lock.
  Status status = Status::kUnset;
  std::uint32_t dropped_attributes = 0;
  std::unique_ptr<SpanExtras> extras;
  SpanExtras& make_extras();

  SpanData* next = nullptr;  // in the list of the pool or of the exporter's queue

 private:
  friend class SpanPool;
  SpanData() = default;
  ~SpanData() = default;
  void recycle() noexcept;
  void reset() noexcept;
  void wait_for_lock() noexcept;

  std::atomic<std::uint32_t> references_{1};
  std::atomic_flag lock_;
};

// Holds a reference.
class SpanRef {
 public:
  SpanRef() = default;
  explicit SpanRef(SpanData* taken_over) : data_(taken_over) {}
  SpanRef(SpanRef&& other) noexcept : data_(other.data_) { other.data_ = nullptr; }
  SpanRef& operator=(SpanRef&& other) noexcept {
    std::swap(data_, other.data_);
    return *this;
  }
  ~SpanRef() {
    if (data_ != nullptr) data_->release();
  }
  SpanData* get() const { return data_; }
  SpanData* operator->() const { return data_; }
  SpanData& operator*() const { return *data_; }

 private:
  SpanData* data_ = nullptr;
};

}  // namespace trilobite::trace
