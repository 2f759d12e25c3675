// The two line formats. Each appends one line with its line feed.
#pragma once

#include <string>

#include <trilobite/log_setup.h>

#include "event.h"
#include "timestamp.h"

namespace trilobite::log {

// Three letters to five: "ERROR", "WARN", "INFO", "DEBUG", "TRACE".
std::string_view level_label(Level level);

enum class Paint : std::uint8_t { kPlain, kColored };

// <timestamp> <LEVEL> <span>:<span>: <target>: <message> <key>=<value>... <fields of the spans, outermost first>
void append_readable_line(std::string& out, const Event& event, TimestampWriter& time, Paint paint);

// {"time":..,"level":..,"file":..,"line":..,"target":..,"message":.., then all other fields sorted by key}
void append_jsonl_line(std::string& out, const Event& event, TimestampWriter& time);

}  // namespace trilobite::log
