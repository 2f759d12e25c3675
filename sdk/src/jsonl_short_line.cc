#include "jsonl_short_line.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "call_site.h"
#include "json.h"
#include "json_value.h"
#include "number.h"

namespace trilobite::log {
namespace {

// A line of moderate size is written here and appended at once.
constexpr std::size_t kShortLine = 2048;
constexpr std::size_t kNumberMax = 32;

// memcpy() for a few bytes, without the call.
void copy_few(char* to, const char* from, std::size_t size) {
  const auto both_ends = [&]<std::size_t kWidth>() {
    std::memcpy(to, from, kWidth);
    std::memcpy(to + size - kWidth, from + size - kWidth, kWidth);
  };
  if (size > 32) {
    std::memcpy(to, from, size);
  } else if (size >= 16) {
    both_ends.operator()<16>();
  } else if (size >= 8) {
    both_ends.operator()<8>();
  } else if (size >= 4) {
    both_ends.operator()<4>();
  } else {
    for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
  }
}

class ShortLine {
 public:
  std::string_view text() const { return {bytes_, used_}; }

  bool put_time(const Event& event, TimestampWriter& time) {
    put_few("{\"time\":\"");
    used_ += time.put(end(), event.time_ns);
    return true;
  }
  bool put(const PaddedText& text) {
    if (!fits(text.size())) return false;
    text.copy_to(end());
    used_ += text.size();
    return true;
  }
  bool put_char(char c) {
    if (!fits(1)) return false;
    bytes_[used_++] = c;
    return true;
  }
  bool put_string(std::string_view text) {
    if (plain_run(text) == text.size()) return put_char('"') && put_text(text) && put_char('"');
    other_.clear();
    append_json_string(other_, text);
    return put_text(other_);
  }
  bool put_value(const Value& value) {
    if (put_plain_number(value, Point::kAlways)) return true;
    if (value.kind() == ValueKind::kDisplay || (value.kind() == ValueKind::kString && !may_be_json(value.text()))) {
      return put_string(value.text());
    }
    other_.clear();
    append_json_value(other_, value);
    return put_text(other_);
  }
  bool put_message(const CallSite& site, std::span<const Value> arguments) {
    const std::size_t before = used_;
    if (put_pieces(site, arguments)) return true;
    // An argument that needs escaping: a character may begin in one argument and end in the next.
    used_ = before;
    other_.clear();
    append_message(other_, site, arguments);
    const std::string whole = std::move(other_);
    const bool put = put_string(whole);
    return put;
  }

 private:
  enum class Point { kAlways, kWhereNeeded };

  bool fits(std::size_t bytes) const { return bytes <= kShortLine - used_; }
  char* end() { return bytes_ + used_; }
  bool put_text(std::string_view text) {
    if (!fits(text.size())) return false;
    put_few(text);
    return true;
  }
  void put_few(std::string_view text) {
    copy_few(end(), text.data(), text.size());
    used_ += text.size();
  }

  bool put_pieces(const CallSite& site, std::span<const Value> arguments) {
    if (!put_char('"')) return false;
    for (const CallSite::Piece& piece : site.pieces()) {
      if (!put(piece.json)) return false;
      if (piece.argument < arguments.size() && !put_argument(arguments[piece.argument])) return false;
    }
    return put_char('"');
  }
  bool put_argument(const Value& value) {
    if (put_plain_number(value, Point::kWhereNeeded)) return true;
    if (value.is_text()) return plain_run(value.text()) == value.text().size() && put_text(value.text());
    other_.clear();
    append_argument(other_, value);
    return plain_run(other_) == other_.size() && put_text(other_);
  }

  bool put_plain_number(const Value& value, Point point) {
    if (!fits(kNumberMax)) return false;
    switch (value.kind()) {
      case ValueKind::kInt: {
        const fmt::format_int digits(value.as_int());
        put_few({digits.data(), digits.size()});
        return true;
      }
      case ValueKind::kUint: {
        const fmt::format_int digits(value.as_uint());
        put_few({digits.data(), digits.size()});
        return true;
      }
      case ValueKind::kBool:
        put_few(value.as_bool() ? "true" : "false");
        return true;
      case ValueKind::kDouble: {
        const std::size_t size = put_short_decimal(end(), value.as_double(), point == Point::kAlways);
        used_ += size;
        return size > 0;
      }
      default:
        return false;
    }
  }

  char bytes_[kShortLine + PaddedText::kBlock + kTimestampMax];
  std::size_t used_ = 0;
  std::string other_;
};

bool put_fields(ShortLine& line, const std::vector<CallSite::JsonField>& known, std::span<const Field> fields) {
  for (const CallSite::JsonField& field : known) {
    if (!line.put(field.text) || !line.put_value(fields[field.field].value)) return false;
  }
  return true;
}

// Both lists are in the order of keys; where a key is in both, the span's counts.
bool put_fields_in_span(ShortLine& line, const std::vector<CallSite::JsonField>& known, std::span<const Field> fields,
                        std::span<const SpanPieces::Piece> pieces) {
  auto piece = pieces.begin();
  for (const CallSite::JsonField& field : known) {
    int order = 1;
    for (; piece != pieces.end() && (order = piece->key.compare(field.key)) < 0; ++piece) {
      if (!line.put(piece->text)) return false;
    }
    const bool replaced = piece != pieces.end() && order == 0;
    if (replaced || field.is_request_id) continue;
    if (!line.put(field.text) || !line.put_value(fields[field.field].value)) return false;
  }
  return std::all_of(piece, pieces.end(), [&](const SpanPieces::Piece& left) { return line.put(left.text); });
}

}  // namespace

bool append_short_jsonl_line(std::string& out, const Event& event, TimestampWriter& time, SpanPieces& spans) {
  if (event.site == nullptr || (!event.spans.empty() && event.spans.back().version == 0)) return false;
  const auto* known = event.site->json_fields(event.fields);
  if (known == nullptr) return false;
  ShortLine line;
  if (!line.put_time(event, time) || !line.put(event.site->json_head())) return false;
  const bool message = event.message_in_pieces ? line.put_message(*event.site, event.arguments)
                                               : line.put_string(event.message);
  if (!message) return false;
  const bool all = event.spans.empty()
                       ? put_fields(line, *known, event.fields)
                       : put_fields_in_span(line, *known, event.fields, spans.of(event.spans.back()));
  if (!all || !line.put_char('}') || !line.put_char('\n')) return false;
  out += line.text();
  return true;
}

}  // namespace trilobite::log
