// admin/tsdb: snapshots and deleting series, off unless the configuration says otherwise.
#include "api/prometheus_answer.h"
#include "api/prometheus_parameters.h"
#include "logs/text.h"

namespace trilobite::api {
namespace {

Result<void> check_enabled(const PrometheusApi& api, bool possible) {
  if (!api.options.admin) return error(Code::kUnavailable, "admin APIs disabled");
  if (!possible) return error(Code::kUnavailable, "this store cannot do that");
  return {};
}

// A POST goes out from any page without being asked for.
std::optional<PrometheusAnswer> refuse_other_pages(const http::Request& request) {
  if (!comes_from_another_origin(request)) return std::nullopt;
  return PrometheusAnswer{
      .data = {}, .warnings = {}, .infos = {}, .whole = forbidden("a page of another origin asks for this")};
}

Result<PrometheusAnswer> snapshot(const PrometheusApi& api, const http::Request& request, const std::string&) {
  TRY_VOID(check_enabled(api, api.admin.snapshot != nullptr));
  if (auto refusal = refuse_other_pages(request)) return std::move(*refusal);
  const std::string_view text = request.parameter("skip_head").value_or("");
  const std::optional<bool> skip_head = text.empty() ? false : parse_go_bool(text);
  if (!skip_head) {
    return invalid_parameter("skip_head", fmt::format("unable to parse boolean strconv.ParseBool: parsing {}: invalid "
                                                      "syntax", logql::quote(text)));
  }
  TRY(name, api.admin.snapshot(*skip_head));
  PrometheusAnswer answer;
  JsonWriter json(answer.data);
  json.begin_object().key("name").string(name).end_object();
  return answer;
}

Result<PrometheusAnswer> delete_series(const PrometheusApi& api, const http::Request& request,
                                       const std::string& tenant) {
  TRY_VOID(check_enabled(api, api.admin.remove != nullptr));
  if (auto refusal = refuse_other_pages(request)) return std::move(*refusal);
  if (tenant.find('|') != std::string::npos) return error(Code::kInvalid, "multiple org IDs present");
  if (request.parameters("match[]").empty()) return error(Code::kInvalid, "no match[] parameter provided");
  TRY(range, prometheus_range(request));
  Result<std::vector<std::vector<Matcher>>> sets = prometheus_matchers(request);
  if (!sets.ok()) return invalid_parameter("match[]", sets.error().message);
  for (const auto& matchers : *sets) TRY_VOID(api.admin.remove(tenant, matchers, range));
  return PrometheusAnswer{};
}

Result<PrometheusAnswer> clean_tombstones(const PrometheusApi& api, const http::Request&, const std::string&) {
  TRY_VOID(check_enabled(api, api.admin.clean != nullptr));
  TRY_VOID(api.admin.clean());
  return PrometheusAnswer{};
}

}  // namespace

void add_prometheus_admin_routes(http::Router& router, const PrometheusApi& api) {
  add_prometheus_route(router, api, {"POST", "PUT"}, "/admin/tsdb/snapshot", snapshot);
  add_prometheus_route(router, api, {"POST", "PUT"}, "/admin/tsdb/delete_series", delete_series);
  add_prometheus_route(router, api, {"POST", "PUT"}, "/admin/tsdb/clean_tombstones", clean_tombstones);
}

}  // namespace trilobite::api
