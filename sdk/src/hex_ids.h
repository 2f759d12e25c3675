// Ids as hexadecimal text.
#pragma once

#include <string_view>

#include <trilobite/trace.h>

namespace trilobite::trace {

enum class HexCase : std::uint8_t { kLower, kAny };

// Exactly 32 and 16 digits, not all zero. Otherwise false, and id stays as it was.
bool parse_trace_id(std::string_view text, TraceId& id, HexCase allowed = HexCase::kLower);
bool parse_span_id(std::string_view text, SpanId& id, HexCase allowed = HexCase::kLower);

// One to 16 digits.
bool parse_hex(std::string_view text, std::uint64_t& value, HexCase allowed);

void append_hex(std::string& out, std::uint64_t value);  // 16 digits
void append_hex(std::string& out, TraceId id);
void append_hex(std::string& out, SpanId id);

}  // namespace trilobite::trace
