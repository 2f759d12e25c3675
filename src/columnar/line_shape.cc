#include "columnar/line_shape.h"

#include <array>
#include <bit>
#include <cstring>

namespace trilobite::columnar {
namespace {

constexpr unsigned kObjectDepthMax = 16, kArrayDepthMax = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Bytes of a string that need a look: quote, backslash, control bytes, and those beyond ASCII.
constexpr auto kStringSpecial = [] {
  std::array<bool, 256> out{};
  for (int c = 0; c < 256; ++c) out[static_cast<std::size_t>(c)] = c < 0x20 || c == '"' || c == '\\' || c >= 0x80;
  return out;
}();

bool valid_utf8(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* end = at + text.size();
  while (at < end) {
    if (*at < 0x80) {
      ++at;
      continue;
    }
    const unsigned more = *at >= 0xF0 ? 3 : *at >= 0xE0 ? 2 : 1;
    if (*at < 0xC2 || *at > 0xF4 || static_cast<std::size_t>(end - at) <= more) return false;
    const unsigned char second_min = *at == 0xE0 ? 0xA0 : *at == 0xF0 ? 0x90 : 0x80;
    const unsigned char second_max = *at == 0xED ? 0x9F : *at == 0xF4 ? 0x8F : 0xBF;
    if (at[1] < second_min || at[1] > second_max) return false;
    for (unsigned i = 2; i <= more; ++i) {
      if ((at[i] & 0xC0) != 0x80) return false;
    }
    at += more + 1;
  }
  return true;
}

class JsonSplitter {
 public:
  JsonSplitter(std::string_view line, std::vector<TextSpan>& slots, std::vector<Field>* fields)
      : start_(line.data()), at_(line.data()), end_(line.data() + line.size()), slots_(slots), fields_(fields) {}

  bool run() {
    blanks();
    if (!object(0)) return false;
    blanks();
    return at_ == end_ && (ascii_ || valid_utf8({start_, static_cast<std::size_t>(end_ - start_)}));
  }

 private:
  void blanks() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
  }
  bool eat(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  bool slot(const char* begin, const char* end, Field::Value value) {
    if (slots_.size() == kLineSlotsMax) return false;
    slots_.push_back({static_cast<std::uint32_t>(begin - start_), static_cast<std::uint32_t>(end - begin)});
    if (fields_ != nullptr) {
      Field& field = fields_->emplace_back();
      field.value = value;
      for (unsigned i = 0; i < keys_; ++i) field.path.emplace_back(path_[i]);
    }
    return true;
  }

  // From the opening quote to behind the closing one.
  bool string() {
    if (!eat('"')) return false;
    while ((at_ = json_string_plain_end(at_, end_)) < end_) {
      const auto c = static_cast<unsigned char>(*at_);
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c >= 0x80) {
        ascii_ = false;
        ++at_;
      } else if (c != '\\' || !escape()) {
        return false;
      }
    }
    return false;
  }

  bool escape() {
    if (end_ - at_ < 2) return false;
    const char c = at_[1];
    if (c == 'u') {
      if (end_ - at_ < 6) return false;
      for (int i = 2; i < 6; ++i) {
        if (!is_hex(at_[i])) return false;
      }
      at_ += 6;
      return true;
    }
    at_ += 2;
    return c == '"' || c == '\\' || c == '/' || c == 'b' || c == 'f' || c == 'n' || c == 'r' || c == 't';
  }

  bool bare() {
    const char* end = json_bare_end(at_, end_);
    if (end == nullptr) return false;
    at_ = end;
    return true;
  }

  // Anything, without slots: what stands in an array.
  bool skip_value(unsigned depth) {
    if (at_ == end_ || depth > kArrayDepthMax) return false;
    if (*at_ == '"') return string();
    if (*at_ != '[' && *at_ != '{') return bare();
    const char close = *at_++ == '[' ? ']' : '}';
    blanks();
    if (eat(close)) return true;
    for (;;) {
      blanks();
      if (close == '}') {
        if (!string()) return false;
        blanks();
        if (!eat(':')) return false;
        blanks();
      }
      if (!skip_value(depth + 1)) return false;
      blanks();
      if (eat(close)) return true;
      if (!eat(',')) return false;
    }
  }

  bool value(unsigned depth) {
    if (at_ == end_) return false;
    const char* begin = at_;
    if (*at_ == '"') return string() && slot(begin + 1, at_ - 1, Field::Value::kString);
    if (*at_ == '{') return object(depth);
    if (*at_ == '[') return skip_value(0) && slot(begin, at_, Field::Value::kArray);
    return bare() && slot(begin, at_, Field::Value::kBare);
  }

  bool object(unsigned depth) {
    if (depth == kObjectDepthMax || !eat('{')) return false;
    blanks();
    if (eat('}')) return true;
    for (;;) {
      blanks();
      const char* begin = at_;
      if (!string()) return false;
      path_[keys_++] = std::string_view(begin + 1, static_cast<std::size_t>(at_ - begin - 2));
      blanks();
      if (!eat(':')) return false;
      blanks();
      if (!value(depth + 1)) return false;
      --keys_;
      blanks();
      if (eat('}')) return true;
      if (!eat(',')) return false;
    }
  }

  const char* start_;
  const char* at_;
  const char* end_;
  std::vector<TextSpan>& slots_;
  std::vector<Field>* fields_;
  std::array<std::string_view, kObjectDepthMax> path_;
  unsigned keys_ = 0;
  bool ascii_ = true;
};

constexpr auto kKeyByte = [] {
  std::array<bool, 256> out{};
  for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@"))
    out[static_cast<unsigned char>(c)] = true;
  return out;
}();

const char* digits_end(const char* at, const char* end) {
  while (at < end && is_digit(*at)) ++at;
  return at;
}

const char* json_number_end(const char* at, const char* end) {
  if (at < end && *at == '-') ++at;
  const char* whole = at;
  at = digits_end(at, end);
  if (at == whole || (*whole == '0' && at - whole > 1)) return nullptr;
  if (at < end && *at == '.') {
    const char* fraction = at + 1;
    at = digits_end(fraction, end);
    if (at == fraction) return nullptr;
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at < end && (*at == '+' || *at == '-')) ++at;
    const char* exponent = at;
    at = digits_end(exponent, end);
    if (at == exponent) return nullptr;
  }
  return at;
}

// A byte's top bit set where `word` has a special byte; exact up to the lowest one set.
std::uint64_t special_bytes(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kTops = 0x8080808080808080;
  const std::uint64_t quotes = word ^ kOnes * '"', slashes = word ^ kOnes * '\\';
  return (((quotes - kOnes) & ~quotes) | ((slashes - kOnes) & ~slashes) | ((word - kOnes * 0x20) & ~word) | word) &
         kTops;
}

}  // namespace

const char* json_string_plain_end(const char* at, const char* end) {
  if constexpr (std::endian::native == std::endian::little) {
    for (; end - at >= 8; at += 8) {
      std::uint64_t word;
      std::memcpy(&word, at, 8);
      if (const std::uint64_t special = special_bytes(word); special != 0) return at + std::countr_zero(special) / 8;
    }
  }
  while (at < end && !kStringSpecial[static_cast<unsigned char>(*at)]) ++at;
  return at;
}

const char* json_bare_end(const char* at, const char* end) {
  if (at == end) return nullptr;
  const std::string_view rest(at, static_cast<std::size_t>(end - at));
  switch (*at) {
    case 't':
      return rest.starts_with("true") ? at + 4 : nullptr;
    case 'f':
      return rest.starts_with("false") ? at + 5 : nullptr;
    case 'n':
      return rest.starts_with("null") ? at + 4 : nullptr;
    default:
      return json_number_end(at, end);
  }
}

bool split_json(std::string_view line, std::vector<TextSpan>& slots, std::vector<Field>* fields) {
  return JsonSplitter(line, slots, fields).run();
}

bool split_logfmt(std::string_view line, std::vector<TextSpan>& slots, std::vector<Field>* fields) {
  std::array<std::string_view, kLineSlotsMax> keys;
  std::size_t count = 0, at = 0;
  bool ascii = true;
  for (;;) {
    const std::size_t key_begin = at;
    while (at < line.size() && kKeyByte[static_cast<unsigned char>(line[at])]) ++at;
    if (at == key_begin || at == line.size() || line[at] != '=' || count == kLineSlotsMax) return false;
    const std::string_view key = line.substr(key_begin, at - key_begin);
    for (std::size_t i = 0; i < count; ++i) {
      if (keys[i] == key) return false;
    }
    keys[count++] = key;
    ++at;
    const bool quoted = at < line.size() && line[at] == '"';
    if (quoted) ++at;
    const std::size_t begin = at;
    for (; at < line.size(); ++at) {
      const auto c = static_cast<unsigned char>(line[at]);
      if (c < 0x20 || c == 0x7F) return false;
      if (c >= 0x80) ascii = false;
      if (quoted) {
        if (c == '"') break;
        if (c == '\\' && ++at == line.size()) return false;
        if (static_cast<unsigned char>(line[at]) < 0x20) return false;
      } else {
        if (c == ' ') break;
        if (c == '"' || c == '=') return false;
      }
    }
    if (quoted && at == line.size()) return false;
    slots.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at - begin)});
    if (fields != nullptr) {
      fields->push_back({{std::string(key)}, quoted ? Field::Value::kString : Field::Value::kBare});
    }
    if (quoted) ++at;
    if (at == line.size()) return ascii || valid_utf8(line);
    if (line[at] != ' ') return false;
    ++at;
  }
}

}  // namespace trilobite::columnar
