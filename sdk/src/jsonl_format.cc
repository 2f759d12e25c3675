#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "call_site.h"
#include "json.h"
#include "json_keys.h"
#include "line_format.h"
#include "number.h"

namespace trilobite::log {
namespace {

constexpr std::array<std::string_view, 2> kRequestKeys{"x_request_id", "x_dynamo_request_id"};

template <class Keys>
bool is_one_of(std::string_view key, const Keys& keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

void append_value(std::string& out, const Value& value) {
  switch (value.kind()) {
    case ValueKind::kInt:
      return append_integer(out, value.as_int());
    case ValueKind::kUint:
      return append_integer(out, value.as_uint());
    case ValueKind::kFloat:
      return append_json_number(out, static_cast<float>(value.as_double()));
    case ValueKind::kDouble:
      return append_json_number(out, value.as_double());
    case ValueKind::kBool:
      out += value.as_bool() ? "true" : "false";
      return;
    case ValueKind::kPointer:
      return append_json_string(out, fmt::format("{}", value.as_pointer()));
    case ValueKind::kChar: {
      const char c = value.as_char();
      return append_json_string(out, {&c, 1});
    }
    case ValueKind::kDisplay:
      return append_json_string(out, value.text());
    case ValueKind::kString:
    case ValueKind::kJson:
      if (!append_if_json(out, value.text())) append_json_string(out, value.text());
      return;
  }
}

// The fields of one line. Later ones replace earlier ones of the same key.
class FieldSet {
 public:
  void put(std::string_view key, const Value& value) {
    fields_.push_back({json_key(key), value});
  }
  void put_text(std::string_view key, std::string_view text) { put(key, Value::of_text(text, ValueKind::kDisplay)); }

  template <class Keys>
  void remove(const Keys& keys) {
    std::erase_if(fields_, [&](const Field& field) { return is_one_of(field.key, keys); });
  }

  void append_sorted(std::string& out) {
    std::stable_sort(fields_.begin(), fields_.end(), [](const Field& a, const Field& b) { return a.key < b.key; });
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (i + 1 < fields_.size() && fields_[i + 1].key == fields_[i].key) continue;
      out += ',';
      append_json_string(out, fields_[i].key);
      out += ':';
      append_value(out, fields_[i].value);
    }
  }

 private:
  std::vector<Field> fields_;
};

std::string_view without_quotes(std::string_view text) {
  if (text.starts_with('"')) text.remove_prefix(1);
  if (text.ends_with('"')) text.remove_suffix(1);
  return text;
}

// Span fields are known as rendered text only: they are split at single spaces and at the first `=`.
void put_span_fields(FieldSet& fields, std::string_view rendered) {
  for (std::size_t start = 0; start < rendered.size();) {
    const std::size_t end = std::min(rendered.find(' ', start), rendered.size());
    const std::string_view piece = rendered.substr(start, end - start);
    const std::size_t equals = piece.find('=');
    if (equals != std::string_view::npos && equals > 0) {
      fields.put_text(piece.substr(0, equals), without_quotes(piece.substr(equals + 1)));
    }
    start = end + 1;
  }
}

void put_span(FieldSet& fields, const SpanView& span) {
  put_span_fields(fields, span.fields);
  fields.remove(kSpanKeys);
  fields.remove(kRequestKeys);
  fields.put_text("span_name", span.name);
  const auto put_if_any = [&](std::string_view key, std::string_view text) {
    if (!text.empty()) fields.put_text(key, text);
  };
  put_if_any("trace_id", span.trace_id);
  put_if_any("span_id", span.span_id);
  put_if_any("parent_id", span.parent_id);
  put_if_any("tracestate", span.tracestate);
  put_if_any("x_request_id", span.x_request_id);
  put_if_any("x_dynamo_request_id", span.x_dynamo_request_id);
}

// A line of moderate size is written here and appended at once.
constexpr std::size_t kShortLine = 2048;
constexpr std::size_t kNumberMax = 32;

class ShortLine {
 public:
  bool fits(std::size_t bytes) const { return bytes <= kShortLine - used_; }
  char* end() { return bytes_ + used_; }
  void advance(std::size_t bytes) { used_ += bytes; }
  void put(std::string_view text) {
    std::memcpy(end(), text.data(), text.size());
    advance(text.size());
  }
  // Texts that need escaping are left to the general way.
  bool put_string(std::string_view text) {
    if (!fits(text.size() + 2) || plain_run(text) != text.size()) return false;
    put("\"");
    put(text);
    put("\"");
    return true;
  }
  bool put_value(const Value& value) {
    switch (value.kind()) {
      case ValueKind::kInt: {
        const fmt::format_int digits(value.as_int());
        put({digits.data(), digits.size()});
        return true;
      }
      case ValueKind::kUint: {
        const fmt::format_int digits(value.as_uint());
        put({digits.data(), digits.size()});
        return true;
      }
      case ValueKind::kBool:
        put(value.as_bool() ? "true" : "false");
        return true;
      case ValueKind::kString:
        return !may_be_json(value.text()) && put_string(value.text());
      case ValueKind::kDisplay:
        return put_string(value.text());
      default:
        number_.clear();
        append_value(number_, value);
        if (!fits(number_.size())) return false;
        put(number_);
        return true;
    }
  }
  std::string_view text() const { return {bytes_, used_}; }

 private:
  char bytes_[kShortLine];
  std::size_t used_ = 0;
  std::string number_;
};

// The line of a known statement outside any span. False when it is not that simple; then out is as it was.
bool append_short_line(std::string& out, const Event& event, TimestampWriter& time) {
  if (event.site == nullptr || !event.spans.empty()) return false;
  const auto* fields = event.site->json_fields(event.fields);
  if (fields == nullptr) return false;
  ShortLine line;
  const std::string_view head = event.site->json_head();
  if (!line.fits(head.size() + 64)) return false;
  line.put("{\"time\":\"");
  line.advance(time.put(line.end(), event.time_ns));
  line.put(head);
  if (!line.put_string(event.message)) return false;
  for (const CallSite::JsonField& field : *fields) {
    if (!line.fits(field.key.size() + kNumberMax)) return false;
    line.put(field.key);
    if (!line.put_value(event.fields[field.field].value)) return false;
  }
  if (!line.fits(2)) return false;
  line.put("}\n");
  out += line.text();
  return true;
}

}  // namespace

void append_jsonl_line(std::string& out, const Event& event, TimestampWriter& time) {
  if (append_short_line(out, event, time)) return;
  out += "{\"time\":\"";
  time.append(out, event.time_ns);
  out += "\",\"level\":\"";
  out += level_label(event.level);
  out += '"';
  if (!event.file.empty()) {
    out += ",\"file\":";
    append_json_string(out, event.file);
    out += ",\"line\":";
    append_integer(out, std::uint64_t{event.line});
  }
  out += ",\"target\":";
  append_json_string(out, event.target);
  out += ",\"message\":";
  append_json_string(out, event.message);

  FieldSet fields;
  for (const Field& field : event.fields) fields.put(field.key, field.value);
  if (event.spans.empty()) {
    fields.remove(kSpanKeys);  // ids without a span would be forged ones
  } else {
    put_span(fields, event.spans.back());
  }
  fields.append_sorted(out);
  out += "}\n";
}

}  // namespace trilobite::log
