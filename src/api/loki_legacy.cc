// /api/prom/query, as clients of the first Loki versions use it. Its labels and series are in loki_labels.cc.
#include <fmt/format.h>

#include <map>

#include "api/loki_answer.h"
#include "api/loki_api.h"
#include "api/loki_parameters.h"
#include "api/loki_query_limits.h"
#include "ingest/timestamp.h"
#include "logs/log_query.h"
#include "logs/parser.h"

namespace trilobite::api {
namespace {

constexpr std::size_t kEntriesDefault = 100;

// With as many digits behind the second as are needed.
std::string nano_time(TimeNs time) {
  std::string text = ingest::format_rfc3339(time);
  TimeNs rest = time % kNsPerSecond;
  if (rest < 0) rest += kNsPerSecond;
  if (rest == 0) return text;
  std::string digits = fmt::format(".{:09}", rest);
  digits.erase(digits.find_last_not_of('0') + 1);
  return text.insert(text.size() - 1, digits);
}

LabelSet labels_of(const logql::LogRow& row) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& label : row.labels) pairs.emplace_back(label.name, label.value);
  return LabelSet::from_pairs(std::move(pairs));
}

http::Response legacy_answer(const std::vector<logql::LogRow>& rows) {
  std::map<LabelSet, std::vector<const logql::LogRow*>> streams;
  for (const logql::LogRow& row : rows) streams[labels_of(row)].push_back(&row);
  http::Response response = http::Response::json(200, "");
  JsonWriter json(response.body);
  json.begin_object().key("streams").begin_array();
  for (const auto& [labels, members] : streams) {
    json.begin_object().key("labels").string(labels.to_string()).key("entries").begin_array();
    for (const logql::LogRow* row : members) {
      json.begin_object().key("ts").string(nano_time(row->time)).key("line").string(row->line).end_object();
    }
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return response;
}

Result<http::Response> legacy_query(const LokiApi& api, const http::Request& request, const std::string& tenant) {
  TRY(bounds, loki_ordered_bounds(request, api.clock.now()));
  TRY(limit, loki_limit(request, "limit", kEntriesDefault));
  TRY(direction, loki_direction(request));
  TRY(expr, logql::parse(loki_query(request)));
  TRY_VOID(check_query(expr, loki_query(request), api.limits));
  TRY_VOID(check_length(bounds, api.limits));
  bounds = within_lookback(bounds, api.clock.now(), api.limits);
  auto* log = std::get_if<logql::LogExpr>(&expr.node);
  if (log == nullptr) return error(Code::kInvalid, "legacy endpoints only support streams result type");
  if (limit > api.limits.entries_max) {
    return error(Code::kLimit, "max entries limit per query exceeded, limit > max_entries_limit_per_query ({} > {})",
                 limit, api.limits.entries_max);
  }
  if (const auto regexp = request.parameter("regexp"); regexp && !regexp->empty()) {
    log->stages.emplace_back(logql::LineFilter{logql::LineFilter::Op::kRegex, {{std::string(*regexp), false}}});
  }
  query::QueryContext context({api.store, api.query_pool, api.clock, api.running}, tenant, api.limits, request.cancel);
  TRY(rows, logql::run_log_query(context, *log, {{bounds.start, bounds.end}, direction, limit, 0}));
  return legacy_answer(rows);
}

}  // namespace

void add_loki_legacy_routes(http::Router& router, const LokiApi& api) {
  add_loki_route(router, api, "/api/prom/query", legacy_query);
}

}  // namespace trilobite::api
