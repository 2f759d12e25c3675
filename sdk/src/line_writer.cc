#include "line_writer.h"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include <unistd.h>

#include "rotating_file.h"
#include "sinks.h"
#include "system_log.h"

namespace trilobite::log {
namespace {

// Lines are handed to a sink when there are so many bytes of them, so that a long queue does not become one huge write.
// Usual queues of
// three threads fit.
constexpr std::size_t kPendingMax = 1 << 20;

std::string name_of(const Output& output) {
  switch (output.destination) {
    case Output::Destination::kStandardError:
      return "stderr";
    case Output::Destination::kStandardOutput:
      return "stdout";
    case Output::Destination::kFile:
      return output.path;
    case Output::Destination::kSyslog:
      return "syslog";
    case Output::Destination::kJournal:
      return "the journal";
    case Output::Destination::kSink:
    case Output::Destination::kEvents:
      return "a log sink";
  }
  return {};
}

bool rotates(const Rotation& rotation) {
  return rotation.bytes_max > 0 || rotation.lines_max > 0 || rotation.interval_s > 0;
}

std::int64_t day_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

// Null where the sink is the user's or takes events.
Outcome<std::unique_ptr<Sink>> open_sink(const Output& output, const Config& config) {
  switch (output.destination) {
    case Output::Destination::kStandardError:
      return descriptor_sink(STDERR_FILENO);
    case Output::Destination::kStandardOutput:
      return descriptor_sink(STDOUT_FILENO);
    case Output::Destination::kFile:
      if (!rotates(output.rotation)) return file_sink(output.path);
      return rotating_file_sink(output.path, output.rotation, config.clock == nullptr ? day_ns : config.clock);
    default:
      return std::unique_ptr<Sink>();
  }
}

std::unique_ptr<EventSink> open_events(const Output& output, const Config& config) {
  const std::string program = config.default_target.empty() ? program_invocation_short_name : config.default_target;
  const auto path_or = [&](const char* path) { return output.path.empty() ? std::string(path) : output.path; };
  if (output.destination == Output::Destination::kSyslog) return syslog_sink(path_or(kSyslogSocket), program);
  if (output.destination == Output::Destination::kJournal) return journal_sink(path_or(kJournalSocket), program);
  return nullptr;
}

}  // namespace

LineWriter::LineWriter(const Config& config) : time_(config.local_time_zone ? Zone::kLocal : Zone::kUtc) {}

Outcome<std::unique_ptr<LineWriter>> LineWriter::open(const Config& config) {
  std::unique_ptr<LineWriter> writer(new LineWriter(config));
  for (const Output& output : config.outputs) {
    auto port = open_port(output, config);
    if (!port.ok()) return Error{port.error()};
    const bool jsonl = port->events == nullptr && port->format == LineFormat::kJsonl;
    writer->wants_messages_ = writer->wants_messages_ || !jsonl;
    writer->ports_.push_back(std::move(*port));
  }
  return writer;
}

Outcome<LineWriter::Port> LineWriter::open_port(const Output& output, const Config& config) {
  auto own_sink = open_sink(output, config);
  if (!own_sink.ok()) return Error{own_sink.error()};
  auto own_events = open_events(output, config);
  Sink* sink = *own_sink != nullptr ? own_sink->get() : output.sink;
  EventSink* events = own_events != nullptr ? own_events.get() : output.events;
  if (output.destination == Output::Destination::kSink && sink == nullptr) {
    return Error{"an output of kind kSink without a sink"};
  }
  if (output.destination == Output::Destination::kEvents && events == nullptr) {
    return Error{"an output of kind kEvents without its receiver"};
  }
  const bool lines = *own_sink != nullptr || output.destination == Output::Destination::kSink;
  const bool colored = output.color == Color::kAlways || (output.color == Color::kAuto && lines && sink->is_terminal());
  return Port{.own_sink = std::move(*own_sink),
              .own_events = std::move(own_events),
              .sink = lines ? sink : nullptr,
              .events = lines ? nullptr : events,
              .name = name_of(output),
              .format = output.format,
              .paint = colored ? Paint::kColored : Paint::kPlain};
}

void LineWriter::append(const Event& event) {
  for (Port& port : ports_) {
    if (port.events != nullptr) {
      append_event(port, event);
      continue;
    }
    if (port.format == LineFormat::kJsonl) {
      append_jsonl_line(port.pending, event, time_, spans_);
    } else {
      append_readable_line(port.pending, event, time_, port.paint);
    }
    if (port.pending.size() >= kPendingMax) write_out();
  }
  ++lines_;
}

void LineWriter::append_event(Port& port, const Event& event) { note_failure(port, port.events->append(event)); }

LineWriter::SinksLock LineWriter::take_lines(Take take) {
  bool any = false, many = false;
  for (Port& port : ports_) {
    if (port.events != nullptr) {
      if (const int failure = port.events->write_out()) note_failure(port, failure);
    }
    any = any || !port.pending.empty();
    many = many || port.pending.size() >= kPendingMax;
  }
  if (!any && take != Take::kAlways) return {};
  SinksLock lock(sinks_mutex_, std::defer_lock);
  if (take == Take::kAlways || many) {
    lock.lock();
  } else {
    left_behind_.store(true);  // before the attempt: who holds the lock looks at it after unlocking
    if (take == Take::kLeave || !lock.try_lock()) return {};
  }
  left_behind_.store(false);
  for (Port& port : ports_) port.taken.swap(port.pending);
  return lock;
}

void LineWriter::write(SinksLock lock) {
  if (!lock.owns_lock()) return;
  for (Port& port : ports_) {
    if (!port.taken.empty()) write_taken(port);
  }
}

void LineWriter::write_taken(Port& port) {
  const int failure = port.sink->write(port.taken);
  port.taken.clear();
  note_failure(port, failure);
}

void LineWriter::forget_lines() {
  left_behind_.store(false);
  for (Port& port : ports_) {
    port.pending.clear();
    port.taken.clear();
  }
}

void LineWriter::note_failure(Port& port, int failure) {
  if (failure != 0) failures_.fetch_add(1, std::memory_order_relaxed);
  if (failure != 0 && failure != port.last_failure) {
    // Once per kind of failure in a row: a full disk must not become a flood somewhere else.
    const std::string text = "cannot write the log to " + port.name + ": " + std::strerror(failure) + "\n";
    static_cast<void>(descriptor_sink(STDERR_FILENO)->write(text));
  }
  port.last_failure = failure;
}

}  // namespace trilobite::log
