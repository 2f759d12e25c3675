#include "span_data.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <new>

#include <pthread.h>
#include <sched.h>

namespace trilobite::trace {
namespace {

constexpr std::size_t kChunkBytes = 1024;
constexpr std::size_t kExchanged = 32;  // spans that move between a thread's list and the depot at a time

template <class T>
void put(std::byte*& at, const T& value) {
  std::memcpy(at, &value, sizeof value);
  at += sizeof value;
}
void put_text(std::byte*& at, std::string_view text) {
  put(at, static_cast<std::uint32_t>(text.size()));
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  at += text.size();
}
template <class T>
T take_raw(const std::byte*& at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  at += sizeof value;
  return value;
}
std::string_view take_text(const std::byte*& at) {
  const auto size = take_raw<std::uint32_t>(at);
  const std::string_view text(reinterpret_cast<const char*>(at), size);
  at += size;
  return text;
}

}  // namespace

bool AttributeBytes::append(const log::Field& field) noexcept {
  const bool text = field.value.is_text();
  const std::size_t bytes = sizeof(std::uint32_t) + field.key.size() + 1 +
                            (text ? sizeof(std::uint32_t) + field.value.text().size() : sizeof(std::uint64_t));
  const std::uint32_t before = size_.load(std::memory_order_relaxed);
  if (bytes > kBytesMax - before) return false;
  std::byte* at = nullptr;
  try {
    at = room(bytes);
  } catch (const std::bad_alloc&) {
    return false;
  }
  put_text(at, field.key);
  put(at, field.value.kind());
  if (text) {
    put_text(at, field.value.text());
  } else {
    put(at, field.value.bits());
  }
  size_.store(before + static_cast<std::uint32_t>(bytes), std::memory_order_release);
  return true;
}

std::byte* AttributeBytes::room(std::size_t bytes) {
  const std::uint32_t inline_used = inline_used_.load(std::memory_order_relaxed);
  const auto added = static_cast<std::uint32_t>(bytes);
  if (last_ == nullptr && bytes <= kInline - inline_used) {
    inline_used_.store(inline_used + added, std::memory_order_relaxed);
    return inline_ + inline_used;
  }
  std::uint32_t used = last_ == nullptr ? 0 : last_->used.load(std::memory_order_relaxed);
  if (last_ == nullptr || bytes > last_->capacity - used) {
    auto chunk = std::make_unique<Chunk>();
    chunk->capacity = static_cast<std::uint32_t>(std::max(bytes, kChunkBytes));
    chunk->bytes = std::make_unique_for_overwrite<std::byte[]>(chunk->capacity);
    std::unique_ptr<Chunk>& link = last_ == nullptr ? chunks_ : last_->next;
    link = std::move(chunk);
    last_ = link.get();
    used = 0;
  }
  last_->used.store(used + added, std::memory_order_relaxed);
  return last_->bytes.get() + used;
}

log::Field AttributeBytes::take(const std::byte*& at) {
  const std::string_view key = take_text(at);
  const auto kind = take_raw<log::ValueKind>(at);
  if (kind >= log::ValueKind::kString) return {key, log::Value::of_text(take_text(at), kind)};
  return {key, log::Value::of_bits(kind, take_raw<std::uint64_t>(at))};
}

void AttributeBytes::clear() noexcept {
  size_.store(0, std::memory_order_relaxed);
  inline_used_.store(0, std::memory_order_relaxed);
  last_ = nullptr;
  while (chunks_ != nullptr) chunks_ = std::move(chunks_->next);  // one by one: no deep recursion
}

// Free spans: a list per thread, and a depot for what one thread frees and another needs. Lists of threads that end go
// to the depot.
class SpanPool {
 public:
  static SpanData* take() noexcept {
    Local& local = local_;
    if (local.first == nullptr && !refill(local)) {
      return new (std::nothrow) SpanData;
    }
    SpanData* data = local.first;
    local.first = data->next;
    --local.count;
    data->next = nullptr;
    return data;
  }

  static void give(SpanData* data) noexcept {
    Local& local = local_;
    if (local.ended) {
      delete data;
      return;
    }
    watch(local);
    if (local.count >= 2 * kExchanged) store(local, kExchanged);
    data->next = local.first;
    local.first = data;
    ++local.count;
  }

 private:
  // Trivially destructible, so that it can be used while the thread is ending; cleared by ThreadEnd.
  struct Local {
    SpanData* first;
    std::size_t count;
    bool watched;
    bool ended;
  };
  struct Depot {
    std::mutex mutex;
    std::vector<SpanData*> lists;  // each of kExchanged
    static constexpr std::size_t kListsMax = 64;
  };
  struct ThreadEnd {
    ThreadEnd() = default;
    ThreadEnd(const ThreadEnd&) = delete;
    ThreadEnd& operator=(const ThreadEnd&) = delete;
    ~ThreadEnd() {
      local_.ended = true;
      while (local_.count >= kExchanged) store(local_, kExchanged);
      while (local_.first != nullptr) {
        SpanData* data = local_.first;
        local_.first = data->next;
        delete data;
      }
      local_.count = 0;
    }
  };

  // Never destroyed: spans may end in destructors of static objects.
  static Depot& depot() {
    static Depot* const instance = [] {
      auto* made = new Depot;
      pthread_atfork([] { depot().mutex.lock(); }, [] { depot().mutex.unlock(); }, [] { depot().mutex.unlock(); });
      return made;
    }();
    return *instance;
  }

  // A thread that only gives back, as the exporting one does, has a list to clear, too.
  static void watch(Local& local) noexcept {
    if (local.watched) return;
    static thread_local ThreadEnd end;
    static_cast<void>(end);
    local.watched = true;
  }

  static bool refill(Local& local) noexcept {
    if (local.ended) return false;
    watch(local);
    Depot& from = depot();
    const std::lock_guard lock(from.mutex);
    if (from.lists.empty()) return false;
    local.first = from.lists.back();
    from.lists.pop_back();
    local.count = kExchanged;
    return true;
  }

  // Moves `count` spans of the list to the depot; destroys them when it has enough.
  static void store(Local& local, std::size_t count) noexcept {
    SpanData* const first = local.first;
    SpanData* last = first;
    for (std::size_t i = 1; i < count; ++i) last = last->next;
    local.first = last->next;
    local.count -= count;
    last->next = nullptr;
    {
      Depot& to = depot();
      const std::lock_guard lock(to.mutex);
      try {
        if (to.lists.size() < Depot::kListsMax) {
          to.lists.push_back(first);
          return;
        }
      } catch (const std::bad_alloc&) {
      }
    }
    for (SpanData* data = first; data != nullptr;) {
      SpanData* following = data->next;
      delete data;
      data = following;
    }
  }

  static thread_local constinit Local local_;
};

thread_local constinit SpanPool::Local SpanPool::local_{};

SpanData* SpanData::make() noexcept { return SpanPool::take(); }

void SpanData::reset() noexcept {
  trace_id = {};
  span_id = parent_id = {};
  flags = 0;
  shown_ = remote = parent_is_remote = recording_ = timed = false;
  kind = Kind::kInternal;
  scope = Level::kOff;
  depth = attribute_count = 0;
  type = nullptr;
  name = {};
  thread_id = 0;
  thread_name[0] = '\0';
  start_ns = 0;
  attributes.clear();
  end_ns.store(0, std::memory_order_relaxed);
  busy_ns.store(0, std::memory_order_relaxed);
  ended.store(false, std::memory_order_relaxed);
  entered_before.store(false, std::memory_order_relaxed);
  status = Status::kUnset;
  dropped_attributes = 0;
  if (extras != nullptr) extras.reset();
  references_.store(1, std::memory_order_relaxed);
}

void SpanData::recycle() noexcept {
  // A long chain of parents is let go in a loop, not by recursion.
  SpanData* data = this;
  while (data != nullptr) {
    SpanData* const above = data->parent;
    data->parent = nullptr;
    if (RequestData* const shared = data->request) {
      data->request = nullptr;
      if (shared->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete shared;
    }
    data->reset();
    SpanPool::give(data);
    data = above != nullptr && above->references_.fetch_sub(1, std::memory_order_acq_rel) == 1 ? above : nullptr;
  }
}

void SpanData::wait_for_lock() noexcept { sched_yield(); }

SpanExtras& SpanData::make_extras() {
  if (extras == nullptr) extras = std::make_unique<SpanExtras>();
  return *extras;
}

}  // namespace trilobite::trace
