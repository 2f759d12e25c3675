// labels, label values and series: straight from the label index.
#include <map>

#include "api/loki_answer.h"
#include "api/loki_api.h"
#include "api/loki_parameters.h"
#include "logs/parser.h"

namespace trilobite::api {
namespace {

// `query`, where given, must select something.
Result<IndexRequest> index_request(const LokiApi& api, const http::Request& request, const std::string& tenant) {
  TRY(bounds, loki_ordered_bounds(request, api.clock.now()));
  IndexRequest index{tenant, Signal::kLogs, {bounds.start, bounds.end}, {}};
  if (const std::string_view query = loki_query(request); !query.empty()) {
    TRY(matchers, logql::parse_matchers(query));
    TRY_VOID(logql::validate_matchers(matchers));
    index.matchers = std::move(matchers);
  }
  return index;
}

Result<http::Response> label_names(const LokiApi& api, const http::Request& request, const std::string& tenant) {
  TRY(index, index_request(api, request, tenant));
  TRY(names, api.store.label_names(index));
  return list_answer(names);
}

Result<http::Response> label_values(const LokiApi& api, const http::Request& request, const std::string& tenant) {
  TRY(index, index_request(api, request, tenant));
  TRY(values, api.store.label_values(index, request.path_parameter("name")));
  return list_answer(values);
}

// Each of match[] and match is a selector; their series are put together. None, or {}: all.
Result<http::Response> series(const LokiApi& api, const http::Request& request, const std::string& tenant) {
  TRY(bounds, loki_ordered_bounds(request, api.clock.now()));
  std::vector<std::string_view> selectors = request.parameters("match[]");
  for (const std::string_view more : request.parameters("match")) selectors.push_back(more);
  if (selectors.empty()) selectors.push_back("{}");

  std::map<LabelSet, LabelSetRef> found;
  for (const std::string_view selector : selectors) {
    TRY(matchers, logql::parse_matchers(selector));
    TRY(infos, api.store.series({tenant, Signal::kLogs, {bounds.start, bounds.end}, std::move(matchers)}));
    for (const SeriesInfo& info : infos) found.emplace(*info.labels, info.labels);
  }
  http::Response response = http::Response::json(200, "");
  JsonWriter json(response.body);
  json.begin_object().key("status").string("success").key("data").begin_array();
  for (const auto& [labels, ref] : found) write_labels(json, labels);
  json.end_array().end_object();
  return response;
}

}  // namespace

void add_loki_label_routes(http::Router& router, const LokiApi& api) {
  for (const char* prefix : {"/loki/api/v1", "/api/prom"}) {
    add_loki_route(router, api, std::string(prefix) + "/label", label_names);
    add_loki_route(router, api, std::string(prefix) + "/label/{name}/values", label_values);
    add_loki_route(router, api, std::string(prefix) + "/series", series);
  }
  add_loki_route(router, api, "/loki/api/v1/labels", label_names);
}

}  // namespace trilobite::api
