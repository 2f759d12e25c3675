#include "json_pull.h"

#include <cstdint>

namespace trilobite {
namespace {

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

std::uint32_t take_hex4(std::string_view& text) {
  std::uint32_t out = 0;
  std::from_chars(text.data(), text.data() + std::min<std::size_t>(4, text.size()), out, 16);
  text.remove_prefix(std::min<std::size_t>(4, text.size()));
  return out;
}

// After the backslash.
void take_escape(std::string_view& text, std::string& out) {
  const char c = text.empty() ? '\0' : text[0];
  if (!text.empty()) text.remove_prefix(1);
  switch (c) {
    case 'n':
      out += '\n';
      return;
    case 't':
      out += '\t';
      return;
    case 'r':
      out += '\r';
      return;
    case 'b':
      out += '\b';
      return;
    case 'f':
      out += '\f';
      return;
    case 'u':
      break;
    default:
      out += c;
      return;
  }
  std::uint32_t code = take_hex4(text);
  if (code >= 0xd800 && code < 0xdc00 && text.starts_with("\\u")) {
    std::string_view next = text.substr(2);
    const std::uint32_t low = take_hex4(next);
    if (low >= 0xdc00 && low < 0xe000) {
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      text = next;
    }
  }
  append_utf8(out, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
}

}  // namespace

std::string JsonPull::string() {
  std::string out;
  rest_.remove_prefix(1);
  while (!rest_.empty() && rest_[0] != '"') {
    const char c = rest_[0];
    rest_.remove_prefix(1);
    if (c == '\\') {
      take_escape(rest_, out);
    } else {
      out += c;
    }
  }
  if (!rest_.empty()) rest_.remove_prefix(1);
  return out;
}

std::string_view JsonPull::skip() {
  std::size_t depth = 0, at = 0;
  bool in_string = false;
  for (; at < rest_.size(); ++at) {
    const char c = rest_[at];
    if (in_string) {
      if (c == '\\') {
        ++at;
      } else if (c == '"') {
        in_string = false;
      }
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '{' || c == '[') ++depth;
    if (depth == 0 && (c == ',' || c == '}' || c == ']')) break;
    if (c == '}' || c == ']') --depth;
  }
  const std::string_view out = rest_.substr(0, at);
  rest_.remove_prefix(out.size());
  return out;
}

}  // namespace trilobite
