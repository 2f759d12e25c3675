// patterns: what kinds of lines a selector has, and when they came. Loki keeps them in memory for some hours; here they
// are of the stored lines, whatever their age.
#include <algorithm>

#include "api/loki_api.h"
#include "api/loki_parameters.h"
#include "base/json_writer.h"
#include "logs/parser.h"
#include "logs/patterns.h"

namespace trilobite::api {
namespace {

constexpr TimeNs kSecond = 1'000'000'000;

// Answers have whole seconds only.
Result<TimeNs> whole_seconds_step(const http::Request& request, const Bounds& bounds,
                                  const query::QueryLimits& limits) {
  TRY(asked, loki_step(request, bounds));
  const TimeNs step = (asked + kSecond - 1) / kSecond * kSecond;
  if (static_cast<std::size_t>((bounds.end - bounds.start) / step) <= limits.points_max) return step;
  return error(Code::kLimit, "a step of {} s gives more than {} points for this time range; take a longer step",
               step / kSecond, limits.points_max);
}

Result<http::Response> patterns(const LokiApi& api, const http::Request& request, const std::string& tenant) {
  TRY(bounds, loki_ordered_bounds(request, api.clock.now()));
  TRY(step, whole_seconds_step(request, bounds, api.limits));
  TRY(matchers, logql::parse_matchers(loki_query(request)));
  query::QueryContext context({api.store, api.query_pool, api.clock, api.running}, tenant, api.limits, request.cancel);
  const std::size_t patterns_max = api.limits.patterns_max;
  TRY(found, logql::find_patterns(context, {std::move(matchers), {bounds.start, bounds.end}, step, patterns_max}));
  http::Response response = http::Response::json(200, "");
  JsonWriter json(response.body);
  json.begin_object().key("status").string("success").key("data").begin_array();
  for (const logql::PatternSeries& series : found) {
    json.begin_object().key("pattern").string(series.pattern).key("level").string(series.level);
    json.key("samples").begin_array();
    for (const auto& [start, lines] : series.samples) {
      json.begin_array().number(start / kSecond).number(lines).end_array();
    }
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return response;
}

}  // namespace

void add_loki_patterns_routes(http::Router& router, const LokiApi& api) {
  add_loki_route(router, api, "/loki/api/v1/patterns", patterns);
}

}  // namespace trilobite::api
