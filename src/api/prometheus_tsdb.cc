// status/tsdb, in Prometheus' shape: which metrics and labels have most series, of those that had samples in the last
// hours; and status/memory, which is ours: where memory goes, and which limits are near.
#include <algorithm>
#include <string>
#include <vector>

#include "api/prometheus_answer.h"
#include "api/prometheus_parameters.h"
#include "ingest/timestamp.h"
#include "storage/cardinality.h"

namespace trilobite::api {
namespace {

constexpr std::int64_t kLimitDefault = 10, kLimitMax = 10'000;
constexpr TimeNs kRecent = 3 * 3600 * kNsPerSecond;  // what Prometheus has in its head, about
constexpr TimeNs kMillisecond = 1'000'000;

Result<std::size_t> limit_of(const http::Request& request) {
  const std::string_view text = request.parameter("limit").value_or("");
  if (text.empty()) return static_cast<std::size_t>(kLimitDefault);
  const Result<std::int64_t> limit = parse_go_integer(text);
  if (!limit.ok() || *limit < 1) return error(Code::kInvalid, "limit must be a positive number");
  if (*limit > kLimitMax) return error(Code::kInvalid, "limit must not exceed {}", kLimitMax);
  return static_cast<std::size_t>(*limit);
}

struct Counted {
  Cardinality labels;
  TimeNs start = 0, end = 0;  // of samples that there are
};

// Of the last hours, or from `start` to `end`, which Prometheus does not have.
Result<Counted> count(const PrometheusApi& api, const http::Request& request, const std::string& tenant) {
  TRY(limit, limit_of(request));
  const TimeNs now = api.clock.now();
  Counted out;
  TRY(start, prometheus_time(request, "start", now - kRecent));
  TRY(end, prometheus_time(request, "end", now));
  TRY(labels, count_labels(api.store, {tenant, Signal::kMetrics, {start, end + 1}, {}}, limit));
  out.labels = std::move(labels);
  out.start = start, out.end = end;
  if (!api.sample_times) return out;
  const TimeRange there = api.sample_times(tenant);
  if (there.start < there.end) out.start = std::max(start, there.start), out.end = std::min(end, there.end - 1);
  return out;
}

void write_counts(JsonWriter& json, std::string_view key, const std::vector<Cardinality::Count>& counts) {
  json.key(key).begin_array();
  for (const Cardinality::Count& count : counts) {
    json.begin_object().key("name").string(count.name).key("value").number(count.value).end_object();
  }
  json.end_array();
}

Result<PrometheusAnswer> status_tsdb(const PrometheusApi& api, const http::Request& request,
                                     const std::string& tenant) {
  TRY(counted, count(api, request, tenant));
  const Cardinality& found = counted.labels;
  PrometheusAnswer answer;
  JsonWriter json(answer.data);
  json.begin_object().key("headStats").begin_object();
  json.key("numSeries").number(found.series).key("numLabelPairs").number(found.label_pairs);
  json.key("chunkCount").number(std::uint64_t{api.store.statistics().parts});
  json.key("minTime").number(std::int64_t{counted.start / kMillisecond});
  json.key("maxTime").number(std::int64_t{counted.end / kMillisecond}).end_object();
  write_counts(json, "seriesCountByMetricName", found.series_by_metric);
  write_counts(json, "labelValueCountByLabelName", found.values_by_label);
  write_counts(json, "memoryInBytesByLabelName", found.bytes_by_label);
  write_counts(json, "seriesCountByLabelValuePair", found.series_by_pair);
  json.end_object();
  return answer;
}

// Our parts are not blocks of Prometheus' TSDB.
Result<PrometheusAnswer> status_blocks(const PrometheusApi&, const http::Request&, const std::string&) {
  return PrometheusAnswer{R"({"blocks":[]})", {}, {}};
}

// ---- status/memory ----

void write_process(JsonWriter& json, const MemorySource& source) {
  json.key("process").begin_object();
  if (source.process) {
    const ProcessMemory process = source.process();
    json.key("residentBytes").number(process.resident);
    if (process.allocated) json.key("allocatedBytes").number(*process.allocated);
    json.key("budgetBytes").number(process.budget).key("machineBytes").number(process.machine);
  }
  json.end_object();
}

void write_subsystems(JsonWriter& json, const MemorySource& source) {
  std::vector<MemorySubsystem> all;
  if (source.subsystems) all = source.subsystems();
  std::ranges::stable_sort(all, [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
  json.key("subsystems").begin_array();
  for (const MemorySubsystem& each : all) {
    json.begin_object().key("name").string(each.name).key("bytes").number(each.bytes);
    if (each.limit) json.key("limitBytes").number(*each.limit);
    if (each.series) json.key("series").number(*each.series);
    if (each.on_disk) json.key("onDisk").boolean(true);
    json.key("help").string(each.help).end_object();
  }
  json.end_array();
}

void write_limits(JsonWriter& json, const std::vector<LimitStatus>& limits) {
  json.key("limits").begin_array();
  for (const LimitStatus& each : limits) {
    json.begin_object().key("name").string(each.name).key("subject").string(each.subject);
    json.key("used").number(each.used).key("limit").number(each.limit).key("ratio").number(each.ratio());
    json.key("unit").string(each.bytes ? "bytes" : "count").key("state").string(name_of(each.state));
    json.key("key").string(each.key).key("effect").string(each.effect).end_object();
  }
  json.end_array().key("warnings").begin_array();
  for (const LimitStatus& each : limits) {
    if (each.state == LimitState::kOk) continue;
    json.begin_object().key("limit").string(each.name).key("subject").string(each.subject);
    json.key("state").string(name_of(each.state)).key("since").string(ingest::format_rfc3339(each.since));
    json.key("message").string(describe(each)).end_object();
  }
  json.end_array();
}

void write_top(JsonWriter& json, const Cardinality& labels) {
  json.key("top").begin_object().key("metrics").begin_array();
  for (const Cardinality::Named& each : labels.metrics) {
    json.begin_object().key("name").string(each.name).key("series").number(each.series);
    json.key("samples").number(each.values).key("bytes").number(each.bytes).end_object();
  }
  json.end_array().key("labels").begin_array();
  for (const Cardinality::Named& each : labels.labels) {
    json.begin_object().key("name").string(each.name).key("values").number(each.values);
    json.key("series").number(each.series).key("bytes").number(each.bytes).end_object();
  }
  json.end_array().key("pairs").begin_array();
  for (const Cardinality::Count& each : labels.series_by_pair) {
    json.begin_object().key("name").string(each.name).key("series").number(each.value).end_object();
  }
  json.end_array().end_object();
}

Result<PrometheusAnswer> status_memory(const PrometheusApi& api, const http::Request& request,
                                       const std::string& tenant) {
  TRY(counted, count(api, request, tenant));
  std::vector<LimitStatus> limits;
  if (api.memory.limits) limits = api.memory.limits();
  if (api.multi_tenant) {
    std::erase_if(limits, [&](const LimitStatus& each) { return each.of_tenant && each.subject != tenant; });
  }
  std::ranges::stable_sort(limits, [](const auto& a, const auto& b) { return a.ratio() > b.ratio(); });
  PrometheusAnswer answer;
  JsonWriter json(answer.data);
  json.begin_object();
  write_process(json, api.memory);
  write_subsystems(json, api.memory);
  write_limits(json, limits);
  json.key("thresholds").begin_object().key("warning").number(api.memory.warning_share);
  json.key("critical").number(api.memory.critical_share).end_object();
  write_top(json, counted.labels);
  json.end_object();
  return answer;
}

}  // namespace

void add_prometheus_tsdb_routes(http::Router& router, const PrometheusApi& api) {
  add_prometheus_route(router, api, {"GET"}, "/status/tsdb", status_tsdb);
  add_prometheus_route(router, api, {"GET"}, "/status/tsdb/blocks", status_blocks);
  add_prometheus_route(router, api, {"GET"}, "/status/memory", status_memory);
}

}  // namespace trilobite::api
