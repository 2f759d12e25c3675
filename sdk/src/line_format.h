// The two line formats. Each appends one line with its line feed.
#pragma once

#include <string>

#include <trilobite/log_setup.h>

#include "event.h"
#include "timestamp.h"

namespace trilobite::log {

class SpanPieces;

// Three letters to five: "ERROR", "WARN", "INFO", "DEBUG", "TRACE".
std::string_view level_label(Level level);

enum class Paint : std::uint8_t { kPlain, kColored };

// <timestamp> <LEVEL> <span>:<span>: <target>: <message> <key>=<value>... <fields of the spans, outermost first>
void append_readable_line(std::string& out, const Event& event, TimestampWriter& time, Paint paint);

// The same without time and level.
void append_readable_body(std::string& out, const Event& event, Paint paint);

// {"time":..,"level":..,"file":..,"line":..,"target":..,"message":.., then all other fields sorted by key}
void append_jsonl_line(std::string& out, const Event& event, TimestampWriter& time);
// The same, faster for statements and spans that were seen before.
void append_jsonl_line(std::string& out, const Event& event, TimestampWriter& time, SpanPieces& spans);

// A field's value as the readable format shows it; span fields are rendered with it in both formats.
void append_readable_value(std::string& out, const Value& value);

}  // namespace trilobite::log
