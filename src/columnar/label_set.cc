#include "columnar/label_set.h"

#include <algorithm>

#include "base/bytes.h"

namespace trilobite {
namespace {

// The bytes of a LabelSet are canonical, so no step can fail.
std::size_t trusted_varint(const char*& at) {
  std::size_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<std::uint8_t>(*at++);
    value |= static_cast<std::size_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
}

std::string_view trusted_text(const char*& at) {
  const std::size_t length = trusted_varint(at);
  const std::string_view out(at, length);
  at += length;
  return out;
}

// One spelling per number, or equal sets could differ in bytes.
Result<std::string_view> canonical_text(ByteReader& in) {
  const std::size_t before = in.left();
  TRY(length, in.varint());
  std::size_t size_min = 1;
  for (std::uint64_t rest = length >> 7; rest != 0; rest >>= 7) ++size_min;
  if (before - in.left() != size_min) return error(Code::kCorrupt, "a length is not in its shortest form");
  if (length > in.left()) return error(Code::kCorrupt, "data ends too early");
  return in.bytes(static_cast<std::size_t>(length));
}

// Code points other than ASCII that Go's strconv.Quote escapes: controls, blanks, format characters, private use.
bool prints(std::uint32_t rune) {
  static constexpr struct {
    std::uint32_t from, to;
  } kHidden[] = {{0x80, 0xA0},      {0xAD, 0xAD},      {0x61C, 0x61C},    {0x1680, 0x1680},   {0x180E, 0x180E},
                 {0x2000, 0x200F},  {0x2028, 0x202F},  {0x205F, 0x206F},  {0x3000, 0x3000},   {0xD800, 0xF8FF},
                 {0xFDD0, 0xFDEF},  {0xFEFF, 0xFEFF},  {0xFFF0, 0xFFFB},  {0xFFFE, 0xFFFF},   {0xE0000, 0xE0FFF},
                 {0xF0000, 0x10FFFF}};
  for (const auto& range : kHidden) {
    if (rune >= range.from && rune <= range.to) return false;
  }
  return true;
}

// The length of the code point at the start of `text`, 0 when it is not UTF-8; the code point goes to `rune`.
std::size_t decode_rune(std::string_view text, std::uint32_t& rune) {
  const auto first = static_cast<std::uint8_t>(text[0]);
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  static constexpr std::uint32_t kMin[] = {0, 0, 0x80, 0x800, 0x10000};
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  rune = first & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    if ((byte & 0xC0) != 0x80) return 0;
    rune = rune << 6 | (byte & 0x3F);
  }
  const bool surrogate = rune >= 0xD800 && rune <= 0xDFFF;
  return rune < kMin[length] || rune > 0x10FFFF || surrogate ? 0 : length;
}

void append_quoted(std::string& out, std::string_view value) {
  static constexpr std::string_view kPlain = "\a\b\f\n\r\t\v\\\"", kLetters = "abfnrtv\\\"";
  out.push_back('"');
  while (!value.empty()) {
    const auto byte = static_cast<std::uint8_t>(value[0]);
    std::size_t length = 1;
    if (const std::size_t at = kPlain.find(value[0]); at != std::string_view::npos) {
      out.push_back('\\');
      out.push_back(kLetters[at]);
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else if (byte < 0x80) {
      out.push_back(value[0]);
    } else {
      std::uint32_t rune = 0;
      length = decode_rune(value, rune);
      if (length == 0) {
        out += fmt::format("\\x{:02x}", byte);
        length = 1;
      } else if (prints(rune)) {
        out.append(value.substr(0, length));
      } else {
        out += rune < 0x10000 ? fmt::format("\\u{:04x}", rune) : fmt::format("\\U{:08x}", rune);
      }
    }
    value.remove_prefix(length);
  }
  out.push_back('"');
}

}  // namespace

LabelSet LabelSet::from_pairs(std::vector<std::pair<std::string, std::string>> pairs) {
  std::stable_sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  LabelSet out;
  // Sets live long and are many: no room is left over, for texts of usual length.
  const auto bytes_of = [](const std::string& text) { return text.size() + (text.size() < 0x80 ? 1 : 2); };
  std::size_t bytes = 0;
  for (const auto& [name, value] : pairs) bytes += bytes_of(name) + bytes_of(value);
  out.bytes_.reserve(bytes);
  ByteWriter writer(out.bytes_);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (i > 0 && pairs[i].first == pairs[i - 1].first) continue;
    if (pairs[i].second.empty()) continue;
    writer.text(pairs[i].first);
    writer.text(pairs[i].second);
  }
  return out;
}

Result<LabelSet> LabelSet::from_bytes(std::string bytes) {
  ByteReader in(bytes);
  std::string_view previous;
  bool first = true;
  while (!in.done()) {
    TRY(name, canonical_text(in));
    TRY(value, canonical_text(in));
    if (!first && name <= previous) return error(Code::kCorrupt, "label names are not in order");
    if (value.empty()) return error(Code::kCorrupt, "a label value is empty");
    previous = name;
    first = false;
  }
  LabelSet out;
  out.bytes_ = std::move(bytes);
  return out;
}

std::size_t LabelSet::size() const {
  std::size_t count = 0;
  for (auto at = begin(); !(at == end()); ++at) ++count;
  return count;
}

std::string_view LabelSet::get(std::string_view name) const {
  for (const auto& [key, value] : *this) {
    if (key == name) return value;
    if (key > name) break;
  }
  return {};
}

std::string LabelSet::to_string() const {
  std::string out = "{";
  for (const auto& [name, value] : *this) {
    if (out.size() > 1) out += ", ";
    out.append(name);
    out.push_back('=');
    append_quoted(out, value);
  }
  out.push_back('}');
  return out;
}

LabelSet::Iterator& LabelSet::Iterator::operator++() {
  rest_.remove_prefix(length_);
  load();
  return *this;
}

void LabelSet::Iterator::load() {
  length_ = 0;
  pair_ = {};
  if (rest_.empty()) return;
  const char* at = rest_.data();
  pair_.first = trusted_text(at);
  pair_.second = trusted_text(at);
  length_ = static_cast<std::size_t>(at - rest_.data());
}

}  // namespace trilobite
