#include "traceparent.h"

#include <algorithm>
#include <array>

#include "hex_ids.h"
#include "span_data.h"

namespace trilobite::trace {
namespace {

constexpr std::size_t kStateMembersMax = 32;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_lower_alpha(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// key = lcalpha 0*255( lcalpha / DIGIT / "_" / "-"/ "*" / "/" ), or with a tenant in front: up to 241 characters that
// may begin with a digit, `@`, and a system of up to 14.
bool is_key_part(std::string_view part, std::size_t size_max, bool digit_first) {
  if (part.empty() || part.size() > size_max) return false;
  if (!is_lower_alpha(part.front()) && !(digit_first && is_digit(part.front()))) return false;
  return std::all_of(part.begin(), part.end(), [](char c) {
    return is_lower_alpha(c) || is_digit(c) || c == '_' || c == '-' || c == '*' || c == '/';
  });
}

bool is_state_key(std::string_view key) {
  const std::size_t at = key.find('@');
  if (at == std::string_view::npos) return is_key_part(key, 256, false);
  return is_key_part(key.substr(0, at), 241, true) && is_key_part(key.substr(at + 1), 14, false);
}

// Up to 256 visible characters and blanks, no comma, no equals sign, no blank at the end.
bool is_state_value(std::string_view value) {
  return !value.empty() && value.size() <= 256 && value.back() != ' ' &&
         std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c < 0x7f && c != ',' && c != '='; });
}

}  // namespace

std::optional<RemoteParent> parse_traceparent(std::string_view header) {
  header = trimmed(header);
  constexpr std::size_t kSize = 55;  // vv-(32)-(16)-ff
  if (header.size() < kSize || header[2] != '-' || header[35] != '-' || header[52] != '-') return std::nullopt;
  std::uint64_t version = 0, flags = 0;
  RemoteParent parent;
  if (!parse_hex(header.substr(0, 2), version, HexCase::kLower) || version == 0xff ||
      !parse_trace_id(header.substr(3, 32), parent.trace_id) || !parse_span_id(header.substr(36, 16), parent.span_id) ||
      !parse_hex(header.substr(53, 2), flags, HexCase::kLower)) {
    return std::nullopt;
  }
  if (header.size() > kSize && (version == 0 || header[kSize] != '-')) return std::nullopt;
  // What later versions mean by further flags is not known.
  parent.flags = static_cast<std::uint8_t>(flags & (version == 0 ? kFlagSampled | kFlagRandom : kFlagSampled));
  return parent;
}

std::string format_traceparent(const RemoteParent& parent) {
  std::string out = "00-";
  append_hex(out, parent.trace_id);
  out += '-';
  append_hex(out, parent.span_id);
  out += "-0";
  out += static_cast<char>('0' + (parent.flags & (kFlagSampled | kFlagRandom)));
  return out;
}

std::string joined_tracestate(std::string_view headers) {
  std::string out;
  std::array<std::string_view, kStateMembersMax> keys;
  std::size_t count = 0;
  for (std::size_t start = 0; start <= headers.size();) {
    const std::size_t end = std::min(headers.find(',', start), headers.size());
    const std::string_view member = trimmed(headers.substr(start, end - start));
    start = end + 1;
    if (member.empty()) continue;
    const std::size_t equals = member.find('=');
    if (equals == std::string_view::npos || count == kStateMembersMax) return {};
    const std::string_view key = member.substr(0, equals);
    if (!is_state_key(key) || !is_state_value(member.substr(equals + 1))) return {};
    if (std::find(keys.begin(), keys.begin() + count, key) != keys.begin() + count) return {};
    keys[count++] = key;
    if (!out.empty()) out += ',';
    out += member;
  }
  return out;
}

namespace {

// 16 or 32 digits; a short one is the low half.
bool parse_b3_trace_id(std::string_view text, TraceId& id) {
  if (text.size() == 16) {
    TraceId parsed;
    if (!parse_hex(text, parsed.low, HexCase::kAny) || !parsed) return false;
    id = parsed;
    return true;
  }
  return parse_trace_id(text, id, HexCase::kAny);
}

// 1 and d (debug) are sampled; 0 is not; nothing leaves it to us.
std::optional<std::uint8_t> b3_flags(std::string_view state) {
  if (state.empty() || state == "1" || state == "d" || state == "true") return kFlagSampled;
  if (state == "0" || state == "false") return std::uint8_t{0};
  return std::nullopt;
}

}  // namespace

std::optional<RemoteParent> parse_b3(std::string_view header) {
  header = trimmed(header);
  std::array<std::string_view, 4> parts;
  std::size_t count = 0;
  for (std::size_t start = 0; start <= header.size(); ++count) {
    if (count == parts.size()) return std::nullopt;
    const std::size_t end = std::min(header.find('-', start), header.size());
    parts[count] = header.substr(start, end - start);
    start = end + 1;
  }
  if (count < 2) return std::nullopt;  // only a sampling decision: no parent
  SpanId ignored;
  if (count == 4 && !parse_span_id(parts[3], ignored, HexCase::kAny)) return std::nullopt;
  return parse_b3(B3Headers{.trace_id = parts[0], .span_id = parts[1], .sampled = parts[2], .flags = {}});
}

std::optional<RemoteParent> parse_b3(const B3Headers& headers) {
  RemoteParent parent;
  const auto flags = b3_flags(headers.sampled);
  if (!flags || !parse_b3_trace_id(trimmed(headers.trace_id), parent.trace_id) ||
      !parse_span_id(trimmed(headers.span_id), parent.span_id, HexCase::kAny)) {
    return std::nullopt;
  }
  parent.flags = headers.flags == "1" ? kFlagSampled : *flags;
  return parent;
}

}  // namespace trilobite::trace
