#include "logger.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <new>
#include <system_error>
#include <utility>

#include "span_log_events.h"

namespace trilobite::log {

namespace detail {
thread_local constinit Producer* this_producer = nullptr;
thread_local constinit trace::SpanData* this_span = nullptr;
}  // namespace detail

namespace {

// What a thread knows about itself. Trivially destructible, so that it can be read while the thread is ending.
struct ThreadState {
  std::uint64_t logger_id = 0;  // whose queue it is; 0: nobody's
  ThreadQueue* queue = nullptr;
  bool in_pass = false;  // a sink that logs must not start a pass inside a pass
  bool ended = false;    // the thread's QueueHandles are gone
};
thread_local constinit ThreadState thread_state;

// The queues of this thread, by logger: one in a program, more in tests.
struct QueueHandles {
  std::vector<std::pair<std::uint64_t, std::shared_ptr<ThreadQueue>>> queues;

  QueueHandles() = default;
  QueueHandles(const QueueHandles&) = delete;
  QueueHandles& operator=(const QueueHandles&) = delete;
  ~QueueHandles() {
    for (const auto& [id, queue] : queues) queue->close();
    thread_state.logger_id = 0;
    thread_state.queue = nullptr;
    thread_state.ended = true;
    detail::this_producer = nullptr;
  }
};
thread_local QueueHandles queue_handles;

class InPass {
 public:
  InPass() { thread_state.in_pass = true; }
  ~InPass() { thread_state.in_pass = false; }
  InPass(const InPass&) = delete;
  InPass& operator=(const InPass&) = delete;
};

std::int64_t system_clock_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

// What the shared queue says to its producer: come back always, to unlock it.
constexpr std::uint32_t kAttention = 1;

std::uint64_t next_logger_id() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

Outcome<std::unique_ptr<Logger>> Logger::start(const Config& config) {
  auto writer = LineWriter::open(config);
  if (!writer.ok()) return Error{writer.error()};
  std::unique_ptr<Logger> logger(new Logger(config, std::move(*writer)));
  if (config.writer == Writer::kCaller) {
    logger->state().store(kWriteThrough, std::memory_order_relaxed);
    return logger;
  }
  try {
    logger->start_background();
  } catch (const std::system_error& failure) {
    return Error{std::string("cannot start the log writer thread: ") + failure.what()};
  }
  return logger;
}

Logger::Logger(const Config& config, std::unique_ptr<LineWriter> writer)
    : id_(next_logger_id()),
      options_(config.queue),
      clock_(config.clock != nullptr ? config.clock
             : has_tick_counter()    ? nullptr
                                     : system_clock_ns),
      lends_queues_(config.writer == Writer::kBackground),
      heavy_barrier_(false),
      writer_(std::move(writer)),
      reader_(config.default_target.empty() ? program_invocation_short_name : config.default_target,
              writer_->wants_messages()) {
  sem_init(&wakings_, 0, 0);
}

Logger::~Logger() {
  if (background_.joinable()) {
    stopping_.store(true);
    sem_post(&wakings_);
    background_.join();
  }
  pass();
  sem_destroy(&wakings_);
}

void Logger::submit(const Submission& submission) noexcept {
  std::int64_t ticks = 0;
  detail::Producer* producer = make_room(framed_size(submission), false, ticks);
  if (producer != nullptr) put_record(*producer, submission, ticks);
}

detail::Producer* Logger::make_room(std::size_t framed, bool ticks_known, std::int64_t& ticks) noexcept {
  if (!ticks_known) ticks = read_clock();
  try {
    ThreadQueue* queue = queue_of_this_thread();
    if (queue == nullptr) queue = lock_shared_queue();
    if (queue == nullptr) return nullptr;
    if (wait_for_room(*queue, framed)) return queue;
    queue->count_dropped();
    if (is_shared(*queue)) shared_mutex_.unlock();
  } catch (const std::bad_alloc&) {
    const std::lock_guard lock(queues_mutex_);
    ++dropped_by_gone_;
  }
  return nullptr;
}

Logger& Logger::owner_of(detail::Producer& producer) { return static_cast<ThreadQueue&>(producer).owner(); }
bool Logger::is_shared(const detail::Producer& producer) { return producer.attention == &kAttention; }

// For threads that are past their thread_local objects. Stays locked until after_publish().
ThreadQueue* Logger::lock_shared_queue() {
  if (thread_state.in_pass) {  // may hold shared_mutex_ already
    const std::lock_guard lock(queues_mutex_);
    ++dropped_by_gone_;
    return nullptr;
  }
  std::unique_lock lock(shared_mutex_);
  if (shared_queue_ == nullptr) {
    shared_queue_ = add_queue();
    shared_queue_->attention = &kAttention;
  }
  static_cast<void>(lock.release());
  return shared_queue_.get();
}

bool Logger::wait_for_room(ThreadQueue& queue, std::size_t framed) {
  if (queue.fit(framed)) return true;
  if (options_.overflow == Overflow::kDrop) return false;
  // After a pass the queue is empty, and an empty queue has room. Inside a pass (a sink that logs) nobody can make any.
  while (!thread_state.in_pass) {
    pass(has_background_.load() ? LineWriter::Take::kLeave : LineWriter::Take::kAlways);
    if (queue.fit(framed)) return true;
  }
  return false;
}

ThreadQueue* Logger::queue_of_this_thread() {
  if (thread_state.logger_id == id_) [[likely]]
    return thread_state.queue;
  if (thread_state.ended) return nullptr;
  auto& queues = queue_handles.queues;
  auto found = std::find_if(queues.begin(), queues.end(), [&](const auto& entry) { return entry.first == id_; });
  if (found == queues.end()) {
    std::erase_if(queues, [](const auto& entry) { return entry.second.use_count() == 1; });  // their loggers are gone
    queues.emplace_back(id_, add_queue());
    found = queues.end() - 1;
  }
  thread_state.logger_id = id_;
  thread_state.queue = found->second.get();
  return thread_state.queue;
}

std::shared_ptr<ThreadQueue> Logger::add_queue() {
  auto queue = std::make_shared<ThreadQueue>(options_, this);
  queue->attention = &state_;
  queue->clock = clock_;
  const std::lock_guard lock(queues_mutex_);
  queues_.push_back(queue);
  return queue;
}

void Logger::after_publish(detail::Producer& producer) noexcept {
  if (is_shared(producer)) shared_mutex_.unlock();
  attend();
}

void Logger::attend() noexcept {
  const std::uint32_t state = this->state().load(std::memory_order_relaxed);
  if ((state & kNeedsBackground) != 0 && (this->state().fetch_and(~kNeedsBackground) & kNeedsBackground) != 0) {
    try {
      start_background();
    } catch (const std::system_error&) {
      this->state().fetch_or(kWriteThrough);  // without a thread the callers write
    }
  }
  if ((this->state().load(std::memory_order_relaxed) & kWriteThrough) != 0) pass();
  if ((state & kArmed) != 0) wake();
}

void Logger::flush() noexcept { pass(); }

bool Logger::this_thread_is_in_pass() { return thread_state.in_pass; }

void Logger::write_through() noexcept {
  state().fetch_or(kWriteThrough);
  pass();
}

Statistics Logger::statistics() {
  const std::lock_guard pass_lock(pass_mutex_);
  return {.written = writer_->lines(), .dropped = dropped(), .write_failures = writer_->failures()};
}

bool Logger::pass(LineWriter::Take take) noexcept {
  if (thread_state.in_pass) return false;
  bool any = false;
  try {
    do {
      LineWriter::SinksLock lines;
      std::unique_lock lock(pass_mutex_);
      const InPass in_pass;
      any = make_lines() || any;
      lines = writer_->take_lines(take);
      lock.unlock();
      writer_->write(std::move(lines));
      take = LineWriter::Take::kIfIdle;
    } while (writer_->left_behind() && !leave_to_background());
  } catch (const std::bad_alloc&) {
    // what is queued stays queued
  }
  return any;
}

// A thread that logs does not become the writer of all others.
bool Logger::leave_to_background() {
  if (!has_background_.load()) return false;
  sem_post(&wakings_);
  return true;
}

bool Logger::make_lines() {
  collect_readers();
  if (clock_ == nullptr) tick_clock_.refresh();
  const bool any = std::any_of(readers_.begin(), readers_.end(),
                               [](const Reader& reader) { return reader.queue->consumed() < reader.first; });
  write_oldest_first();
  report_dropped();
  forget_closed_queues();
  return any;
}

// Looks at every queue twice. Suppose the first look found a line B, but not line A of another thread, which B follows:
// A was published before B, so the second look finds A, and being older it is written first.
void Logger::collect_readers() {
  const std::lock_guard lock(queues_mutex_);
  readers_.clear();
  for (const auto& queue : queues_) {
    readers_.push_back({.queue = queue.get(), .first = queue->published(), .until = 0});
  }
  for (Reader& reader : readers_) reader.until = reader.queue->published();
}

void Logger::write_oldest_first() {
  std::uint64_t pending = 0;
  for (const Reader& reader : readers_) pending += reader.first - reader.queue->consumed();
  while (pending > 0) {
    Reader* oldest = nullptr;
    std::int64_t oldest_ticks = INT64_MAX, second_ticks = INT64_MAX;
    for (Reader& reader : readers_) {
      if (reader.queue->consumed() == reader.until) continue;
      const std::int64_t ticks = record_ticks(reader.queue->front());
      if (oldest == nullptr || ticks < oldest_ticks) {
        second_ticks = oldest_ticks;
        oldest_ticks = ticks;
        oldest = &reader;
      } else {
        second_ticks = std::min(second_ticks, ticks);
      }
    }
    write_from(*oldest, second_ticks, pending);
  }
}

// Writes lines of one queue as long as no other queue has an older one.
void Logger::write_from(Reader& reader, std::int64_t until, std::uint64_t& pending) {
  ThreadQueue& queue = *reader.queue;
  while (pending > 0 && queue.consumed() < reader.until) {
    const std::byte* record = queue.front();
    if (record_ticks(record) > until) return;
    try {
      Event event = reader_.read(record);
      event.time_ns = to_ns(event.time_ns);
      if (event.span != nullptr) trace::add_log_event(*event.span, event);
      writer_->append(event);
    } catch (const std::bad_alloc&) {
      queue.count_dropped();
    }
    RecordReader::release(record);
    if (queue.consumed() < reader.first) --pending;
    queue.pop();
  }
}

std::uint64_t Logger::dropped() {
  const std::lock_guard lock(queues_mutex_);
  std::uint64_t total = dropped_by_gone_;
  for (const auto& queue : queues_) total += queue->dropped();
  return total;
}

void Logger::report_dropped() {
  const std::uint64_t total = dropped();
  if (total == dropped_reported_) return;
  const Field count{"count", Value::of_uint(total - dropped_reported_)};
  dropped_reported_ = total;
  writer_->append({.time_ns = to_ns(read_clock()),
                   .level = Level::kWarn,
                   .target = "trilobite::log",
                   .file = {},
                   .message = "lines were dropped because a log queue was full",
                   .fields = {&count, 1},
                   .spans = {}});
}

void Logger::forget_closed_queues() {
  const std::lock_guard lock(queues_mutex_);
  std::erase_if(queues_, [&](const std::shared_ptr<ThreadQueue>& queue) {
    const bool done = queue->closed() && queue->consumed() == queue->published();
    if (done) dropped_by_gone_ += queue->dropped();
    return done;
  });
}

void Logger::before_fork() {
  shared_mutex_.lock();
  pass_mutex_.lock();
  writer_->sinks_mutex().lock();
  queues_mutex_.lock();
}

void Logger::after_fork_in_parent() {
  queues_mutex_.unlock();
  writer_->sinks_mutex().unlock();
  pass_mutex_.unlock();
  shared_mutex_.unlock();
}

void Logger::after_fork_in_child() {
  for (const auto& queue : queues_) dropped_by_gone_ += queue->dropped();
  dropped_reported_ = dropped_by_gone_;
  abandoned_.insert(abandoned_.end(), queues_.begin(), queues_.end());
  queues_.clear();
  readers_.clear();
  writer_->forget_lines();
  shared_queue_ = nullptr;
  if (!thread_state.ended) std::erase_if(queue_handles.queues, [&](const auto& entry) { return entry.first == id_; });
  thread_state.logger_id = 0;
  thread_state.queue = nullptr;
  detail::this_producer = nullptr;

  // The other threads did not come along: the semaphore may have a waiter, the thread object an owner, that are gone.
  sem_init(&wakings_, 0, 0);
  const bool had_background = background_.joinable() || (state().load() & kNeedsBackground) != 0;
  new (&background_) std::thread();
  has_background_.store(false);
  state().fetch_and(~kArmed);
  if (had_background) state().fetch_or(kNeedsBackground);
  after_fork_in_parent();
}

}  // namespace trilobite::log
