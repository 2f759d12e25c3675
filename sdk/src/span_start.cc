// How a span comes into being: does the filter want it, whose child is it, which ids does it get, is it exported.
#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <string>
#include <tuple>

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <trilobite/log.h>
#include <trilobite/trace.h>

#include "current_span.h"
#include "hex_ids.h"
#include "process_log.h"
#include "random_ids.h"
#include "span_lines.h"
#include "trace_state.h"

namespace trilobite::trace {
namespace {

constexpr log::Target kTarget{"trilobite::trace"};

// Spans further in than this keep the ids of what is around them, but not the spans: a chain of tasks in which each
// starts the next one must not hold memory for ever.
constexpr std::uint16_t kDepthMax = 256;
constexpr std::size_t kTypesMax = 10'000;

// Fields by which a span says who it is, by their sizes: a cheap test that nearly all other names fail.
constexpr std::uint32_t kIdentitySizes = 1u << 7 | 1u << 8 | 1u << 9 | 1u << 10 | 1u << 12 | 1u << 19;

struct Identity {
  TraceId trace_id;
  SpanId span_id;
  SpanId parent_id;
  std::string_view tracestate;
  std::string_view x_request_id;
  std::string_view x_dynamo_request_id;

  bool travels() const { return !tracestate.empty() || !x_request_id.empty() || !x_dynamo_request_id.empty(); }
};

bool may_be_identity(const log::Field& field) {
  return field.key.size() < 32 && (kIdentitySizes >> field.key.size() & 1) != 0 && field.value.is_text();
}

void read_identity(Identity& identity, const log::Field& field) {
  const std::string_view text = field.value.text();
  bool good = true;
  if (field.key == "trace_id") {
    good = parse_trace_id(text, identity.trace_id);
  } else if (field.key == "span_id") {
    good = parse_span_id(text, identity.span_id);
  } else if (field.key == "parent_id") {
    good = parse_span_id(text, identity.parent_id);
  } else if (field.key == "tracestate") {
    identity.tracestate = text;
  } else if (field.key == "x_request_id") {
    identity.x_request_id = text;
  } else if (field.key == "x_dynamo_request_id") {
    identity.x_dynamo_request_id = text;
  }
  if (!good) kTarget.trace("ignoring a malformed id of a span", kv("field", field.key), kv("value", text));
}

void inherit(SpanData& data, const SpanData& parent) {
  data.trace_id = parent.trace_id;
  data.parent_id = parent.span_id;
  data.flags = parent.flags;
  data.parent_is_remote = parent.remote;
}

// Drops ids that lead nowhere: a parent without its trace, a span that has neither trace nor parent.
void check_identity(Identity& given, const SpanData* parent) {
  const bool in_a_trace = given.trace_id || (!given.parent_id && parent != nullptr && parent->span_id);
  if (in_a_trace || (!given.parent_id && !given.span_id)) return;
  kTarget.error("parent id or span id are set but trace id is not set!");
  given.parent_id = given.span_id = {};
}

// Requires a fresh span. What is not said by fields comes from the parent or is drawn.
void identify(SpanData& data, const SpanData* parent, const Identity& given, std::uint32_t mode) {
  bool has_parent = true;
  if (given.parent_id) {
    data.trace_id = given.trace_id;
    data.parent_id = given.parent_id;
    data.parent_is_remote = true;
    // Ids alone do not tell whether their sender exports the trace, unless its header came along.
    data.flags = parent != nullptr && parent->trace_id == given.trace_id ? parent->flags : kFlagSampled;
  } else if (parent != nullptr && parent->span_id) {
    inherit(data, *parent);
  } else {
    data.trace_id = given.trace_id ? given.trace_id : random_trace_id();
    has_parent = false;
  }
  data.span_id = given.span_id ? given.span_id : random_span_id();
  if (!has_parent || (mode & TraceState::kParentBased) == 0) {
    const std::uint8_t sampled = sampled_as_root(data.trace_id) ? kFlagSampled : 0;
    data.flags = static_cast<std::uint8_t>((data.flags & ~kFlagSampled) | sampled);
  }
}

// What travels along: shared with the parent, unless fields say something of their own.
void take_request_data(SpanData& data, const SpanData* parent, const Identity& given) {
  RequestData* const shared = parent == nullptr ? nullptr : parent->request;
  if (!given.travels()) {
    if (shared == nullptr) return;
    shared->references.fetch_add(1, std::memory_order_relaxed);
    data.request = shared;
    return;
  }
  auto own = std::make_unique<RequestData>();
  const auto choose = [&](std::string RequestData::*member, std::string_view text) {
    if (!text.empty()) {
      own.get()->*member = std::string(text);
    } else if (shared != nullptr) {
      own.get()->*member = shared->*member;
    }
  };
  choose(&RequestData::tracestate, given.tracestate);
  choose(&RequestData::x_request_id, given.x_request_id);
  choose(&RequestData::x_dynamo_request_id, given.x_dynamo_request_id);
  choose(&RequestData::baggage, {});
  data.request = own.release();
}

// Asked for once: a name given later than a thread's first exported span is not seen.
void tell_thread(SpanData& data) noexcept {
  struct ThreadInfo {
    std::uint32_t id;
    char name[sizeof data.thread_name];
  };
  thread_local constinit ThreadInfo info{};
  if (info.id == 0) [[unlikely]] {
    info.id = static_cast<std::uint32_t>(syscall(SYS_gettid));
    if (pthread_getname_np(pthread_self(), info.name, sizeof info.name) != 0) info.name[0] = '\0';
  }
  data.thread_id = info.id;
  std::memcpy(data.thread_name, info.name, sizeof info.name);
}

struct Beginning {
  const SpanType& type;
  const Start& how;
  const log::Field* fields;
  std::size_t count;
  SpanData* parent;
  Level scope;
};

void fill(SpanData& data, const Beginning& beginning) {
  const std::uint32_t mode = trace_state.mode.load(std::memory_order_acquire);
  data.shown_ = true;
  data.type = &beginning.type;
  data.name = beginning.type.name();
  data.kind = beginning.how.kind;
  data.scope = beginning.scope;
  if (!beginning.how.name.empty()) {
    SpanExtras& extras = data.make_extras();
    extras.own_name = std::string(beginning.how.name);
    data.name = extras.own_name;
  }
  SpanData* const parent = beginning.parent;
  if (parent != nullptr && parent->depth < kDepthMax) {
    parent->retain();
    data.parent = parent;
    data.depth = static_cast<std::uint16_t>(parent->depth + 1);
  }
  bool identities = false;
  for (std::size_t i = 0; i < beginning.count; ++i) {
    append_attribute(data, beginning.fields[i]);
    identities = identities || may_be_identity(beginning.fields[i]);
  }
  if ((mode & TraceState::kIds) != 0) {
    Identity given;
    if (identities) {
      for (std::size_t i = 0; i < beginning.count; ++i) {
        if (may_be_identity(beginning.fields[i])) read_identity(given, beginning.fields[i]);
      }
      check_identity(given, parent);
    }
    identify(data, parent, given, mode);
    take_request_data(data, parent, given);
    data.recording_ = (mode & TraceState::kExport) != 0 && (data.flags & kFlagSampled) != 0;
    if (data.recording_) tell_thread(data);
  }
  data.timed = data.recording_ || (mode & TraceState::kSpanEvents) != 0;
  if (data.timed) {
    data.start_ns = beginning.how.time_ns == 0 ? tracer_now_ns() : beginning.how.time_ns - tracer_offset_ns();
  }
}

}  // namespace

Span SpanType::begin(const Start& how, const log::Field* fields, std::size_t count, bool enter) const noexcept {
  SpanData* const parent = how.parent != nullptr ? how.parent->data() : current_span();
  Level scope = parent == nullptr ? Level::kOff : parent->scope;
  log::detail::SpanVerdict verdict = log::detail::span_verdict(target_, level_, cached_);
  if (verdict == log::detail::SpanVerdict::kAsk) {
    const std::string_view name = how.name.empty() ? name_ : how.name;
    const log::SpanAnswer answer = log::detail::ask_about_span(
        {.target = target_, .name = name, .level = level_, .fields = {fields, count}, .scope = scope});
    scope = answer.scope;
    verdict = answer.exists ? log::detail::SpanVerdict::kExists : log::detail::SpanVerdict::kAbsent;
  }
  if (verdict == log::detail::SpanVerdict::kAbsent) return stand_in(how, enter);
  SpanData* const data = SpanData::make();
  if (data == nullptr) return stand_in(how, enter);
  try {
    fill(*data, {*this, how, fields, count, parent, scope});
  } catch (const std::bad_alloc&) {
    data->release();
    return stand_in(how, enter);
  }
  const bool entered = enter && push_current(data, data->start_ns);
  if (entered) write_first_entry(*data);
  return Span(data, entered, true);
}

// Without a span of its own the work still belongs to the trace it was told to belong to.
Span SpanType::stand_in(const Start& how, bool enter) noexcept {
  SpanData* const parent = how.parent == nullptr ? nullptr : how.parent->data();
  if (parent == nullptr) return Span();
  parent->retain();
  return Span(parent, enter && push_current(parent, 0), false);
}

namespace {

// Types made at run time. Never destroyed: spans and log records point at them.
class NamedTypes {
 public:
  using Key = std::tuple<std::string, std::string, Level, std::string, std::uint32_t>;

  template <class Make>
  const SpanType& find_or_make(Key key, Make make) {
    const std::lock_guard lock(mutex_);
    const auto [entry, added] = types_.try_emplace(std::move(key), nullptr);
    if (added) entry->second = make(entry->first);
    return *entry->second;
  }
  bool full() {
    const std::lock_guard lock(mutex_);
    return types_.size() >= kTypesMax;
  }
  bool has(const Key& key) {
    const std::lock_guard lock(mutex_);
    return types_.contains(key);
  }

 private:
  std::mutex mutex_;
  std::map<Key, SpanType*> types_;
};

NamedTypes& named_types() {
  static NamedTypes* const instance = new NamedTypes;
  return *instance;
}

}  // namespace

const SpanType& SpanType::named(std::string_view target, std::string_view name, Level level, std::string_view file,
                                std::uint32_t line) {
  static constexpr SpanType kTooMany{"trilobite::trace", "(too many span types)"};
  NamedTypes::Key key{std::string(target), std::string(name), level, std::string(file), line};
  NamedTypes& types = named_types();
  if (types.full() && !types.has(key)) return kTooMany;
  return types.find_or_make(std::move(key), [&](const NamedTypes::Key& kept) {
    const std::string& kept_file = std::get<3>(kept);
    return new SpanType(AtRunTime{}, std::get<0>(kept), std::get<1>(kept), level,
                        kept_file.empty() ? nullptr : kept_file.c_str(), line);
  });
}

}  // namespace trilobite::trace
