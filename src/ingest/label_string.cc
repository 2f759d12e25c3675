#include "ingest/label_string.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <mutex>
#include <utility>
#include <vector>

namespace trilobite::ingest {
namespace {

bool name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool name_part(char c) { return name_start(c) || (c >= '0' && c <= '9'); }

void append_utf8(std::string& out, std::uint32_t point) {
  if (point < 0x80) {
    out.push_back(static_cast<char>(point));
    return;
  }
  const int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  static constexpr unsigned char kLead[] = {0, 0xC0, 0xE0, 0xF0};
  out.push_back(static_cast<char>(kLead[more] | (point >> (6 * more))));
  for (int i = more - 1; i >= 0; --i) out.push_back(static_cast<char>(0x80 | ((point >> (6 * i)) & 0x3F)));
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<LabelSet> run() {
    skip_blanks();
    if (left() && name_start(peek())) {  // name{...}: the name is one more label
      pairs_.emplace_back("__name__", std::string(take_name()));
      skip_blanks();
      if (!left()) return finish();
    }
    if (!left()) return fail("unexpected end of input");
    if (peek() != '{') return fail(fmt::format("unexpected character: {}", quoted(peek())));
    ++at_;
    for (bool first = true;; first = false) {
      skip_blanks();
      if (!left()) return fail("unexpected end of input inside braces");
      if (peek() == '}') break;
      if (!first) {
        if (peek() != ',') return fail(fmt::format("unexpected character inside braces: {}", quoted(peek())));
        ++at_;
        skip_blanks();
        if (left() && peek() == '}') break;  // a comma at the end is fine
      }
      TRY_VOID(pair());
    }
    ++at_;
    skip_blanks();
    if (left()) return fail(fmt::format("unexpected character: {}", quoted(peek())));
    return finish();
  }

 private:
  bool left() const { return at_ < text_.size(); }
  char peek() const { return text_[at_]; }
  void skip_blanks() {
    while (left() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r')) ++at_;
  }
  static std::string quoted(char c) { return fmt::format("'{}'", c); }
  Error fail(std::string_view what) const { return error(Code::kInvalid, "1:{}: parse error: {}", at_ + 1, what); }

  std::string_view take_name() {
    const std::size_t start = at_;
    while (left() && name_part(peek())) ++at_;
    return text_.substr(start, at_ - start);
  }

  Result<void> pair() {
    if (!left()) return fail("unexpected end of input inside braces");
    if (!name_start(peek())) return fail(fmt::format("unexpected character inside braces: {}", quoted(peek())));
    std::string name(take_name());
    skip_blanks();
    if (!left()) return fail("unexpected end of input inside braces");
    if (peek() != '=') return fail(fmt::format("unexpected character inside braces: {}", quoted(peek())));
    ++at_;
    skip_blanks();
    std::string value;
    TRY_VOID(text_value(value));
    pairs_.emplace_back(std::move(name), std::move(value));
    return {};
  }

  Result<void> text_value(std::string& out) {
    if (!left()) return fail("unexpected end of input inside braces");
    const char quote = peek();
    if (quote != '"' && quote != '\'' && quote != '`') {
      return fail(fmt::format("unexpected character inside braces: {}", quoted(quote)));
    }
    ++at_;
    while (left() && peek() != quote) {
      if (peek() == '\\' && quote != '`') {
        TRY_VOID(escape(out));
      } else {
        out.push_back(peek());
        ++at_;
      }
    }
    if (!left()) return fail("unterminated quoted string");
    ++at_;
    return {};
  }

  // At a backslash. Go's escapes.
  Result<void> escape(std::string& out) {
    ++at_;
    if (!left()) return fail("unterminated quoted string");
    const char kind = peek();
    ++at_;
    static constexpr std::string_view kNames = "abfnrtv\\'\"";
    static constexpr std::string_view kBytes = "\a\b\f\n\r\t\v\\'\"";
    if (const std::size_t simple = kNames.find(kind); simple != std::string_view::npos) {
      out.push_back(kBytes[simple]);
      return {};
    }
    if (kind == 'x') return byte_escape(out, 2, 16);
    if (kind >= '0' && kind <= '7') {
      --at_;
      return byte_escape(out, 3, 8);
    }
    if (kind == 'u' || kind == 'U') {
      TRY(point, digits(kind == 'u' ? 4 : 8, 16));
      if (point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return fail("escape is no Unicode code point");
      append_utf8(out, point);
      return {};
    }
    return fail(fmt::format("unknown escape sequence {}", quoted(kind)));
  }
  Result<void> byte_escape(std::string& out, std::size_t count, std::uint32_t base) {
    TRY(value, digits(count, base));
    if (value > 0xFF) return fail("escape is larger than a byte");
    out.push_back(static_cast<char>(value));
    return {};
  }
  Result<std::uint32_t> digits(std::size_t count, std::uint32_t base) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i, ++at_) {
      if (!left()) return fail("unterminated quoted string");
      const char c = peek();
      const std::uint32_t digit = c >= '0' && c <= '9'   ? static_cast<std::uint32_t>(c - '0')
                                  : c >= 'a' && c <= 'f' ? static_cast<std::uint32_t>(c - 'a') + 10
                                  : c >= 'A' && c <= 'F' ? static_cast<std::uint32_t>(c - 'A') + 10
                                                         : 99;
      if (digit >= base) return fail("illegal character in escape sequence");
      value = value * base + digit;
    }
    return value;
  }

  Result<LabelSet> finish() {
    std::vector<std::string_view> names;
    for (const auto& [name, value] : pairs_) names.push_back(name);
    std::sort(names.begin(), names.end());
    if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end()) {
      return error(Code::kInvalid, "stream '{}' has duplicate label name: '{}'", text_, *twice);
    }
    return LabelSet::from_pairs(std::move(pairs_));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::pair<std::string, std::string>> pairs_;
};

}  // namespace

bool valid_label_name(std::string_view name) {
  return !name.empty() && name_start(name.front()) && std::all_of(name.begin(), name.end(), name_part);
}

Result<LabelSet> parse_label_string(std::string_view text) { return Parser(text).run(); }

void append_label(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append("=\"");
  for (const char c : value) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out.push_back(c);
    }
  }
  out.push_back('"');
}

struct LabelCache::State {
  struct Hash : TextHash {
    using is_avalanching = void;
  };
  std::size_t bytes_max = 0;
  std::mutex mutex;  // guards the rest
  boost::unordered_flat_map<std::string, LabelSetRef, Hash, std::equal_to<>> sets;
  std::size_t bytes = 0;
};

LabelCache::LabelCache(std::size_t bytes_max) : state_(std::make_unique<State>()) { state_->bytes_max = bytes_max; }
LabelCache::~LabelCache() = default;

Result<LabelSetRef> LabelCache::get(std::string_view text) {
  {
    const std::lock_guard lock(state_->mutex);
    if (const auto found = state_->sets.find(text); found != state_->sets.end()) return found->second;
  }
  TRY(parsed, parse_label_string(text));
  auto set = std::make_shared<const LabelSet>(std::move(parsed));
  const std::size_t bytes = text.size() + set->bytes().size() + 128;
  const std::lock_guard lock(state_->mutex);
  // Streams come and go slowly; starting over is as good as any cleverer order of eviction.
  if (state_->bytes + bytes > state_->bytes_max) {
    state_->sets.clear();
    state_->bytes = 0;
  }
  if (state_->sets.emplace(text, set).second) state_->bytes += bytes;
  return LabelSetRef(set);
}

}  // namespace trilobite::ingest
