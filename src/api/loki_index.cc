// index/stats, index/volume, index/volume_range and index/shards: how much there is, without the lines.
#include <algorithm>
#include <map>

#include "api/loki_answer.h"
#include "api/loki_api.h"
#include "api/loki_parameters.h"
#include "logs/metric_query.h"
#include "logs/parser.h"
#include "query/grouping.h"

namespace trilobite::api {
namespace {

constexpr std::size_t kVolumesDefault = 100;

struct Totals {
  std::uint64_t streams = 0, entries = 0, bytes = 0;
};

Result<std::vector<SeriesInfo>> selected_series(const LokiApi& api, const http::Request& request,
                                                const std::string& tenant) {
  TRY(bounds, loki_ordered_bounds(request, api.clock.now()));
  TRY(matchers, logql::parse_matchers(loki_query(request)));
  return api.store.series({tenant, Signal::kLogs, {bounds.start, bounds.end}, std::move(matchers)});
}

Totals totals_of(const std::vector<SeriesInfo>& series) {
  Totals totals;
  for (const SeriesInfo& info : series) {
    ++totals.streams;
    totals.entries += info.rows;
    totals.bytes += info.bytes;
  }
  return totals;
}

void write_totals(JsonWriter& json, const Totals& totals) {
  json.begin_object();
  json.key("streams").number(totals.streams).key("chunks").number(totals.streams);
  json.key("bytes").number(totals.bytes).key("entries").number(totals.entries).end_object();
}

Result<http::Response> stats(const LokiApi& api, const http::Request& request, const std::string& tenant) {
  TRY(series, selected_series(api, request, tenant));
  http::Response response = http::Response::json(200, "");
  JsonWriter json(response.body);
  write_totals(json, totals_of(series));
  return response;
}

// Clients that split queries by shard get one shard: the engine splits the work itself.
Result<http::Response> shards(const LokiApi& api, const http::Request& request, const std::string& tenant) {
  if (!request.parameter("targetBytesPerShard")) {
    return error(Code::kInvalid, "targetBytesPerShard is required");
  }
  TRY(series, selected_series(api, request, tenant));
  http::Response response = http::Response::json(200, "");
  JsonWriter json(response.body);
  json.begin_object().key("shards").begin_array().begin_object().key("bounds").begin_object();
  json.key("min").string("0000000000000000").key("max").string("ffffffffffffffff").end_object();
  json.key("stats");
  write_totals(json, totals_of(series));
  json.end_object().end_array().key("statistics").begin_object().end_object().end_object();
  return response;
}

// What index/volume and volume_range have in common.
struct VolumeRequest {
  Bounds bounds;
  std::vector<Matcher> matchers;
  bool by_label = false;       // aggregateBy=labels: one volume per label name
  bool all_labels = false;     // no label was named: every label of the streams
  query::LabelGrouping named;  // the labels asked for
  std::size_t limit = kVolumesDefault;
};

std::vector<std::string> split_names(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (comma > 0) names.emplace_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return names;
}

// A label that is asked for but not in the selector must be there: streams without it do not count.
void require_labels(std::vector<Matcher>& matchers, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const bool mentioned =
        std::any_of(matchers.begin(), matchers.end(), [&](const Matcher& m) { return m.name == name; });
    if (!mentioned) matchers.push_back({name, MatchOp::kNotEqual, ""});
  }
}

Result<VolumeRequest> volume_request(const LokiApi& api, const http::Request& request) {
  VolumeRequest volume;
  TRY(bounds, loki_ordered_bounds(request, api.clock.now()));
  TRY(matchers, logql::parse_matchers(loki_query(request)));
  TRY(limit, loki_limit(request, "limit", kVolumesDefault));
  const std::string_view by = request.parameter("aggregateBy").value_or("");
  if (!by.empty() && by != "series" && by != "labels") return error(Code::kInvalid, "invalid aggregation option");
  volume.bounds = bounds;
  volume.matchers = std::move(matchers);
  volume.limit = std::min(limit, api.limits.volumes_max);
  volume.by_label = by == "labels";
  volume.named.labels = split_names(request.parameter("targetLabels").value_or(""));
  require_labels(volume.matchers, volume.named.labels);
  const bool targets = !volume.named.labels.empty();
  if (!targets) {
    for (const Matcher& matcher : volume.matchers) volume.named.labels.push_back(matcher.name);
  }
  volume.all_labels = !targets && (volume.by_label || volume.matchers.empty());
  return volume;
}

// The label sets that the bytes of a stream are added to.
std::vector<LabelSet> volume_keys(const VolumeRequest& volume, const LabelSet& labels) {
  LabelSet kept = volume.all_labels ? labels : query::kept_labels(labels, volume.named);
  if (!volume.by_label) return {std::move(kept)};
  std::vector<LabelSet> keys;
  // The name stands for the value here; an empty value cannot be part of a label set.
  for (const auto& [name, value] : kept) keys.push_back(LabelSet::from_pairs({{std::string(name), "name"}}));
  return keys;
}

void write_volume_labels(JsonWriter& json, const LabelSet& key, bool by_label) {
  if (!by_label) return write_labels(json, key);
  json.begin_object();
  for (const auto& [name, value] : key) json.key(name).string("");
  json.end_object();
}

// Greatest first, then by labels; cut to the limit.
template <class Volume>
std::vector<std::pair<LabelSet, Volume>> greatest(const std::map<LabelSet, Volume>& volumes, std::size_t limit,
                                                  std::uint64_t (*size)(const Volume&)) {
  std::vector<std::pair<LabelSet, Volume>> sorted(volumes.begin(), volumes.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const auto& a, const auto& b) { return size(a.second) > size(b.second); });
  if (sorted.size() > limit) sorted.resize(limit);
  return sorted;
}

Result<http::Response> volume(const LokiApi& api, const http::Request& request, const std::string& tenant) {
  TRY(volume, volume_request(api, request));
  TRY(series, api.store.series({tenant, Signal::kLogs, {volume.bounds.start, volume.bounds.end}, volume.matchers}));
  std::map<LabelSet, std::uint64_t> volumes;
  for (const SeriesInfo& info : series) {
    for (LabelSet& key : volume_keys(volume, *info.labels)) volumes[std::move(key)] += info.bytes;
  }
  http::Response response = http::Response::json(200, "");
  JsonWriter json(response.body);
  std::string time;
  write_time_seconds(time, volume.bounds.end);
  json.begin_object().key("status").string("success").key("data").begin_object().key("resultType").string("vector");
  json.key("result").begin_array();
  for (const auto& [key, bytes] :
       greatest<std::uint64_t>(volumes, volume.limit, [](const std::uint64_t& b) { return b; })) {
    json.begin_object().key("metric");
    write_volume_labels(json, key, volume.by_label);
    json.key("value").begin_array().raw(time).string(std::to_string(bytes)).end_array().end_object();
  }
  json.end_array().key("stats");
  write_statistics(json, {});
  json.end_object().end_object();
  return response;
}

// sum by (every label) (bytes_over_time(selector[step])), at the ends of the steps.
logql::Expr bytes_per_step(const VolumeRequest& volume, const std::vector<std::string>& names, TimeNs step) {
  logql::RangeAggregation range;
  range.op = logql::RangeOp::kBytes;
  range.log.matchers = volume.matchers;
  range.range_ns = step;
  range.offset_ns = 1;  // [start, end) instead of (start, end]
  logql::VectorAggregation sum;
  sum.op = logql::VectorOp::kSum;
  sum.grouping.labels = names;
  sum.grouping_written = true;
  sum.inner = std::make_unique<const logql::Expr>(logql::Expr{std::move(range)});
  return logql::Expr{std::move(sum)};
}

using Buckets = std::vector<std::uint64_t>;

Result<std::map<LabelSet, Buckets>> volume_buckets(const LokiApi& api, const http::Request& request,
                                                   const std::string& tenant, const VolumeRequest& volume,
                                                   const query::TimeGrid& grid) {
  const IndexRequest index{tenant, Signal::kLogs, {volume.bounds.start, volume.bounds.end}, volume.matchers};
  std::vector<std::string> names = volume.named.labels;
  if (volume.all_labels) {
    TRY(all, api.store.label_names(index));
    names = std::move(all);
  }
  query::QueryLimits limits = api.limits;
  limits.series_max = SIZE_MAX;  // the answer is cut to its own limit
  query::QueryContext context({api.store, api.query_pool, api.clock}, tenant, limits, request.cancel);
  const logql::Expr expr = bytes_per_step(volume, names, grid.step);
  TRY(value, logql::run_metric_query(context, expr, grid));
  std::map<LabelSet, Buckets> volumes;
  for (const query::Series& series : std::get<query::Matrix>(value).series) {
    for (LabelSet& key : volume_keys(volume, series.labels)) {
      Buckets& buckets = volumes[std::move(key)];
      buckets.resize(grid.steps());
      for (std::size_t i = 0; i < buckets.size(); ++i) {
        if (query::is_present(series.values[i])) buckets[i] += static_cast<std::uint64_t>(series.values[i]);
      }
    }
  }
  return volumes;
}

Result<http::Response> volume_range(const LokiApi& api, const http::Request& request, const std::string& tenant) {
  TRY(volume, volume_request(api, request));
  TRY(step, loki_step(request, volume.bounds));
  if (static_cast<std::size_t>((volume.bounds.end - volume.bounds.start) / step) > api.limits.points_max) {
    return error(Code::kLimit,
                 "exceeded maximum resolution of 11,000 points per time series. Try increasing the value "
                 "of the step parameter");
  }
  const TimeNs first = volume.bounds.start - volume.bounds.start % step + step;
  const query::TimeGrid grid{first, std::max(first, volume.bounds.end + step - 1), step};
  TRY(volumes, volume_buckets(api, request, tenant, volume, grid));

  http::Response response = http::Response::json(200, "");
  JsonWriter json(response.body);
  std::string time;
  json.begin_object().key("status").string("success").key("data").begin_object().key("resultType").string("matrix");
  json.key("result").begin_array();
  const auto total = [](const Buckets& buckets) {
    std::uint64_t sum = 0;
    for (const std::uint64_t bytes : buckets) sum += bytes;
    return sum;
  };
  for (const auto& [key, buckets] : greatest<Buckets>(volumes, volume.limit, total)) {
    json.begin_object().key("metric");
    write_volume_labels(json, key, volume.by_label);
    json.key("values").begin_array();
    for (std::size_t i = 0; i < buckets.size(); ++i) {
      if (buckets[i] == 0) continue;
      // A bucket is stamped with its end; all but the last with the millisecond before, as Loki does.
      time.clear();
      write_time_seconds(time, grid.at(i) < volume.bounds.end ? grid.at(i) - 1'000'000 : volume.bounds.end);
      json.begin_array().raw(time).string(std::to_string(buckets[i])).end_array();
    }
    json.end_array().end_object();
  }
  json.end_array().key("stats");
  write_statistics(json, {});
  json.end_object().end_object();
  return response;
}

}  // namespace

void add_loki_index_routes(http::Router& router, const LokiApi& api) {
  add_loki_route(router, api, "/loki/api/v1/index/stats", stats);
  add_loki_route(router, api, "/loki/api/v1/index/volume", volume);
  add_loki_route(router, api, "/loki/api/v1/index/volume_range", volume_range);
  add_loki_route(router, api, "/loki/api/v1/index/shards", shards);
}

}  // namespace trilobite::api
