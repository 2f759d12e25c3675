#include "system_log.h"

#include <algorithm>
#include <cerrno>
#include <ctime>

#include <syslog.h>
#include <unistd.h>

#include <fmt/format.h>

#include "datagram_socket.h"
#include "line_format.h"

namespace trilobite::log {
namespace {

int severity(Level level) {
  switch (level) {
    case Level::kError:
      return LOG_ERR;
    case Level::kWarn:
      return LOG_WARNING;
    case Level::kInfo:
      return LOG_INFO;
    default:
      return LOG_DEBUG;
  }
}

class SyslogSink : public EventSink {
 public:
  SyslogSink(const std::string& socket_path, std::string program)
      : socket_(socket_path), program_(std::move(program)) {}

  int append(const Event& event) override {
    text_ = fmt::format("<{}>", LOG_DAEMON | severity(event.level));
    append_time(event.time_ns);
    text_ += fmt::format("{}[{}]: ", program_, ::getpid());
    append_readable_body(text_, event, Paint::kPlain);
    text_.pop_back();  // the line feed
    // Receivers cut earlier than datagrams do; what does not fit a datagram at all is cut here.
    int failure = socket_.send(text_);
    for (std::size_t size = kShort; failure == EMSGSIZE && size >= 1024 && text_.size() > size; size /= 2) {
      failure = socket_.send(std::string_view(text_).substr(0, size));
    }
    return failure;
  }

 private:
  static constexpr std::size_t kShort = 64 << 10;

  void append_time(std::int64_t time_ns) {
    const std::time_t seconds = time_ns / 1'000'000'000;
    std::tm parts{};
    localtime_r(&seconds, &parts);
    constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    text_ += fmt::format("{} {:2} {:02}:{:02}:{:02} ", kMonths[parts.tm_mon], parts.tm_mday, parts.tm_hour,
                         parts.tm_min, parts.tm_sec);
  }

  DatagramSocket socket_;
  std::string program_;
  std::string text_;
};

// What the journal accepts: capitals, digits, underscores, no underscore or digit in front, 64 at most.
std::string journal_key(std::string_view key) {
  std::string name;
  for (const char c : key.substr(0, 64)) {
    const bool small = c >= 'a' && c <= 'z';
    const bool fine = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += small ? static_cast<char>(c - ('a' - 'A')) : fine ? c : '_';
  }
  const bool taken = name == "MESSAGE" || name == "PRIORITY" || name == "TARGET" || name.starts_with("CODE_") ||
                     name.starts_with("SYSLOG_") || name == "TRACE_ID" || name == "SPAN_ID" || name == "SPAN_NAME";
  if (name.empty() || name.front() == '_' || (name.front() >= '0' && name.front() <= '9') || taken) {
    name.insert(0, "FIELD_");
    name.resize(std::min<std::size_t>(name.size(), 64));
  }
  return name;
}

class JournalSink : public EventSink {
 public:
  JournalSink(const std::string& socket_path, std::string program)
      : socket_(socket_path), program_(std::move(program)) {}

  int append(const Event& event) override {
    entry_.clear();
    put("MESSAGE", event.message);
    put("PRIORITY", std::to_string(severity(event.level)));
    put("SYSLOG_IDENTIFIER", program_);
    put("TARGET", event.target);
    if (!event.file.empty()) {
      put("CODE_FILE", event.file);
      put("CODE_LINE", std::to_string(event.line));
    }
    if (!event.spans.empty()) {
      const SpanView& span = event.spans.back();
      put("SPAN_NAME", span.name);
      if (!span.trace_id.empty()) put("TRACE_ID", span.trace_id);
      if (!span.span_id.empty()) put("SPAN_ID", span.span_id);
    }
    for (const Field& field : event.fields) {
      std::string text;
      const bool bare = field.value.is_text();
      if (!bare) append_readable_value(text, field.value);
      put(journal_key(field.key), bare ? field.value.text() : std::string_view(text));
    }
    const int failure = socket_.send(entry_);
    return failure == EMSGSIZE ? socket_.send_as_file(entry_) : failure;
  }

 private:
  // KEY=value, or where the value has line feeds the key, its size in 8 bytes (little-endian) and the value.
  void put(std::string_view key, std::string_view value) {
    entry_ += key;
    if (value.find('\n') == std::string_view::npos) {
      (entry_ += '=') += value;
    } else {
      entry_ += '\n';
      for (int shift = 0; shift < 64; shift += 8) entry_ += static_cast<char>(value.size() >> shift & 0xff);
      entry_ += value;
    }
    entry_ += '\n';
  }

  DatagramSocket socket_;
  std::string program_;
  std::string entry_;
};

}  // namespace

std::unique_ptr<EventSink> syslog_sink(const std::string& socket_path, const std::string& program) {
  return std::make_unique<SyslogSink>(socket_path, program);
}
std::unique_ptr<EventSink> journal_sink(const std::string& socket_path, const std::string& program) {
  return std::make_unique<JournalSink>(socket_path, program);
}

}  // namespace trilobite::log
