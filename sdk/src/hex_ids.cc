#include "hex_ids.h"

namespace trilobite::trace {
namespace {

int digit(char c, HexCase allowed) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (allowed == HexCase::kAny && c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool parse_hex(std::string_view text, std::uint64_t& value, HexCase allowed) {
  if (text.empty() || text.size() > 16) return false;
  std::uint64_t parsed = 0;
  for (const char c : text) {
    const int d = digit(c, allowed);
    if (d < 0) return false;
    parsed = parsed << 4 | static_cast<std::uint64_t>(d);
  }
  value = parsed;
  return true;
}

bool parse_trace_id(std::string_view text, TraceId& id, HexCase allowed) {
  TraceId parsed;
  if (text.size() != 32 || !parse_hex(text.substr(0, 16), parsed.high, allowed) ||
      !parse_hex(text.substr(16), parsed.low, allowed) || !parsed) {
    return false;
  }
  id = parsed;
  return true;
}

bool parse_span_id(std::string_view text, SpanId& id, HexCase allowed) {
  SpanId parsed;
  if (text.size() != 16 || !parse_hex(text, parsed.value, allowed) || !parsed) return false;
  id = parsed;
  return true;
}

void append_hex(std::string& out, std::uint64_t value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  char digits[16];
  for (int i = 15; i >= 0; --i, value >>= 4) digits[i] = kDigits[value & 15];
  out.append(digits, sizeof digits);
}

void append_hex(std::string& out, TraceId id) {
  append_hex(out, id.high);
  append_hex(out, id.low);
}

void append_hex(std::string& out, SpanId id) { append_hex(out, id.value); }

std::string to_hex(TraceId id) {
  std::string out;
  append_hex(out, id);
  return out;
}

std::string to_hex(SpanId id) {
  std::string out;
  append_hex(out, id);
  return out;
}

}  // namespace trilobite::trace
