#include "line_writer.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <unistd.h>

#include "sinks.h"

namespace trilobite::log {
namespace {

// A pass hands over at least this much at a time, so that a long queue does not become one huge write.
constexpr std::size_t kPendingMax = 64 << 10;

std::string name_of(const Output& output) {
  switch (output.destination) {
    case Output::Destination::kStandardError:
      return "stderr";
    case Output::Destination::kStandardOutput:
      return "stdout";
    case Output::Destination::kFile:
      return output.path;
    case Output::Destination::kSink:
      return "a log sink";
  }
  return {};
}

// Null for Destination::kSink.
Outcome<std::unique_ptr<Sink>> open_sink(const Output& output) {
  switch (output.destination) {
    case Output::Destination::kStandardError:
      return descriptor_sink(STDERR_FILENO);
    case Output::Destination::kStandardOutput:
      return descriptor_sink(STDOUT_FILENO);
    case Output::Destination::kFile:
      return file_sink(output.path);
    case Output::Destination::kSink:
      break;
  }
  if (output.sink == nullptr) return Error{"an output of kind kSink without a sink"};
  return std::unique_ptr<Sink>();
}

}  // namespace

LineWriter::LineWriter(const Config& config)
    : time_(config.local_time_zone ? Zone::kLocal : Zone::kUtc),
      default_target_(config.default_target.empty() ? program_invocation_short_name : config.default_target) {}

Outcome<std::unique_ptr<LineWriter>> LineWriter::open(const Config& config) {
  std::unique_ptr<LineWriter> writer(new LineWriter(config));
  for (const Output& output : config.outputs) {
    auto port = open_port(output);
    if (!port.ok()) return Error{port.error()};
    writer->ports_.push_back(std::move(*port));
  }
  return writer;
}

Outcome<LineWriter::Port> LineWriter::open_port(const Output& output) {
  auto own_sink = open_sink(output);
  if (!own_sink.ok()) return Error{own_sink.error()};
  Sink* sink = *own_sink != nullptr ? own_sink->get() : output.sink;
  const bool colored = output.color == Color::kAlways || (output.color == Color::kAuto && sink->is_terminal());
  return Port{.own_sink = std::move(*own_sink),
              .sink = sink,
              .name = name_of(output),
              .format = output.format,
              .paint = colored ? Paint::kColored : Paint::kPlain};
}

void LineWriter::append(const Event& event) {
  Event named = event;
  if (named.target.empty()) named.target = default_target_;
  for (Port& port : ports_) {
    if (port.format == LineFormat::kJsonl) {
      append_jsonl_line(port.pending, named, time_);
    } else {
      append_readable_line(port.pending, named, time_, port.paint);
    }
    if (port.pending.size() >= kPendingMax) write_port(port);
  }
  ++lines_;
}

void LineWriter::write_out() {
  for (Port& port : ports_) {
    if (!port.pending.empty()) write_port(port);
  }
}

void LineWriter::write_port(Port& port) {
  const int failure = port.sink->write(port.pending);
  port.pending.clear();
  if (failure != 0) ++failures_;
  if (failure != 0 && failure != port.last_failure) {
    // Once per kind of failure in a row: a full disk must not become a flood somewhere else.
    const std::string text = "cannot write the log to " + port.name + ": " + std::strerror(failure) + "\n";
    static_cast<void>(descriptor_sink(STDERR_FILENO)->write(text));
  }
  port.last_failure = failure;
}

}  // namespace trilobite::log
