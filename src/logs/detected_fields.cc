#include "logs/detected_fields.h"

#include <simdjson.h>

#include <algorithm>

#include "logs/row.h"
#include "logs/text.h"

namespace trilobite::logql {
namespace {

constexpr std::size_t kPathDepthMax = 64;

bool is_integer(std::string_view value) {
  if (!value.empty() && (value.front() == '-' || value.front() == '+')) value.remove_prefix(1);
  return !value.empty() && value.size() < 19 && value.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_boolean(std::string_view value) {
  constexpr std::string_view kWords[] = {"t", "T", "true", "TRUE", "True", "f", "F", "false", "FALSE", "False"};
  return std::find(std::begin(kWords), std::end(kWords), value) != std::end(kWords);
}

// A key as the json parser makes a label name of it; a leading digit matters only for the whole name.
std::string sanitised(std::string_view key) {
  std::string name;
  for (std::size_t i = 0; i < key.size();) {
    const Rune rune = decode_rune(key.substr(i));
    const char c = key[i];
    const bool plain =
        rune.length == 1 && (c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
    name += plain ? c : '_';
    i += rune.length;
  }
  return name;
}

using Paths = std::map<std::string, std::vector<std::string>>;

// Label name to the keys that lead to it, for every scalar of an object.
void collect_paths(simdjson::dom::object object, const std::string& prefix, std::vector<std::string>& path,
                   Paths& paths) {
  if (path.size() >= kPathDepthMax) return;
  for (const auto field : object) {
    const std::string_view key(field.key.data(), field.key.size());
    std::string name = prefix.empty() ? sanitised(key) : prefix + "_" + sanitised(key);
    if (prefix.empty() && !name.empty() && name[0] >= '0' && name[0] <= '9') name.insert(0, "_");
    path.emplace_back(key);
    simdjson::dom::object inner;
    if (field.value.get(inner) == simdjson::SUCCESS) {
      collect_paths(inner, name, path, paths);
    } else {
      paths.emplace(std::move(name), path);
    }
    path.pop_back();
  }
}

Paths json_paths(std::string_view line) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  Paths paths;
  std::vector<std::string> path;
  const simdjson::padded_string padded(line);
  if (parser.parse(padded).get(object) == simdjson::SUCCESS) collect_paths(object, "", path, paths);
  return paths;
}

void insert(std::map<std::string, DetectedField>& fields, std::string_view name, std::string_view value,
            const std::string& parser, const Paths& paths) {
  DetectedField& field = fields[std::string(name)];
  field.type = field_type_of(value);
  field.values.emplace(value);
  if (!parser.empty() && std::find(field.parsers.begin(), field.parsers.end(), parser) == field.parsers.end()) {
    field.parsers.push_back(parser);
  }
  if (parser != "json" || !field.json_path.empty()) return;
  auto found = paths.find(std::string(name));
  if (found == paths.end() && name.ends_with(kExtractedSuffix)) {
    found = paths.find(std::string(name.substr(0, name.size() - kExtractedSuffix.size())));
  }
  if (found != paths.end()) field.json_path = found->second;
}

// The labels that one parser adds to a line; nothing when it fails.
bool add_parsed(PipelineWorker& worker, const std::string& parser, const LogRow& row,
                std::map<std::string, DetectedField>& fields) {
  worker.begin_stream(*row.stream);
  if (!worker.process(row.time, row.line, {}) || !worker.error().empty()) return false;
  const Paths paths = parser == "json" ? json_paths(row.line) : Paths();
  for (const RowLabel& label : worker.labels()) {
    if (label.category == LabelCategory::kParsed) insert(fields, label.name, label.value, parser, paths);
  }
  return true;
}

}  // namespace

std::string_view field_type_name(FieldType type) {
  constexpr std::string_view kNames[] = {"int", "float", "boolean", "duration", "bytes", "string"};
  return kNames[static_cast<std::size_t>(type)];
}

FieldType field_type_of(std::string_view value) {
  if (is_integer(value)) return FieldType::kInt;
  if (parse_number(value)) return FieldType::kFloat;
  if (is_boolean(value)) return FieldType::kBoolean;
  if (parse_go_duration(value)) return FieldType::kDuration;
  if (parse_bytes(value)) return FieldType::kBytes;
  return FieldType::kString;
}

Result<std::map<std::string, DetectedField>> detect_fields(const std::vector<LogRow>& rows) {
  TRY(json, Pipeline::compile(LogExpr{{}, {JsonStage{}}}, PipelineOptions{}));
  TRY(logfmt, Pipeline::compile(LogExpr{{}, {LogfmtStage{}}}, PipelineOptions{}));
  PipelineWorker json_worker(json);
  PipelineWorker logfmt_worker(logfmt);
  std::map<std::string, DetectedField> fields;
  for (const LogRow& row : rows) {
    for (const LogRow::Label& label : row.labels) {
      if (label.category == LabelCategory::kMetadata) insert(fields, label.name, label.value, "", {});
    }
    if (!add_parsed(json_worker, "json", row, fields)) add_parsed(logfmt_worker, "logfmt", row, fields);
  }
  return fields;
}

}  // namespace trilobite::logql
