#include "api/loki_tail_frame.h"

#include <map>

#include "api/loki_answer.h"
#include "base/bytes.h"
#include "base/json_writer.h"
#include "ingest/label_string.h"
#include "ingest/timestamp.h"

namespace trilobite::api {
namespace {

using logql::LabelCategory;
using logql::LogRow;

bool in_stream(const LogRow::Label& label, TailShape shape) {
  return shape != TailShape::kCategorized || label.category == LabelCategory::kStream;
}

std::string stream_key(const LogRow& row, TailShape shape) {
  std::string key;
  ByteWriter bytes(key);
  for (const LogRow::Label& label : row.labels) {
    if (!in_stream(label, shape)) continue;
    bytes.text(label.name);
    bytes.text(label.value);
  }
  return key;
}

std::string rfc3339_nanos(TimeNs time) {
  std::string text = ingest::format_rfc3339(time);
  const TimeNs nanos = ((time % kNsPerSecond) + kNsPerSecond) % kNsPerSecond;
  if (nanos == 0) return text;
  std::string digits = fmt::format(".{:09}", nanos);
  while (digits.back() == '0') digits.pop_back();
  text.insert(text.size() - 1, digits);
  return text;
}

void write_entry(JsonWriter& json, const LogRow& row, TailShape shape) {
  if (shape == TailShape::kLegacy) {
    json.begin_object().key("ts").string(rfc3339_nanos(row.time)).key("line").string(row.line).end_object();
    return;
  }
  json.begin_array().string(std::to_string(row.time)).string(row.line);
  if (shape == TailShape::kCategorized) {
    json.begin_object();
    write_category(json, "structuredMetadata", row, LabelCategory::kMetadata);
    write_category(json, "parsed", row, LabelCategory::kParsed);
    json.end_object();
  }
  json.end_array();
}

void write_stream(JsonWriter& json, const LogRow& row, TailShape shape) {
  if (shape == TailShape::kLegacy) {
    std::string text = "{";
    for (const LogRow::Label& label : row.labels) {
      if (text.size() > 1) text += ", ";
      ingest::append_label(text, label.name, label.value);
    }
    json.key("labels").string(text + "}").key("entries");
    return;
  }
  json.key("stream").begin_object();
  for (const LogRow::Label& label : row.labels) {
    if (in_stream(label, shape)) json.key(label.name).string(label.value);
  }
  json.end_object().key("values");
}

}  // namespace

std::string tail_frame(const std::vector<LogRow>& rows, const std::vector<ingest::DroppedRow>& dropped,
                       TailShape shape) {
  std::map<std::string, std::vector<const LogRow*>> streams;
  for (const LogRow& row : rows) streams[stream_key(row, shape)].push_back(&row);
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("streams").begin_array();
  for (const auto& [key, members] : streams) {
    json.begin_object();
    write_stream(json, *members.front(), shape);
    json.begin_array();
    for (const LogRow* row : members) write_entry(json, *row, shape);
    json.end_array().end_object();
  }
  json.end_array();
  if (!dropped.empty()) {
    json.key("dropped_entries").begin_array();
    for (const ingest::DroppedRow& row : dropped) {
      json.begin_object().key("labels");
      write_labels(json, *row.labels);
      json.key("timestamp").string(std::to_string(row.time)).end_object();
    }
    json.end_array();
  }
  if (shape == TailShape::kCategorized) json.key("encodingFlags").begin_array().string("categorize-labels").end_array();
  json.end_object();
  return out;
}

}  // namespace trilobite::api
