#include <fmt/core.h>

#include "line_format.h"
#include "number.h"

namespace trilobite::log {
namespace {

constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kItalic = "\x1b[3m";
constexpr std::string_view kReset = "\x1b[0m";

std::string_view level_color(Level level) {
  switch (level) {
    case Level::kTrace:
      return "\x1b[35m";
    case Level::kDebug:
      return "\x1b[34m";
    case Level::kInfo:
      return "\x1b[32m";
    case Level::kWarn:
      return "\x1b[33m";
    default:
      return "\x1b[31m";
  }
}

class Painter {
 public:
  Painter(std::string& out, Paint paint) : out_(out), colored_(paint == Paint::kColored) {}

  template <class Write>
  void with(std::string_view style, Write write) {
    if (colored_) out_ += style;
    write();
    if (colored_) out_ += kReset;
  }
  void text(std::string_view style, std::string_view text) {
    with(style, [&] { out_ += text; });
  }

 private:
  std::string& out_;
  bool colored_;
};

// The second byte of a C1 control character (U+0080 to U+009F) at i, or 0. Some terminals obey these as they do ESC.
unsigned char c1_control(std::string_view text, std::size_t i) {
  if (static_cast<unsigned char>(text[i]) != 0xc2 || i + 1 >= text.size()) return 0;
  const auto next = static_cast<unsigned char>(text[i + 1]);
  return next >= 0x80 && next < 0xa0 ? next : 0;
}

// Text for people: what a terminal would obey is shown instead. Line feeds and tabs stay.
void append_shown(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == 0x1b || c == 0x07 || c == 0x08 || c == 0x0c || c == 0x7f) {
      out += fmt::format("\\x{:02x}", c);
    } else if (const unsigned char control = c1_control(text, i)) {
      out += fmt::format("\\u{{{:x}}}", control);
      ++i;
    } else {
      out += text[i];
    }
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    switch (c) {
      case '"':
        out += "\\\"";
        continue;
      case '\\':
        out += "\\\\";
        continue;
      case '\n':
        out += "\\n";
        continue;
      case '\r':
        out += "\\r";
        continue;
      case '\t':
        out += "\\t";
        continue;
      case '\0':
        out += "\\0";
        continue;
      default:
        break;
    }
    if (c < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{{{:x}}}", c);
    } else if (const unsigned char control = c1_control(text, i)) {
      out += fmt::format("\\u{{{:x}}}", control);
      ++i;
    } else {
      out += text[i];
    }
  }
  out += '"';
}

}  // namespace

void append_readable_value(std::string& out, const Value& value) {
  switch (value.kind()) {
    case ValueKind::kInt:
      return append_integer(out, value.as_int());
    case ValueKind::kUint:
      return append_integer(out, value.as_uint());
    case ValueKind::kFloat:
      return append_readable_number(out, static_cast<float>(value.as_double()));
    case ValueKind::kDouble:
      return append_readable_number(out, value.as_double());
    case ValueKind::kBool:
      out += value.as_bool() ? "true" : "false";
      return;
    case ValueKind::kPointer:
      out += fmt::format("{}", value.as_pointer());
      return;
    case ValueKind::kChar: {
      const char c = value.as_char();
      return append_quoted(out, {&c, 1});
    }
    case ValueKind::kString:
      return append_quoted(out, value.text());
    case ValueKind::kDisplay:
    case ValueKind::kJson:
      return append_shown(out, value.text());
  }
}

std::string_view level_label(Level level) {
  switch (level) {
    case Level::kError:
      return "ERROR";
    case Level::kWarn:
      return "WARN";
    case Level::kInfo:
      return "INFO";
    case Level::kDebug:
      return "DEBUG";
    default:
      return "TRACE";
  }
}

void append_readable_line(std::string& out, const Event& event, TimestampWriter& time, Paint paint) {
  Painter painter(out, paint);
  painter.with(kDim, [&] { time.append(out, event.time_ns); });
  out += ' ';
  painter.with(level_color(event.level), [&] {
    const std::string_view label = level_label(event.level);
    out.append(5 - label.size(), ' ');
    out += label;
  });
  out += ' ';
  append_readable_body(out, event, paint);
}

void append_readable_body(std::string& out, const Event& event, Paint paint) {
  Painter painter(out, paint);
  for (const SpanView& span : event.spans) {
    painter.text(kBold, span.name);
    out += ':';
  }
  if (!event.spans.empty()) out += ' ';
  painter.text(kDim, event.target);
  painter.text(kDim, ":");
  out += ' ';
  append_shown(out, event.message);
  for (const Field& field : event.fields) {
    out += ' ';
    painter.text(kItalic, field.key);
    painter.text(kDim, "=");
    append_readable_value(out, field.value);
  }
  for (const SpanView& span : event.spans) {
    if (span.fields.empty()) continue;
    out += ' ';
    painter.text(kDim, span.fields);
  }
  out += '\n';
}

}  // namespace trilobite::log
