#include "logger.h"

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <new>
#include <system_error>
#include <utility>

namespace trilobite::log {
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
    logger->state_.store(kWriteThrough, std::memory_order_relaxed);
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
      clock_(config.clock == nullptr ? system_clock_ns : config.clock),
      heavy_barrier_(false),
      writer_(std::move(writer)),
      wake_condition_(std::make_unique<std::condition_variable>()) {}

Logger::~Logger() {
  if (background_.joinable()) {
    {
      const std::lock_guard lock(wake_mutex_);
      stopping_ = woken_ = true;
    }
    wake_condition_->notify_one();
    background_.join();
  }
  pass();
}

void Logger::submit(const Submission& submission) noexcept {
  const std::int64_t time_ns = clock_();
  try {
    ThreadQueue* queue = queue_of_this_thread();
    const bool queued = queue != nullptr ? enqueue(*queue, submission, time_ns) : enqueue_shared(submission, time_ns);
    if (!queued) return;
  } catch (const std::bad_alloc&) {
    const std::lock_guard lock(queues_mutex_);
    ++dropped_by_gone_;
    return;
  }
  // With arm(): this line's store of the record is seen by the background thread, or its kArmed is seen here.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (state_.load(std::memory_order_relaxed) != 0) [[unlikely]]
    after_publish();
}

bool Logger::enqueue(ThreadQueue& queue, const Submission& submission, std::int64_t time_ns) {
  const std::size_t bytes = record_size(submission);
  std::byte* room = queue.reserve(bytes);
  if (room == nullptr) [[unlikely]]
    room = make_room(queue, bytes);
  if (room == nullptr) {
    queue.count_dropped();
    return false;
  }
  write_record(room, submission, time_ns);
  queue.publish();
  return true;
}

bool Logger::enqueue_shared(const Submission& submission, std::int64_t time_ns) {
  if (thread_state.in_pass) {  // may hold shared_mutex_ already
    const std::lock_guard lock(queues_mutex_);
    ++dropped_by_gone_;
    return false;
  }
  const std::lock_guard lock(shared_mutex_);
  if (shared_queue_ == nullptr) shared_queue_ = add_queue();
  return enqueue(*shared_queue_, submission, time_ns);
}

std::byte* Logger::make_room(ThreadQueue& queue, std::size_t bytes) {
  if (options_.overflow == Overflow::kDrop) return nullptr;
  std::byte* room = nullptr;
  // After a pass the queue is empty, and an empty queue has room. Inside a pass (a sink that logs) nobody can make any.
  while (room == nullptr && !thread_state.in_pass) {
    pass();
    room = queue.reserve(bytes);
  }
  return room;
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
  auto queue = std::make_shared<ThreadQueue>(options_);
  const std::lock_guard lock(queues_mutex_);
  queues_.push_back(queue);
  return queue;
}

void Logger::after_publish() noexcept {
  const std::uint32_t state = state_.load(std::memory_order_relaxed);
  if ((state & kNeedsBackground) != 0 && (state_.fetch_and(~kNeedsBackground) & kNeedsBackground) != 0) {
    try {
      start_background();
    } catch (const std::system_error&) {
      state_.fetch_or(kWriteThrough);  // without a thread the callers write
    }
  }
  if ((state_.load(std::memory_order_relaxed) & kWriteThrough) != 0) pass();
  if ((state & kArmed) != 0) wake();
}

void Logger::flush() noexcept { pass(); }

void Logger::write_through() noexcept {
  state_.fetch_or(kWriteThrough);
  pass();
}

Statistics Logger::statistics() {
  const std::lock_guard pass_lock(pass_mutex_);
  return {.written = writer_->lines(), .dropped = dropped(), .write_failures = writer_->failures()};
}

bool Logger::pass() noexcept {
  if (thread_state.in_pass) return false;
  const std::lock_guard lock(pass_mutex_);
  const InPass in_pass;
  try {
    collect_readers();
    const bool any = std::any_of(readers_.begin(), readers_.end(),
                                 [](const Reader& reader) { return reader.queue->consumed() < reader.first; });
    write_oldest_first();
    report_dropped();
    writer_->write_out();
    forget_closed_queues();
    return any;
  } catch (const std::bad_alloc&) {
    return false;  // what is queued stays queued
  }
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
    std::int64_t oldest_ns = INT64_MAX, second_ns = INT64_MAX;
    for (Reader& reader : readers_) {
      if (reader.queue->consumed() == reader.until) continue;
      const std::int64_t time_ns = record_time(reader.queue->front());
      if (oldest == nullptr || time_ns < oldest_ns) {
        second_ns = oldest_ns;
        oldest_ns = time_ns;
        oldest = &reader;
      } else {
        second_ns = std::min(second_ns, time_ns);
      }
    }
    write_from(*oldest, second_ns, pending);
  }
}

// Writes lines of one queue as long as no other queue has an older one.
void Logger::write_from(Reader& reader, std::int64_t until_ns, std::uint64_t& pending) {
  ThreadQueue& queue = *reader.queue;
  while (pending > 0 && queue.consumed() < reader.until) {
    const std::byte* record = queue.front();
    if (record_time(record) > until_ns) return;
    try {
      writer_->append(reader_.read(record));
    } catch (const std::bad_alloc&) {
      queue.count_dropped();
    }
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
  writer_->append({.time_ns = clock_(),
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
  queues_mutex_.lock();
  wake_mutex_.lock();
}

void Logger::after_fork_in_parent() {
  wake_mutex_.unlock();
  queues_mutex_.unlock();
  pass_mutex_.unlock();
  shared_mutex_.unlock();
}

void Logger::after_fork_in_child() {
  for (const auto& queue : queues_) dropped_by_gone_ += queue->dropped();
  dropped_reported_ = dropped_by_gone_;
  abandoned_.insert(abandoned_.end(), queues_.begin(), queues_.end());
  queues_.clear();
  readers_.clear();
  shared_queue_ = nullptr;
  if (!thread_state.ended) std::erase_if(queue_handles.queues, [&](const auto& entry) { return entry.first == id_; });
  thread_state.logger_id = 0;
  thread_state.queue = nullptr;

  // The other threads did not come along: the condition may have a waiter, the thread object an owner, that are gone.
  static_cast<void>(wake_condition_.release());
  wake_condition_ = std::make_unique<std::condition_variable>();
  const bool had_background = background_.joinable() || (state_.load() & kNeedsBackground) != 0;
  new (&background_) std::thread();
  woken_ = false;
  state_.fetch_and(~kArmed);
  if (had_background) state_.fetch_or(kNeedsBackground);
  after_fork_in_parent();
}

}  // namespace trilobite::log
