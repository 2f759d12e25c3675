#include "otlp_log_sink.h"

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <deque>
#include <mutex>
#include <string_view>
#include <thread>

#include <pthread.h>
#include <unistd.h>

#include "line_format.h"
#include "protobuf_writer.h"

namespace trilobite::log {
namespace {

// Numbers of the fields in the messages of opentelemetry/proto/logs/v1/logs.proto.
enum LogRecordField : std::uint32_t {
  kTime = 1,
  kSeverityNumber = 2,
  kSeverityText = 3,
  kBody = 5,
  kAttributes = 6,
  kTraceId = 9,
  kSpanId = 10,
};
enum AnyValueField : std::uint32_t { kString = 1, kBool = 2, kInt = 3, kDouble = 4 };

std::uint64_t severity_number(Level level) {
  switch (level) {
    case Level::kError:
      return 17;
    case Level::kWarn:
      return 13;
    case Level::kInfo:
      return 9;
    case Level::kDebug:
      return 5;
    default:
      return 1;
  }
}

void put_any_value(ProtobufWriter& writer, const Value& value) {
  switch (value.kind()) {
    case ValueKind::kInt:
      return writer.int64(kInt, value.as_int());
    case ValueKind::kUint:
      if (value.as_uint() <= INT64_MAX) return writer.int64(kInt, static_cast<std::int64_t>(value.as_uint()));
      return writer.bytes(kString, std::to_string(value.as_uint()));
    case ValueKind::kFloat:
    case ValueKind::kDouble:
      return writer.float64(kDouble, value.as_double());
    case ValueKind::kBool:
      return writer.boolean(kBool, value.as_bool());
    case ValueKind::kString:
    case ValueKind::kDisplay:
    case ValueKind::kJson:
      return writer.bytes(kString, value.text());
    case ValueKind::kChar: {
      const char c = value.as_char();
      return writer.bytes(kString, {&c, 1});
    }
    case ValueKind::kPointer: {
      std::string text;
      append_readable_value(text, value);
      return writer.bytes(kString, text);
    }
  }
}

void put_attribute(ProtobufWriter& writer, std::string_view key, const Value& value) {
  writer.message(kAttributes, [&] {
    writer.bytes(1, key);
    writer.message(2, [&] { put_any_value(writer, value); });
  });
}

std::string bytes_of_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  }
  return bytes;
}

}  // namespace

void append_log_record(std::string& out, const Event& event) {
  ProtobufWriter writer(out);
  const auto text = [](std::string_view value) { return Value::of_text(value); };
  writer.fixed64(kTime, static_cast<std::uint64_t>(event.time_ns));
  writer.uint64(kSeverityNumber, severity_number(event.level));
  writer.bytes(kSeverityText, level_label(event.level));
  writer.message(kBody, [&] { writer.bytes(kString, event.message); });
  put_attribute(writer, "target", text(event.target));
  if (!event.file.empty()) {
    put_attribute(writer, "code.file.path", text(event.file));
    put_attribute(writer, "code.line.number", Value::of_uint(event.line));
  }
  for (const Field& field : event.fields) put_attribute(writer, field.key, field.value);
  if (event.spans.empty()) return;
  const SpanView& span = event.spans.back();
  put_attribute(writer, "span_name", text(span.name));
  if (!span.x_request_id.empty()) put_attribute(writer, "x_request_id", text(span.x_request_id));
  if (!span.x_dynamo_request_id.empty()) put_attribute(writer, "x_dynamo_request_id", text(span.x_dynamo_request_id));
  if (!span.trace_id.empty()) writer.bytes(kTraceId, bytes_of_hex(span.trace_id));
  if (!span.span_id.empty()) writer.bytes(kSpanId, bytes_of_hex(span.span_id));
}

namespace {

class OtlpLogSink : public EventSink {
 public:
  OtlpLogSink(std::unique_ptr<otlp::Transport> transport, std::string resource, const OtlpLogLimits& limits)
      : transport_(std::move(transport)), resource_(std::move(resource)), limits_(limits), process_(::getpid()) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    sender_ = std::thread([this] { run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  ~OtlpLogSink() override {
    if (::getpid() != process_) {
      sender_.detach();
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    transport_->stop(limits_.exit_ms);
    sender_.join();
  }

  int append(const Event& event) override {
    // A forked child has no sending thread, and its parent's connection is not its own.
    if (::getpid() != process_) return ENOTCONN;
    std::string record;
    append_log_record(record, event);
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= limits_.waiting_max || stopping_) return ENOBUFS;
    waiting_.push_back(std::move(record));
    if (waiting_.size() == limits_.batch_max) changed_.notify_all();
    return 0;
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait_for(lock, std::chrono::milliseconds(limits_.delay_ms),
                        [this] { return stopping_ || waiting_.size() >= limits_.batch_max; });
      while (!waiting_.empty()) {
        const std::string request = take_batch();
        lock.unlock();
        report(transport_->send(request));
        lock.lock();
      }
      if (stopping_) return;
    }
  }

  // opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest. Requires the mutex.
  std::string take_batch() {
    std::string request;
    ProtobufWriter writer(request);
    writer.message(1, [&] {  // resource_logs
      writer.bytes(1, resource_);
      writer.message(2, [&] {  // scope_logs
        for (std::size_t count = 0; count < limits_.batch_max && !waiting_.empty(); ++count) {
          writer.bytes(2, waiting_.front());
          waiting_.pop_front();
        }
      });
    });
    return request;
  }

  // To standard error, once for each reason in a row: a log line about it would be the next one to fail.
  void report(const otlp::SendReport& sent) {
    const std::string reason = sent.delivered() && sent.rejected == 0 ? std::string() : sent.message;
    if (!reason.empty() && reason != last_reason_) {
      std::fprintf(stderr, "cannot export log lines: %s\n", reason.c_str());
    }
    last_reason_ = reason;
  }

  const std::unique_ptr<otlp::Transport> transport_;
  const std::string resource_;
  const OtlpLogLimits limits_;
  const pid_t process_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> waiting_;
  bool stopping_ = false;
  std::string last_reason_;  // the sender's
  std::thread sender_;
};

}  // namespace

std::unique_ptr<EventSink> otlp_log_sink(std::unique_ptr<otlp::Transport> transport, std::string resource,
                                         const OtlpLogLimits& limits) {
  return std::make_unique<OtlpLogSink>(std::move(transport), std::move(resource), limits);
}

}  // namespace trilobite::log
