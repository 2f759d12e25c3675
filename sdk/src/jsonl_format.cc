#include <string>

#include "call_site.h"
#include "json.h"
#include "json_fields.h"
#include "json_value.h"
#include "jsonl_short_line.h"
#include "line_format.h"
#include "number.h"

namespace trilobite::log {
namespace {

void append_message(std::string& out, const Event& event) {
  if (!event.message_in_pieces) return append_json_string(out, event.message);
  std::string message;
  append_message(message, *event.site, event.arguments);
  append_json_string(out, message);
}

}  // namespace

void append_jsonl_line(std::string& out, const Event& event, TimestampWriter& time, SpanPieces& spans) {
  if (!append_short_jsonl_line(out, event, time, spans)) append_jsonl_line(out, event, time);
}

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
  append_message(out, event);

  JsonFields fields;
  fields.put_all(event.fields);
  if (event.spans.empty()) {
    fields.remove_ids();
  } else {
    fields.put_span(event.spans.back());
  }
  for (const Field& field : fields.sorted()) {
    out += ',';
    append_json_string(out, field.key);
    out += ':';
    append_json_value(out, field.value);
  }
  out += "}\n";
}

}  // namespace trilobite::log
