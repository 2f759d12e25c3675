// openapi.yaml: what of Prometheus' API is here, for programs that make clients. The table is compared with the routes
// by a test.
#include <algorithm>

#include "api/prometheus_openapi.h"
#include "api/prometheus_parameters.h"
#include "api/status.h"
#include "base/check.h"
#include "logs/text.h"

namespace trilobite::api {
namespace {

using Names = std::string_view;  // separated by blanks; `!` at the end: required

constexpr Names kRange = "start end";
constexpr Names kSearch =
    "match[] search[] fuzz_threshold fuzz_alg case_sensitive sort_by sort_dir include_score start end limit batch_size";

enum class Content : std::uint8_t { kJson, kLines, kYaml, kNone };

struct Operation {
  std::string_view methods, path, summary;
  Names parameters = "";
  Names more = "";
  Content content = Content::kJson;
};

constexpr Operation kOperations[] = {
    {"GET POST", "/query", "Value of an expression at one time", "query! time timeout limit lookback_delta stats"},
    {"GET POST", "/query_range", "Values of an expression over a range of time",
     "query! start! end! step! timeout limit lookback_delta stats"},
    {"GET POST", "/query_estimate", "What a query may cost, without running it", "query! time start end step"},
    {"GET POST", "/query_explain", "Value of an expression with time and series of each of its parts",
     "query! time start end step timeout"},
    {"GET POST", "/query_exemplars", "Exemplars of the series in an expression", "query!", kRange},
    {"GET POST", "/format_query", "An expression, printed prettily", "query!"},
    {"GET POST", "/parse_query", "An expression as a tree", "query!"},
    {"GET POST", "/series", "Label sets of series", "match[]! limit", kRange},
    {"GET POST", "/labels", "Names of labels", "match[] limit", kRange},
    {"GET", "/label/{name}/values", "Values of a label", "match[] limit", kRange},
    {"GET", "/metadata", "Type, help and unit of metrics", "limit limit_per_metric metric"},
    {"GET POST", "/search/metric_names", "Names of metrics that are like a text", kSearch, "include_metadata",
     Content::kLines},
    {"GET POST", "/search/label_names", "Names of labels that are like a text", kSearch, "", Content::kLines},
    {"GET POST", "/search/label_values", "Values of a label that are like a text", kSearch, "label!", Content::kLines},
    {"GET POST", "/export", "Samples of series, a line of JSON each", "match[]!", kRange, Content::kLines},
    {"GET", "/targets", "Targets and what became of their last scrape", "state scrapePool"},
    {"GET", "/targets/metadata", "Type, help and unit of metrics, by target", "match_target metric limit"},
    {"GET", "/targets/relabel_steps", "What each relabelling rule does to labels", "scrapePool! labels!"},
    {"GET", "/scrape_pools", "Names of scrape jobs"},
    {"GET", "/scrape_pools/config", "Configuration of a scrape job", "scrapePool!"},
    {"GET", "/rules", "Groups of rules",
     "type rule_name[] rule_group[] file[] match[] exclude_alerts group_limit group_next_token"},
    {"GET", "/alerts", "Alerts that are pending or firing"},
    {"GET", "/alertmanagers", "Alertmanagers that alerts go to"},
    {"GET", "/status/config", "Configuration of scraping in force"},
    {"GET", "/status/flags", "Settings by the names of Prometheus' flags"},
    {"GET", "/status/runtimeinfo", "Facts about the process"},
    {"GET", "/status/buildinfo", "Facts about the build"},
    {"GET", "/status/tsdb", "Which metrics and labels have most series", "limit", kRange},
    {"GET", "/status/tsdb/blocks", "Blocks on disk; always none"},
    {"GET", "/status/walreplay", "Progress of reading the log"},
    {"GET", "/status/self_metrics", "Metrics of the server itself", "metric_name_pattern"},
    {"GET", "/status/memory", "Where memory goes and which limits are near", "limit", kRange},
    {"GET", "/features", "Features by kind, and whether they are on"},
    {"GET", "/notifications", "What somebody should look at"},
    {"GET", "/notifications/live", "Always 204: ask for the list", "", "", Content::kNone},
    {"POST PUT", "/admin/tsdb/snapshot", "Writes a copy of the data", "skip_head"},
    {"POST PUT", "/admin/tsdb/delete_series", "Deletes samples", "match[]!", kRange, Content::kNone},
    {"POST PUT", "/admin/tsdb/clean_tombstones", "Nothing to do: what is deleted leaves the disk at once", "", "",
     Content::kNone},
    {"GET", "/openapi.yaml", "This text", "openapi_version", "", Content::kYaml},
};

struct Meaning {
  std::string_view name, schema, text;
};

constexpr std::string_view kText = "type: string", kNumber = "type: integer", kFlag = "type: boolean";
constexpr std::string_view kTexts = "{type: array, items: {type: string}}";

constexpr Meaning kMeanings[] = {
    {"batch_size", kNumber, "Results in a line, at most 1000."},
    {"case_sensitive", kFlag, "Whether `a` and `A` differ; true unless said."},
    {"end", kText, "Last time: Unix seconds or RFC 3339."},
    {"exclude_alerts", kFlag, "Leaves out the alerts of rules."},
    {"file[]", kTexts, "Only of these files or namespaces."},
    {"fuzz_alg", "{type: string, enum: [subsequence, jarowinkler]}", "How alike is meant."},
    {"fuzz_threshold", "{type: integer, minimum: 0, maximum: 100}", "What a result scores at least, in percent."},
    {"group_limit", kNumber, "Groups in an answer."},
    {"group_next_token", kText, "Goes on where the answer with this token ended."},
    {"include_metadata", kFlag, "Adds type, help and unit."},
    {"include_score", kFlag, "Adds the score."},
    {"label", kText, "Name of the label."},
    {"labels", kText, "Labels as a JSON object."},
    {"limit", "{type: integer, minimum: 0}", "Results at most."},
    {"limit_per_metric", kNumber, "Entries of one metric."},
    {"lookback_delta", kText, "How old the newest sample may be."},
    {"match[]", kTexts, "Selectors of series; one of them must match."},
    {"match_target", kText, "Selector of targets by their labels."},
    {"metric", kText, "Name of a metric."},
    {"metric_name_pattern", kText, "Regular expression that the whole name must match."},
    {"name", kText, "Name of a label, plain or escaped as U__."},
    {"openapi_version", "{type: string, enum: ['3.1', '3.2']}", "Version of OpenAPI."},
    {"query", kText, "A PromQL expression."},
    {"rule_group[]", kTexts, "Only groups of these names."},
    {"rule_name[]", kTexts, "Only rules of these names."},
    {"scrapePool", kText, "Name of a scrape job."},
    {"search[]", kTexts, "Texts; one of them must be like the name."},
    {"skip_head", kFlag, "Leaves out what is not yet in parts."},
    {"sort_by", "{type: string, enum: [alpha, score]}", "Order of the results."},
    {"sort_dir", "{type: string, enum: [asc, dsc]}", "Only with sort_by=alpha."},
    {"start", kText, "First time: Unix seconds or RFC 3339."},
    {"state", "{type: string, enum: [active, dropped, any]}", "Which targets."},
    {"stats", kText, "Any text: adds statistics."},
    {"step", kText, "Distance of the points: seconds or a duration."},
    {"time", kText, "Time of the value: Unix seconds or RFC 3339; now unless said."},
    {"timeout", kText, "A duration."},
    {"type", "{type: string, enum: [alert, record]}", "Kind of rules."},
};

struct Parameter {
  std::string_view name;
  bool required = false;
};

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::vector<Parameter> parameters_of(const Operation& operation) {
  std::vector<Parameter> out;
  for (const Names names : {operation.parameters, operation.more}) {
    for (std::string_view name : words(names)) {
      const bool required = name.ends_with('!');
      if (required) name.remove_suffix(1);
      out.push_back({name, required});
    }
  }
  return out;
}

const Meaning& meaning_of(std::string_view name) {
  const auto found = std::ranges::find(kMeanings, name, &Meaning::name);
  CHECK(found != std::end(kMeanings));
  return *found;
}

std::string schema_of(const Meaning& meaning) {
  return meaning.schema.starts_with('{') ? std::string(meaning.schema) : fmt::format("{{{}}}", meaning.schema);
}

void append_parameter(std::string& out, Parameter parameter, std::string_view place) {
  const Meaning& meaning = meaning_of(parameter.name);
  out += fmt::format("        - {{name: '{}', in: {}, ", parameter.name, place);
  if (parameter.required) out += "required: true, ";
  out += fmt::format("description: {}, schema: {}}}\n", logql::quote(meaning.text), schema_of(meaning));
}

void append_parameters(std::string& out, const Operation& operation, bool form) {
  const bool has_name = operation.path.find("{name}") != std::string_view::npos;
  const std::vector<Parameter> parameters = parameters_of(operation);
  if (has_name || (!form && !parameters.empty())) out += "      parameters:\n";
  if (has_name) append_parameter(out, {"name", true}, "path");
  if (!form) {
    for (const Parameter& each : parameters) append_parameter(out, each, "query");
    return;
  }
  if (parameters.empty()) return;
  out += "      requestBody:\n        content:\n          application/x-www-form-urlencoded:\n"
         "            schema:\n              type: object\n              properties:\n";
  std::string required;
  for (const Parameter& each : parameters) {
    out += fmt::format("                '{}': {}\n", each.name, schema_of(meaning_of(each.name)));
    if (each.required) required += fmt::format("{}'{}'", required.empty() ? "" : ", ", each.name);
  }
  if (!required.empty()) out += fmt::format("              required: [{}]\n", required);
}

void append_answers(std::string& out, Content content, bool newest) {
  out += "      responses:\n";
  switch (content) {
    case Content::kJson:
      out += "        '200': {$ref: '#/components/responses/Success'}\n";
      break;
    case Content::kLines:
      out += "        '200':\n          description: Lines of JSON, batches of results and how it ended.\n"
             "          content:\n";
      out += newest ? "            application/x-ndjson: {itemSchema: {type: object}}\n"
                    : "            application/x-ndjson: {schema: {type: string}}\n";
      break;
    case Content::kYaml:
      out += "        '200': {description: The description., content: {application/yaml: {schema: {type: string}}}}\n";
      break;
    case Content::kNone:
      out += "        '204': {description: Done.}\n";
      break;
  }
  out += "        default: {$ref: '#/components/responses/Error'}\n";
}

// query-range-get
std::string id_of(std::string_view path, std::string_view method) {
  std::string out;
  for (const char c : path.substr(1)) {
    if (c == '{' || c == '}') continue;
    out += c == '/' || c == '_' || c == '.' ? '-' : c;
  }
  return out + "-" + std::string(method);
}

constexpr std::string_view kComponents = R"(components:
  responses:
    Success:
      description: What was asked for.
      content:
        application/json:
          schema:
            type: object
            required: [status]
            properties:
              status: {type: string, const: success}
              data: {description: Depends on the path.}
              warnings: {type: array, items: {type: string}}
              infos: {type: array, items: {type: string}}
    Error:
      description: Why there is no answer.
      content:
        application/json:
          schema:
            type: object
            required: [status, errorType, error]
            properties:
              status: {type: string, const: error}
              errorType: {type: string}
              error: {type: string}
)";

Result<PrometheusAnswer> openapi(const PrometheusApi&, const http::Request& request, const std::string&) {
  const std::string_view version = request.parameter("openapi_version").value_or("");
  if (!version.empty() && version != "3.1" && version != "3.2") {
    return invalid_parameter("openapi_version", fmt::format("not supported value {}", logql::quote(version)));
  }
  http::Response response;
  response.content_type = "application/yaml; charset=utf-8";
  response.body = openapi_yaml(version == "3.2" ? OpenapiVersion::k3_2 : OpenapiVersion::k3_1);
  return PrometheusAnswer{.data = {}, .warnings = {}, .infos = {}, .whole = std::move(response)};
}

}  // namespace

std::string openapi_yaml(OpenapiVersion version) {
  const bool newest = version == OpenapiVersion::k3_2;
  std::string out = fmt::format(
      "openapi: {}.0\ninfo:\n  title: Trilobite's API of Prometheus\n  version: '{}'\n"
      "servers:\n- url: /api/v1\npaths:\n",
      newest ? "3.2" : "3.1", build_info().version);
  for (const Operation& operation : kOperations) {
    out += fmt::format("  {}:\n", operation.path);
    for (const std::string_view upper : words(operation.methods)) {
      const std::string method = logql::to_lower_ascii(upper);
      out += fmt::format("    {}:\n      operationId: {}\n      summary: {}\n", method, id_of(operation.path, method),
                         logql::quote(operation.summary));
      append_parameters(out, operation, upper != "GET");
      append_answers(out, operation.content, newest);
    }
  }
  return out.append(kComponents);
}

std::vector<std::pair<std::string, std::string>> openapi_operations() {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Operation& operation : kOperations) {
    for (const std::string_view method : words(operation.methods)) out.emplace_back(method, operation.path);
  }
  return out;
}

void add_prometheus_openapi_routes(http::Router& router, const PrometheusApi& api) {
  add_prometheus_route(router, api, {"GET"}, "/openapi.yaml", openapi);
}

}  // namespace trilobite::api
