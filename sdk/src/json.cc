#include "json.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "utf8.h"

namespace trilobite::log {
namespace {

constexpr char kHex[] = "0123456789abcdef";

void append_escaped(std::string& out, unsigned char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
  }
}

// Reads one value and copies its tokens. Every function returns false at the first thing that is not JSON.
class Compactor {
 public:
  Compactor(std::string& out, std::string_view text) : out_(out), rest_(text) {}

  bool whole_text() {
    if (!value(0)) return false;
    skip_space();
    return rest_.empty();
  }

 private:
  static constexpr int kDepthMax = 128;

  void skip_space() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n' || rest_[0] == '\t' || rest_[0] == '\r')) {
      rest_.remove_prefix(1);
    }
  }
  char peek() const { return rest_.empty() ? '\0' : rest_[0]; }
  void take(std::size_t count) {
    out_ += rest_.substr(0, count);
    rest_.remove_prefix(count);
  }
  bool take_char(char c) {
    skip_space();
    if (peek() != c) return false;
    take(1);
    return true;
  }
  bool word(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    take(word.size());
    return true;
  }

  bool value(int depth) {
    if (depth > kDepthMax) return false;
    skip_space();
    switch (peek()) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  bool object(int depth) {
    take(1);
    if (take_char('}')) return true;
    do {
      skip_space();
      if (peek() != '"' || !string() || !take_char(':') || !value(depth + 1)) return false;
    } while (take_char(','));
    return take_char('}');
  }

  bool array(int depth) {
    take(1);
    if (take_char(']')) return true;
    do {
      if (!value(depth + 1)) return false;
    } while (take_char(','));
    return take_char(']');
  }

  bool string() {
    take(1);
    while (!rest_.empty()) {
      const auto c = static_cast<unsigned char>(rest_[0]);
      if (c == '"') {
        take(1);
        return true;
      }
      if (c == '\\') {
        if (!escape()) return false;
      } else if (const std::size_t length = utf8_length(rest_); c >= 0x20 && length > 0) {
        take(length);
      } else {
        return false;
      }
    }
    return false;
  }

  bool escape() {
    if (rest_.size() < 2) return false;
    if (rest_[1] != 'u') {
      if (std::string_view("\"\\/bfnrt").find(rest_[1]) == std::string_view::npos) return false;
      take(2);
      return true;
    }
    const int unit = hex4(rest_);
    if (unit < 0 || (unit >= 0xdc00 && unit < 0xe000)) return false;
    take(6);
    if (unit < 0xd800 || unit >= 0xe000) return true;
    const int low = rest_.starts_with("\\u") ? hex4(rest_) : -1;  // the other half of a surrogate pair
    if (low < 0xdc00 || low >= 0xe000) return false;
    take(6);
    return true;
  }

  // The number in \uXXXX, or -1.
  static int hex4(std::string_view text) {
    if (text.size() < 6) return -1;
    int unit = 0;
    for (const char c : text.substr(2, 4)) {
      const std::size_t digit = std::string_view(kHex).find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
      if (digit == std::string_view::npos) return -1;
      unit = unit * 16 + static_cast<int>(digit);
    }
    return unit;
  }

  std::size_t digits(std::size_t at) const {
    std::size_t count = 0;
    while (at + count < rest_.size() && rest_[at + count] >= '0' && rest_[at + count] <= '9') ++count;
    return count;
  }

  bool number() {
    std::size_t end = peek() == '-' ? 1 : 0;
    const std::size_t whole = digits(end);
    if (whole == 0 || (whole > 1 && rest_[end] == '0')) return false;
    end += whole;
    if (end < rest_.size() && rest_[end] == '.') {
      const std::size_t fraction = digits(end + 1);
      if (fraction == 0) return false;
      end += 1 + fraction;
    }
    if (end < rest_.size() && (rest_[end] == 'e' || rest_[end] == 'E')) {
      const bool sign = end + 1 < rest_.size() && (rest_[end + 1] == '+' || rest_[end + 1] == '-');
      const std::size_t exponent = digits(end + 1 + (sign ? 1 : 0));
      if (exponent == 0) return false;
      end += 1 + (sign ? 1 : 0) + exponent;
      // A number no reader can hold is left a string.
      if (std::isinf(std::strtod(std::string(rest_.substr(0, end)).c_str(), nullptr))) return false;
    }
    take(end);
    return true;
  }

  std::string& out_;
  std::string_view rest_;
};

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t plain = 0;  // start of the run that is copied as it is
  for (std::size_t i = plain_run(text); i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const std::size_t length = c < 0x80 ? 1 : utf8_length(text.substr(i));
    if (length > 0 && c >= 0x20 && c != '"' && c != '\\') {
      i += length;
      continue;
    }
    out += text.substr(plain, i - plain);
    if (length == 0) {
      out += "\xef\xbf\xbd";
    } else {
      append_escaped(out, c);
    }
    plain = ++i;
  }
  out += text.substr(plain);
  out += '"';
}

std::size_t plain_run(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHigh = 0x8080808080808080;
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t bytes;
    std::memcpy(&bytes, text.data() + i, 8);
    // Per byte: the highest bit is set where it is below 0x20, a quote, a backslash, or not ASCII. Borrows from a byte
    // found may mark later ones wrongly, which the loop below then looks at.
    const std::uint64_t quote = bytes ^ (kOnes * '"'), backslash = bytes ^ (kOnes * '\\');
    if ((((bytes - kOnes * 0x20) | (quote - kOnes) | (backslash - kOnes) | bytes) & kHigh) != 0) break;
  }
  while (i < text.size() && static_cast<unsigned char>(text[i]) >= 0x20 && static_cast<unsigned char>(text[i]) < 0x80 &&
         text[i] != '"' && text[i] != '\\') {
    ++i;
  }
  return i;
}

bool may_be_json(std::string_view text) {
  if (text.empty()) return false;
  switch (text.front()) {
    case 't':
      return text.starts_with("true");
    case 'f':
      return text.starts_with("false");
    case 'n':
      return text.starts_with("null");
    case '{':
    case '[':
    case '"':
    case '-':
    case ' ':
    case '\t':
    case '\n':
    case '\r':
      return true;
    default:
      return text.front() >= '0' && text.front() <= '9';
  }
}

bool append_if_json(std::string& out, std::string_view text) {
  if (!may_be_json(text)) return false;
  const std::size_t before = out.size();
  if (Compactor(out, text).whole_text()) return true;
  out.resize(before);
  return false;
}

}  // namespace trilobite::log
