#include "logs/json_scan.h"

#include "logs/text.h"

namespace trilobite::logql::json {

namespace {

bool ends_token(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == ',' || c == '}' || c == ']'; }

// The four hex digits of \uXXXX; -1 if there are none.
std::int32_t hex4(std::string_view text) {
  if (text.size() < 4) return -1;
  std::int32_t out = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const char c = text[i];
    const int digit = c >= '0' && c <= '9'                     ? c - '0'
                      : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                               : -1;
    if (digit < 0) return -1;
    out = out * 16 + digit;
  }
  return out;
}

// The code point behind "\u"; removes what it used. -1: wrong.
std::int64_t unicode(std::string_view& text) {
  const std::int32_t first = hex4(text);
  if (first < 0) return -1;
  text.remove_prefix(4);
  if (first < 0xD800 || first > 0xDFFF) return first;
  if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return -1;
  const std::int32_t second = hex4(text.substr(2));
  if (second < 0xDC00) return -1;
  text.remove_prefix(6);
  return 0x10000 + ((static_cast<std::int64_t>(first) - 0xD800) << 10) + (second - 0xDC00);
}

// One escape, whose backslash is behind us.
bool append_escape(std::string_view& text, std::string& out) {
  if (text.empty()) return false;
  const char c = text.front();
  text.remove_prefix(1);
  switch (c) {
    case '"': case '\\': case '/': out.push_back(c); return true;
    case 'b': out.push_back('\b'); return true;
    case 'f': out.push_back('\f'); return true;
    case 'n': out.push_back('\n'); return true;
    case 'r': out.push_back('\r'); return true;
    case 't': out.push_back('\t'); return true;
    case 'u': {
      const std::int64_t code = unicode(text);
      if (code < 0) return false;
      append_rune(out, static_cast<char32_t>(code));
      return true;
    }
    default: return false;
  }
}

bool is_ascii(std::string_view text) {
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    if ((word & 0x8080808080808080ULL) != 0) return false;
  }
  for (; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0x80) != 0) return false;
  }
  return true;
}

std::string without_invalid(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Rune rune = decode_rune(text);
    if (rune.code != 0xFFFD) out.append(text.substr(0, rune.length));
    text.remove_prefix(rune.length);
  }
  return out;
}

}  // namespace

bool unescape_key(std::string_view text, std::string& out) {
  out.clear();
  while (true) {
    const std::size_t plain = text.find('\\');
    out.append(text.substr(0, plain));
    if (plain == std::string_view::npos) return true;
    text.remove_prefix(plain + 1);
    if (!append_escape(text, out)) return false;
  }
}

bool unescape(std::string_view text, Arena& arena, std::string_view& out) {
  out = text;
  if (text.empty()) return true;
  const bool escapes = std::memchr(text.data(), '\\', text.size()) != nullptr;
  if (!escapes && is_ascii(text)) return true;
  std::string resolved;
  if (escapes) {
    if (!unescape_key(text, resolved)) return false;
    text = resolved;
  }
  if (text.find("\xEF\xBF\xBD") != std::string_view::npos || !is_utf8(text)) {
    out = arena.copy(without_invalid(text));
  } else if (escapes) {
    out = arena.copy(text);
  }
  return true;
}

std::string_view valid_utf8(std::string_view text, Arena& arena) {
  if (is_ascii(text) || (text.find("\xEF\xBF\xBD") == std::string_view::npos && is_utf8(text))) return text;
  return arena.copy(without_invalid(text));
}

std::string_view label_value(std::string_view text, Arena& arena) {
  std::string_view out;
  return unescape(text, arena, out) ? out : std::string_view("");
}

// Behind the bracket that closes the one we stand on. Only brackets of the same kind count, and none inside strings.
bool Cursor::block(char open, char close) {
  std::size_t depth = 0;
  while (at_ != end_) {
    const char c = *at_++;
    if (c == '"') {
      std::string_view ignored;
      if (!string(ignored)) return false;
    } else if (c == open) {
      ++depth;
    } else if (c == close && --depth == 0) {
      return true;
    }
  }
  return false;
}

std::string_view Cursor::value(Value& out) {
  const char* start = at_;
  switch (*at_) {
    case '"':
      ++at_;
      out.kind = Kind::kString;
      return string(out.text) ? std::string_view() : kBadString;
    case '[':
      out.kind = Kind::kArray;
      if (!block('[', ']')) return kBadArray;
      break;
    case '{':
      out.kind = Kind::kObject;
      if (!block('{', '}')) return kBadObject;
      break;
    default: {
      while (at_ != end_ && !ends_token(*at_)) ++at_;
      const std::string_view token(start, static_cast<std::size_t>(at_ - start));
      if (token == "true" || token == "false") {
        out.kind = Kind::kBoolean;
      } else if (token == "null") {
        out.kind = Kind::kNull;
      } else if (!token.empty() && (token.front() == '-' || (token.front() >= '0' && token.front() <= '9'))) {
        out.kind = Kind::kNumber;
      } else {
        return kUnknownValue;
      }
    }
  }
  out.text = {start, static_cast<std::size_t>(at_ - start)};
  return {};
}

}  // namespace trilobite::logql::json
