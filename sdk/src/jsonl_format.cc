#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "json.h"
#include "line_format.h"
#include "number.h"

namespace trilobite::log {
namespace {

constexpr std::array<std::string_view, 6> kFixedKeys{"time", "level", "file", "line", "target", "message"};
// A field named like a fixed key would make a second key of that name; it goes by this one instead.
constexpr std::array<std::string_view, 6> kFieldsNamedLikeFixedKeys{"fields.time", "fields.level",  "fields.file",
                                                                    "fields.line", "fields.target", "fields.message"};
constexpr std::array<std::string_view, 5> kSpanKeys{"trace_id", "span_id", "parent_id", "span_name", "tracestate"};
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
    const auto fixed = std::find(kFixedKeys.begin(), kFixedKeys.end(), key);
    if (fixed != kFixedKeys.end())
      key = kFieldsNamedLikeFixedKeys[static_cast<std::size_t>(fixed - kFixedKeys.begin())];
    fields_.push_back({key, value});
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

}  // namespace

void append_jsonl_line(std::string& out, const Event& event, TimestampWriter& time) {
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
