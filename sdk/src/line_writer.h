// Formats events for every output and hands whole lines to the sinks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <trilobite/log_setup.h>

#include "event.h"
#include "event_sink.h"
#include "line_format.h"
#include "outcome.h"
#include "timestamp.h"

namespace trilobite::log {

// Opens what the configuration names. One thread at a time.
class LineWriter {
 public:
  static Outcome<std::unique_ptr<LineWriter>> open(const Config& config);

  void append(const Event& event);
  void write_out();  // hands everything appended to the sinks

  std::uint64_t lines() const { return lines_; }
  std::uint64_t failures() const { return failures_; }

 private:
  struct Port {
    std::unique_ptr<Sink> own_sink;  // null when the sink is the user's
    std::unique_ptr<EventSink> own_events;
    Sink* sink;         // null where events go
    EventSink* events;  // null where lines go
    std::string name;
    LineFormat format;
    Paint paint;
    std::string pending{};
    int last_failure = 0;
  };

  explicit LineWriter(const Config& config);
  static Outcome<Port> open_port(const Output& output, const Config& config);
  void append_event(Port& port, const Event& event);
  void write_port(Port& port);
  void note_failure(Port& port, int failure);

  std::vector<Port> ports_;
  TimestampWriter time_;
  std::uint64_t lines_ = 0;
  std::uint64_t failures_ = 0;
};

}  // namespace trilobite::log
