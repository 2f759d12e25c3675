// query_exemplars: the exemplars of every series that an expression selects.
#include <algorithm>
#include <limits>
#include <map>

#include "api/prometheus_answer.h"
#include "api/prometheus_parameters.h"
#include "metrics/ast_children.h"
#include "metrics/go_number.h"
#include "query/context.h"

namespace trilobite::api {
namespace {

constexpr std::size_t kExemplarsMax = 100'000;  // of an answer: as many as Prometheus keeps altogether

struct Exemplar {
  TimeNs time = 0;
  double value = 0;
  LabelSet labels;
};
using BySeries = std::map<LabelSet, std::vector<Exemplar>>;

void collect_selectors(const metrics::Expr& expr, std::vector<const std::vector<Matcher>*>& out) {
  if (const auto* selector = std::get_if<metrics::VectorSelector>(&expr.node)) out.push_back(&selector->matchers);
  for (const metrics::Expr* child : metrics::children_of(expr)) collect_selectors(*child, out);
}

Result<void> read_batch(const Batch& batch, BySeries& found, std::size_t& count) {
  const Column* values = batch.find(kValueColumn);
  const Column* metadata = batch.find(kMetadataColumn);
  const auto* numbers = values == nullptr ? nullptr : std::get_if<std::vector<double>>(&values->values());
  if (numbers == nullptr) return error(Code::kCorrupt, "exemplars without values");
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    if (++count > kExemplarsMax) {
      return error(Code::kLimit, "more than {} exemplars; ask for a shorter time or fewer series", kExemplarsMax);
    }
    TRY(labels, LabelSet::from_bytes(metadata == nullptr ? std::string() : std::string(metadata->text(row))));
    found[*batch.label_sets[batch.label_set_of_row[row]]].push_back(
        {batch.times[row], (*numbers)[row], std::move(labels)});
  }
  return {};
}

Result<void> read_exemplars(query::QueryContext& context, const std::vector<Matcher>& matchers, TimeRange range,
                            BySeries& found, std::size_t& count) {
  ScanRequest request;
  request.tenant = context.tenant();
  request.signal = Signal::kExemplars;
  request.range = range;
  request.matchers = matchers;
  request.columns = {std::string(kValueColumn), std::string(kMetadataColumn)};
  request.cancel = context.cancel();
  TRY(scan, context.store().scan(std::move(request)));
  while (true) {
    TRY_VOID(context.check());
    TRY(batch, scan->next());
    if (!batch) return {};
    TRY_VOID(read_batch(*batch, found, count));
  }
}

std::string exemplars_json(BySeries& found) {
  std::string out = "[";
  for (auto& [labels, exemplars] : found) {
    if (out.size() > 1) out += ',';
    out += "{\"seriesLabels\":";
    append_prometheus_labels(out, labels);
    out += ",\"exemplars\":[";
    std::ranges::stable_sort(exemplars, {}, &Exemplar::time);
    for (const Exemplar& exemplar : exemplars) {
      if (&exemplar != &exemplars.front()) out += ',';
      out += "{\"labels\":";
      append_prometheus_labels(out, exemplar.labels);
      out += ",\"value\":\"";
      metrics::append_api_number(out, exemplar.value);
      out += "\",\"timestamp\":";
      append_prometheus_time(out, exemplar.time);
      out += '}';
    }
    out += "]}";
  }
  return out + "]";
}

Result<PrometheusAnswer> query_exemplars(const PrometheusApi& api, const http::Request& request,
                                         const std::string& tenant) {
  TRY(start, prometheus_time(request, "start", std::numeric_limits<TimeNs>::min()));
  TRY(end, prometheus_time(request, "end", std::numeric_limits<TimeNs>::max() - 1));
  if (end < start) return error(Code::kInvalid, "end timestamp must not be before start timestamp");
  TRY(expr, metrics::parse_promql(request.parameter("query").value_or(""), api.options.language));
  std::vector<const std::vector<Matcher>*> selectors;
  collect_selectors(*expr, selectors);
  if (selectors.empty()) return PrometheusAnswer{};
  query::QueryLimits limits = api.limits_of ? api.limits_of(tenant) : query::QueryLimits();
  limits.timeout = std::chrono::nanoseconds(api.options.timeout);
  query::QueryContext context({api.store, api.query_pool, api.clock, api.running}, tenant, limits, request.cancel);
  BySeries found;
  std::size_t count = 0;  // of all selectors, also where they have the same
  for (const std::vector<Matcher>* matchers : selectors) {
    BySeries more;
    TRY_VOID(read_exemplars(context, *matchers, {start, end + 1}, more, count));
    found.merge(more);  // a series that two selectors have comes once
  }
  PrometheusAnswer answer;
  answer.data = exemplars_json(found);
  return answer;
}

}  // namespace

void add_prometheus_exemplar_routes(http::Router& router, const PrometheusApi& api) {
  add_prometheus_route(router, api, {"GET", "POST"}, "/query_exemplars", query_exemplars);
}

}  // namespace trilobite::api
