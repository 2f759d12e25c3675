// GET, POST /api/v1/export: samples as they are stored, a line of JSON for each series, as /api/v1/import takes them.
#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "api/prometheus_api.h"
#include "api/prometheus_parameters.h"
#include "api/tenant.h"
#include "base/json_writer.h"
#include "ingest/metric_writer.h"
#include "metrics/histogram_buckets.h"
#include "metrics/start_time.h"
#include "query/context.h"

namespace trilobite::api {
namespace {

constexpr TimeNs kMillisecond = 1'000'000;
constexpr std::size_t kPieceBytes = 64 << 10;
constexpr std::size_t kSeriesBetweenChecks = 256;

void append_value(std::string& out, double value) {
  if (ingest::is_stale(value)) {
    out += "\"StaleNaN\"";
  } else if (std::isnan(value)) {
    out += "null";
  } else if (std::isinf(value)) {
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else {
    fmt::format_to(std::back_inserter(out), "{}", value);
  }
}

// Lists that are written side by side.
struct Lists {
  std::string values, times;
  void comma() {
    if (!times.empty()) values += ',', times += ',';
  }
  void add(double value, TimeNs time) {
    comma();
    append_value(values, value);
    times += std::to_string(time / kMillisecond);
  }
  void add_text(std::string_view text, TimeNs time) {
    comma();
    append_json_string(values, text);
    times += std::to_string(time / kMillisecond);
  }
};

// Histograms of whole numbers and others stand in lines of their own.
Result<void> append_series(const SeriesSamples& samples, std::string& out) {
  Lists floats, whole, fractional;
  std::size_t left_out = 0;
  for (std::size_t row = 0; row < samples.times.size(); ++row) {
    metrics::SampleText text;
    if (samples.histograms.size() > 0) text = metrics::split_sample_text(samples.histograms[row]);
    if (text.histogram.empty() || ingest::is_stale(samples.values[row])) {
      floats.add(samples.values[row], samples.times[row]);
      continue;
    }
    TRY(histogram, metrics::decode_histogram(text.histogram));
    const std::string literal = metrics::histogram_literal(histogram);
    if (!literal.starts_with("{{")) {
      ++left_out;
    } else {
      (histogram.whole_numbers ? whole : fractional).add_text(literal, samples.times[row]);
    }
  }
  std::string metric = "{\"metric\":{";
  bool first = true;
  for (const auto& [name, value] : *samples.labels) {
    if (!first) metric += ',';
    first = false;
    append_json_string(metric, name);
    metric += ':';
    append_json_string(metric, value);
  }
  metric += "},";
  const auto append_histograms = [&](const Lists& lists, std::string_view more) {
    if (lists.times.empty()) return;
    out += metric + "\"values\":[],\"timestamps\":[],\"histograms\":[" + lists.values + "],\"histogram_timestamps\":[" +
           lists.times + "]";
    out += more;
    out += "}\n";
  };
  if (!floats.times.empty() || left_out > 0) {
    out += metric + "\"values\":[" + floats.values + "],\"timestamps\":[" + floats.times + "]";
    if (left_out > 0) out += fmt::format(",\"left_out\":{}", left_out);
    out += "}\n";
  }
  append_histograms(whole, ",\"whole_numbers\":true");
  append_histograms(fractional, "");
  return {};
}

struct Export {
  std::string tenant;
  query::QueryLimits limits;
  std::vector<std::vector<Matcher>> selectors;
  TimeRange range;
};

Result<void> write_all(const PrometheusApi& api, const Export& what, const std::shared_ptr<CancelToken>& cancel,
                       const http::Write& write) {
  query::QueryContext context({api.store, api.query_pool, api.clock}, what.tenant, what.limits, cancel);
  std::string out;
  for (const std::vector<Matcher>& matchers : what.selectors) {
    ScanRequest request;
    request.tenant = what.tenant;
    request.signal = Signal::kMetrics;
    request.range = what.range;
    request.matchers = matchers;
    request.cancel = context.cancel();
    TRY(series, api.store.scan_series(std::move(request)));
    SeriesSamples samples;
    for (std::size_t number = 0;; ++number) {
      if (number % kSeriesBetweenChecks == 0) {
        TRY_VOID(context.check());
        TRY_VOID(context.check_bytes(series->stats().bytes));
      }
      TRY(more, series->next(samples));
      if (!more) break;
      TRY_VOID(append_series(samples, out));
      if (out.size() < kPieceBytes) continue;
      if (!write(out)) return {};
      out.clear();
    }
    context.add(series->stats());
  }
  if (!out.empty()) write(out);
  return {};
}

http::Response export_samples(const PrometheusApi& api, const http::Request& request) {
  auto [tenant, refusal] =
      tenant_of(request, api.multi_tenant, api.multi_tenant_queries ? TenantsOf::kSeveral : TenantsOf::kOne);
  if (refusal) return *refusal;
  Export what;
  what.tenant = std::move(tenant);
  if (api.limits_of) what.limits = api.limits_of(what.tenant);
  what.limits.timeout = {};  // as long as the client reads
  auto selectors = prometheus_matchers(request);
  if (!selectors.ok()) return prometheus_error(invalid_parameter("match[]", selectors.error().message));
  if (selectors->empty()) return prometheus_error(error(Code::kInvalid, "no match[] parameter provided"));
  const auto range = prometheus_range(request);
  if (!range.ok()) return prometheus_error(range.error());
  what.selectors = std::move(*selectors);
  what.range = *range;
  http::Response response;
  response.content_type = "application/x-ndjson";
  response.stream = [api, what = std::move(what), cancel = request.cancel](const http::Write& write) {
    const Result<void> done = write_all(api, what, cancel, write);
    if (done.ok()) return;
    // The status is sent by now: a line that is no series says that the rest is missing.
    std::string line = "{\"error\":";
    append_json_string(line, done.error().message);
    write(line + "}\n");
  };
  return response;
}

}  // namespace

void add_prometheus_export_routes(http::Router& router, const PrometheusApi& api) {
  for (const char* path : {"/api/v1/export", "/prometheus/api/v1/export"}) {
    router.add({"GET", "POST"}, path, [api](const http::Request& request) { return export_samples(api, request); });
  }
}

}  // namespace trilobite::api
