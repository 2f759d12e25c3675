// The engine behind the process-wide logger: one queue per logging thread, one writer at a time.
//
// A pass takes what the queues hold, oldest line first, and writes it out. The background thread makes passes; so does
// whoever calls flush(), a thread that finds its queue full under Overflow::kBlock, and, with Writer::kCaller or during
// exit, every logging thread after each line. Lines of one thread keep their order always; lines of different threads
// appear in the order of their clock readings, and a line never before one it follows causally.
//
// Fork: the parent's lines stay the parent's. The child starts with empty queues and gets a background thread of its
// own with its first line.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <semaphore.h>

#include <trilobite/log_setup.h>

#include "line_writer.h"
#include "outcome.h"
#include "record.h"
#include "thread_queue.h"
#include "tick_clock.h"

namespace trilobite::log {

class Logger {
 public:
  static Outcome<std::unique_ptr<Logger>> start(const Config& config);
  ~Logger();  // writes what is queued; no thread may be logging any more
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  // Any thread.
  void submit(const Submission& submission) noexcept;

  // The two ends of a submission whose record the caller writes itself, see trilobite/log_record.h. Between them
  // nothing else of the logger may be called by this thread.
  detail::Producer* make_room(std::size_t framed, bool ticks_known, std::int64_t& ticks) noexcept;
  void after_publish(detail::Producer& producer) noexcept;
  static Logger& owner_of(detail::Producer& producer);
  // Whether the thread may go on using its queue without asking.
  bool lends_queues() const { return lends_queues_; }
  static bool is_shared(const detail::Producer& producer);

  void flush() noexcept;
  Statistics statistics();

  // From now on every line is written before submit() returns, by whatever thread logs. For the end of the process,
  // when there will be no later chance.
  void write_through() noexcept;

  // Has the background thread write what was logged before, and waits for it this long at most; true when it is done.
  // Async-signal-safe: for the handlers of fatal signals.
  bool drain_in_signal_handler(int limit_ms) noexcept;

  // To be called around fork() by the forking thread, see pthread_atfork.
  void before_fork();
  void after_fork_in_parent();
  void after_fork_in_child();

 private:
  struct Reader {
    ThreadQueue* queue;
    std::uint64_t first;  // the pass ends when all up to here are written
    std::uint64_t until;  // may be written when older than one of those
  };

  Logger(const Config& config, std::unique_ptr<LineWriter> writer);

  ThreadQueue* queue_of_this_thread();
  std::shared_ptr<ThreadQueue> add_queue();
  ThreadQueue* lock_shared_queue();
  bool wait_for_room(ThreadQueue& queue, std::size_t framed);
  void attend() noexcept;
  std::int64_t read_clock() const { return clock_ == nullptr ? detail::read_ticks() : clock_(); }
  std::int64_t to_ns(std::int64_t ticks) const { return clock_ == nullptr ? tick_clock_.to_ns(ticks) : ticks; }

  bool pass(LineWriter::Take take = LineWriter::Take::kAlways) noexcept;  // true when there was something to write
  bool make_lines();
  bool leave_to_background();
  void collect_readers();
  void write_oldest_first();
  void write_from(Reader& reader, std::int64_t until, std::uint64_t& pending);
  void report_dropped();
  std::uint64_t dropped();
  void forget_closed_queues();

  void start_background();
  void run_background();
  void wait_for_lines(int idle_passes);
  static bool this_thread_is_in_pass();
  bool arm();
  bool anything_queued();
  void wake();

  // Bits of state().
  static constexpr std::uint32_t kArmed = 1;  // the background thread sleeps until woken
  static constexpr std::uint32_t kWriteThrough = 2;
  static constexpr std::uint32_t kNeedsBackground = 4;  // forked: there is none yet

  const std::uint64_t id_;  // of this object, never used again: what a thread's cached queue belongs to
  const QueueOptions options_;
  std::int64_t (*const clock_)();  // null: the time stamp counter
  const bool lends_queues_;
  bool heavy_barrier_;  // arm() can make producers' stores visible

  // Plain, as the log statements look at it without <atomic>; only ever used through state().
  alignas(64) std::uint32_t state_ = 0;
  std::atomic_ref<std::uint32_t> state() { return std::atomic_ref<std::uint32_t>(state_); }

  std::mutex pass_mutex_;  // guards writer_, reader_, tick_clock_ and readers_, and makes its holder the consumer of
                           // all queues; the sinks' mutex is taken inside it, and kept beyond it
  std::unique_ptr<LineWriter> writer_;
  RecordReader reader_;
  TickClock tick_clock_;
  std::vector<Reader> readers_;
  std::uint64_t dropped_reported_ = 0;

  std::mutex queues_mutex_;  // guards queues_, abandoned_, dropped_by_gone_; taken inside pass_mutex_
  std::vector<std::shared_ptr<ThreadQueue>> queues_;
  std::vector<std::shared_ptr<ThreadQueue>> abandoned_;  // by fork: in what state their threads left them is unknown
  std::uint64_t dropped_by_gone_ = 0;

  std::mutex shared_mutex_;  // makes its holder the producer of shared_queue_; taken before pass_mutex_
  std::shared_ptr<ThreadQueue> shared_queue_;  // of threads that are past their thread_local objects

  sem_t wakings_;  // the background thread waits for it; signal handlers may post it
  std::atomic<bool> stopping_{false};
  std::atomic<bool> has_background_{false};
  std::atomic<std::uint32_t> drains_wanted_{0};  // by dying threads
  std::atomic<std::uint32_t> drains_done_{0};
  std::thread background_;
};

}  // namespace trilobite::log
