// Formats events for every output and hands whole lines to the sinks. Sinks have a lock of their own, so that one
// thread can write lines while another one makes further ones.
#pragma once

#include <cstdint>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <trilobite/log_setup.h>

#include "event.h"
#include "event_sink.h"
#include "line_format.h"
#include "outcome.h"
#include "span_pieces.h"
#include "timestamp.h"

namespace trilobite::log {

// Opens what the configuration names. One thread at a time, but for write().
class LineWriter {
 public:
  using SinksLock = std::unique_lock<std::mutex>;

  static Outcome<std::unique_ptr<LineWriter>> open(const Config& config);

  void append(const Event& event);
  // Whether events need their message as one text.
  bool wants_messages() const { return wants_messages_; }

  enum class Take : std::uint8_t {
    kAlways,  // waits for the thread that is writing now
    kIfIdle,  // leaves lines behind while another thread is writing
    kLeave,   // leaves lines behind for another thread
  };
  // Lines appended so far become what write() hands to the sinks; it owns the lock until then. Unlocked: nothing is to
  // be written, or lines were left behind, which is done only as long as there is room for more. Somebody has to take
  // those: a thread that finds left_behind() after its write().
  SinksLock take_lines(Take take);
  void write(SinksLock lock);
  bool left_behind() const { return left_behind_.load(); }
  void write_out() { write(take_lines(Take::kAlways)); }

  // For fork, in the child: lines made by the parent are the parent's.
  void forget_lines();
  std::mutex& sinks_mutex() { return sinks_mutex_; }

  std::uint64_t lines() const { return lines_; }
  std::uint64_t failures() const { return failures_.load(std::memory_order_relaxed); }

 private:
  struct Port {
    std::unique_ptr<Sink> own_sink;  // null when the sink is the user's
    std::unique_ptr<EventSink> own_events;
    Sink* sink;         // null where events go
    EventSink* events;  // null where lines go
    std::string name;
    LineFormat format;
    Paint paint;
    std::string pending{};  // lines
    std::string taken{};    // guarded by sinks_mutex_, as what follows and the sink, unless events go here
    int last_failure = 0;
  };

  explicit LineWriter(const Config& config);
  static Outcome<Port> open_port(const Output& output, const Config& config);
  void append_event(Port& port, const Event& event);
  void write_taken(Port& port);
  void note_failure(Port& port, int failure);

  std::vector<Port> ports_;
  bool wants_messages_ = false;
  TimestampWriter time_;
  SpanPieces spans_;
  std::uint64_t lines_ = 0;
  std::atomic<std::uint64_t> failures_{0};
  std::mutex sinks_mutex_;
  std::atomic<bool> left_behind_{false};
};

}  // namespace trilobite::log
