// status/tsdb: which metrics and labels have most series, of those that had samples in the last hours.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/prometheus_answer.h"
#include "api/prometheus_parameters.h"

namespace trilobite::api {
namespace {

constexpr std::int64_t kLimitDefault = 10, kLimitMax = 10'000;
constexpr TimeNs kRecent = 3 * 3600 * kNsPerSecond;  // what Prometheus has in its head, about

using Counts = std::unordered_map<std::string, std::uint64_t>;

struct Cardinality {
  std::uint64_t series = 0, pairs = 0;
  Counts by_metric, values_by_name, bytes_by_name, by_pair;
};

Cardinality count(const std::vector<SeriesInfo>& infos) {
  Cardinality out;
  for (const SeriesInfo& info : infos) {
    ++out.series;
    for (const auto [name, value] : *info.labels) {
      if (name == "__name__") ++out.by_metric[std::string(value)];
      std::string pair = std::string(name) + "=" + std::string(value);
      if (++out.by_pair[std::move(pair)] > 1) continue;
      ++out.pairs;
      ++out.values_by_name[std::string(name)];
      out.bytes_by_name[std::string(name)] += name.size() + value.size();
    }
  }
  return out;
}

void write_top(JsonWriter& json, std::string_view key, const Counts& counts, std::size_t limit) {
  std::vector<std::pair<std::uint64_t, const std::string*>> sorted;
  for (const auto& [name, number] : counts) sorted.emplace_back(number, &name);
  const std::size_t shown = std::min(limit, sorted.size());
  const auto larger = [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : *a.second < *b.second;
  };
  std::partial_sort(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(shown), sorted.end(), larger);
  json.key(key).begin_array();
  for (std::size_t i = 0; i < shown; ++i) {
    json.begin_object().key("name").string(*sorted[i].second).key("value").number(sorted[i].first).end_object();
  }
  json.end_array();
}

Result<std::size_t> limit_of(const http::Request& request) {
  const std::string_view text = request.parameter("limit").value_or("");
  if (text.empty()) return static_cast<std::size_t>(kLimitDefault);
  const Result<std::int64_t> limit = parse_go_integer(text);
  if (!limit.ok() || *limit < 1) return error(Code::kInvalid, "limit must be a positive number");
  if (*limit > kLimitMax) return error(Code::kInvalid, "limit must not exceed {}", kLimitMax);
  return static_cast<std::size_t>(*limit);
}

// Of the last hours, or from `start` to `end`, which Prometheus does not have.
Result<PrometheusAnswer> status_tsdb(const PrometheusApi& api, const http::Request& request,
                                     const std::string& tenant) {
  TRY(limit, limit_of(request));
  const TimeNs now = api.clock.now();
  TRY(start, prometheus_time(request, "start", now - kRecent));
  TRY(end, prometheus_time(request, "end", now));
  TRY(infos, api.store.series({tenant, Signal::kMetrics, {start, end + 1}, {}}));
  const Cardinality found = count(infos);
  PrometheusAnswer answer;
  JsonWriter json(answer.data);
  json.begin_object().key("headStats").begin_object();
  json.key("numSeries").number(found.series).key("numLabelPairs").number(found.pairs);
  json.key("chunkCount").number(std::uint64_t{api.store.statistics().parts});
  json.key("minTime").number(std::int64_t{start / 1'000'000}).key("maxTime").number(std::int64_t{end / 1'000'000});
  json.end_object();
  write_top(json, "seriesCountByMetricName", found.by_metric, limit);
  write_top(json, "labelValueCountByLabelName", found.values_by_name, limit);
  write_top(json, "memoryInBytesByLabelName", found.bytes_by_name, limit);
  write_top(json, "seriesCountByLabelValuePair", found.by_pair, limit);
  json.end_object();
  return answer;
}

// Our parts are not blocks of Prometheus' TSDB.
Result<PrometheusAnswer> status_blocks(const PrometheusApi&, const http::Request&, const std::string&) {
  return PrometheusAnswer{R"({"blocks":[]})", {}, {}, {}};
}

}  // namespace

void add_prometheus_tsdb_routes(http::Router& router, const PrometheusApi& api) {
  add_prometheus_route(router, api, {"GET"}, "/status/tsdb", status_tsdb);
  add_prometheus_route(router, api, {"GET"}, "/status/tsdb/blocks", status_blocks);
}

}  // namespace trilobite::api
