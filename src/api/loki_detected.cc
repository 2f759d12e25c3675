// detected_labels, detected_fields and detected_field/{name}/values: what the data looks like.
#include <algorithm>
#include <map>
#include <set>

#include "api/loki_answer.h"
#include "api/loki_api.h"
#include "api/loki_extensions.h"
#include "api/loki_parameters.h"
#include "logs/detected_fields.h"
#include "logs/parser.h"

namespace trilobite::api {
namespace {

constexpr std::size_t kLinesDefault = 100;
constexpr std::size_t kFieldsDefault = 1000;

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

bool is_number(std::string_view text) {
  const logql::FieldType type = logql::field_type_of(text);
  return type == logql::FieldType::kInt || type == logql::FieldType::kFloat;
}

// Labels of ids only are of no use to choose from, except those that name a place.
bool is_of_use(const std::string& name, const std::set<std::string>& values) {
  for (const char* place : {"cluster", "namespace", "instance", "pod"}) {
    if (name == place) return true;
  }
  return !std::all_of(values.begin(), values.end(), [](const std::string& v) { return is_number(v) || is_uuid(v); });
}

Result<http::Response> detected_labels(const LokiApi& api, const http::Request& request, const std::string& tenant) {
  TRY(bounds, loki_ordered_bounds(request, api.clock.now()));
  std::vector<Matcher> matchers;
  if (const std::string_view query = loki_query(request); !query.empty()) {
    TRY(parsed, logql::parse_matchers(query));
    matchers = std::move(parsed);
  }
  TRY(series, api.store.series({tenant, Signal::kLogs, {bounds.start, bounds.end}, std::move(matchers)}));
  std::map<std::string, std::set<std::string>> values;
  for (const SeriesInfo& info : series) {
    for (const auto& [name, value] : *info.labels) values[std::string(name)].emplace(value);
  }
  http::Response response = http::Response::json(200, "");
  JsonWriter json(response.body);
  json.begin_object().key("detectedLabels").begin_array();
  for (const auto& [name, distinct] : values) {
    if (!is_of_use(name, distinct)) continue;
    json.begin_object()
        .key("label")
        .string(name)
        .key("cardinality")
        .number(std::uint64_t{distinct.size()})
        .end_object();
  }
  json.end_array().end_object();
  return response;
}

struct FieldsRequest {
  std::size_t limit = kFieldsDefault;
  std::map<std::string, logql::DetectedField> fields;
};

Result<FieldsRequest> find_fields(const LokiApi& api, const http::Request& request, const std::string& tenant) {
  TRY(bounds, loki_ordered_bounds(request, api.clock.now()));
  TRY(lines, loki_limit(request, "line_limit", kLinesDefault));
  TRY(field_limit, loki_limit(request, "field_limit", kFieldsDefault));
  TRY(limit, loki_limit(request, "limit", field_limit));
  TRY(expr, logql::parse(loki_query(request), {extensions_on(api, request)}));
  const auto* log = std::get_if<logql::LogExpr>(&expr.node);
  if (log == nullptr) return error(Code::kInvalid, "only log selector is supported");
  query::QueryContext context({api.store, api.query_pool, api.clock, api.running}, tenant, api.limits, request.cancel);
  TRY(rows, logql::run_log_query(
                context, *log,
                {{bounds.start, bounds.end}, Direction::kBackward, std::min(lines, api.limits.entries_max), 0}));
  TRY(fields, logql::detect_fields(rows));
  return FieldsRequest{limit, std::move(fields)};
}

void write_strings(JsonWriter& json, const std::vector<std::string>& strings) {
  json.begin_array();
  for (const std::string& text : strings) json.string(text);
  json.end_array();
}

Result<http::Response> detected_fields(const LokiApi& api, const http::Request& request, const std::string& tenant) {
  TRY(found, find_fields(api, request, tenant));
  if (found.fields.empty()) return http::Response::json(200, "{}");
  http::Response response = http::Response::json(200, "");
  JsonWriter json(response.body);
  json.begin_object().key("fields").begin_array();
  std::size_t written = 0;
  for (const auto& [name, field] : found.fields) {
    if (written++ == found.limit) break;
    json.begin_object().key("label").string(name).key("type").string(logql::field_type_name(field.type));
    json.key("cardinality").number(std::uint64_t{field.values.size()}).key("parsers");
    field.parsers.empty() ? void(json.null()) : write_strings(json, field.parsers);
    if (!field.json_path.empty()) {
      json.key("jsonPath");
      write_strings(json, field.json_path);
    }
    json.end_object();
  }
  json.end_array().key("limit").number(std::uint64_t{found.limit}).end_object();
  return response;
}

Result<http::Response> detected_values(const LokiApi& api, const http::Request& request, const std::string& tenant) {
  TRY(found, find_fields(api, request, tenant));
  const auto field = found.fields.find(std::string(request.path_parameter("name")));
  if (field == found.fields.end()) return http::Response::json(200, "{}");
  http::Response response = http::Response::json(200, "");
  JsonWriter json(response.body);
  json.begin_object().key("values").begin_array();
  std::size_t written = 0;
  for (const std::string& value : field->second.values) {
    if (written++ == found.limit) break;
    json.string(value);
  }
  json.end_array().key("limit").number(std::uint64_t{found.limit}).end_object();
  return response;
}

}  // namespace

void add_loki_detected_routes(http::Router& router, const LokiApi& api) {
  add_loki_route(router, api, "/loki/api/v1/detected_labels", detected_labels);
  add_loki_route(router, api, "/loki/api/v1/detected_fields", detected_fields);
  add_loki_route(router, api, "/loki/api/v1/detected_field/{name}/values", detected_values);
}

}  // namespace trilobite::api
