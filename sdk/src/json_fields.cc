#include "json_fields.h"

#include <algorithm>

#include "json_keys.h"

namespace trilobite::log {
namespace {

std::string_view without_quotes(std::string_view text) {
  if (text.starts_with('"')) text.remove_prefix(1);
  if (text.ends_with('"')) text.remove_suffix(1);
  return text;
}

}  // namespace

void JsonFields::put(const Field& field) { fields_.push_back({json_key(field.key), field.value}); }

void JsonFields::put_text(std::string_view key, std::string_view text) {
  put({key, Value::of_text(text, ValueKind::kDisplay)});
}

// Span fields are known as rendered text only: they are split at single spaces and at the first `=`.
void JsonFields::put_rendered(std::string_view rendered) {
  for (std::size_t start = 0; start < rendered.size();) {
    const std::size_t end = std::min(rendered.find(' ', start), rendered.size());
    const std::string_view piece = rendered.substr(start, end - start);
    const std::size_t equals = piece.find('=');
    if (equals != std::string_view::npos && equals > 0) {
      put_text(piece.substr(0, equals), without_quotes(piece.substr(equals + 1)));
    }
    start = end + 1;
  }
}

void JsonFields::put_span(const SpanView& span) {
  put_rendered(span.fields);
  std::erase_if(fields_, [](const Field& field) { return is_span_key(field.key) || is_request_key(field.key); });
  put_text("span_name", span.name);
  const auto put_if_any = [&](std::string_view key, std::string_view text) {
    if (!text.empty()) put_text(key, text);
  };
  put_if_any("trace_id", span.trace_id);
  put_if_any("span_id", span.span_id);
  put_if_any("parent_id", span.parent_id);
  put_if_any("tracestate", span.tracestate);
  put_if_any("x_request_id", span.x_request_id);
  put_if_any("x_dynamo_request_id", span.x_dynamo_request_id);
}

void JsonFields::remove_ids() {
  std::erase_if(fields_, [](const Field& field) { return is_span_key(field.key); });
}

std::span<const Field> JsonFields::sorted() {
  std::stable_sort(fields_.begin(), fields_.end(), [](const Field& a, const Field& b) { return a.key < b.key; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (i + 1 < fields_.size() && fields_[i + 1].key == fields_[i].key) continue;
    fields_[kept++] = fields_[i];
  }
  fields_.resize(kept);
  return fields_;
}

}  // namespace trilobite::log
