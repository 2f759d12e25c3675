#include "api/prometheus_federate.h"

#include <algorithm>
#include <bit>
#include <map>

#include "api/exposition_writer.h"
#include "api/tenant.h"
#include "ingest/metric_writer.h"
#include "metrics/parser.h"
#include "metrics/start_time.h"
#include "storage/label_matcher.h"

namespace trilobite::api {
namespace {

struct Newest {
  TimeNs time = 0;
  double value = 0;
  std::string histogram;  // as stored; "": a float
};
using Found = std::map<std::string, std::pair<LabelSetRef, Newest>>;  // by the bytes of the labels

Result<std::vector<Matcher>> selector(std::string_view text) {
  TRY(matchers, metrics::parse_selector(text));
  for (const Matcher& matcher : matchers) {
    TRY(compiled, storage::LabelMatcher::compile(matcher));
    if (!compiled.matches("")) return matchers;
  }
  return error(Code::kInvalid, "match[] must contain at least one non-empty matcher");
}

Result<void> collect(const Federate& self, const http::Request& request, const std::string& tenant,
                     std::vector<Matcher> matchers, Found& found) {
  const TimeNs now = self.clock.now();
  ScanRequest scan;
  scan.tenant = tenant;
  scan.signal = Signal::kMetrics;
  scan.range = {now - self.lookback.count() + 1, now + 1};  // the left end is not part of it
  scan.matchers = std::move(matchers);
  scan.columns = {std::string(kValueColumn), std::string(kHistogramColumn)};
  scan.cancel = request.cancel;
  TRY(series, self.store.scan_series(std::move(scan)));
  SeriesSamples samples;
  while (true) {
    TRY(more, series->next(samples));
    if (!more) return {};
    if (samples.times.empty()) continue;
    const std::size_t last = samples.times.size() - 1;
    Newest newest{samples.times[last], samples.values[last], {}};
    if (samples.histograms.size() > 0) {
      newest.histogram = std::string(metrics::split_sample_text(samples.histograms[last]).histogram);
    }
    if (ingest::is_stale(newest.value)) continue;
    found.insert_or_assign(std::string(samples.labels->bytes()), std::pair(samples.labels, std::move(newest)));
    if (found.size() > self.series_max) {
      return error(Code::kLimit, "federation of more than {} series; narrow match[]", self.series_max);
    }
  }
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

WrittenSample make_sample(const Pairs& external, const LabelSet& labels, const Newest& newest) {
  WrittenSample out;
  out.time = newest.time;
  out.value = newest.value;
  bool instance = false;
  for (const auto [name, value] : labels) {
    if (name == "__name__") {
      out.name = std::string(value);
      continue;
    }
    instance = instance || name == "instance";
    out.labels.emplace_back(name, value);
  }
  for (const auto& [name, value] : external) {
    if (!labels.get(name).empty()) continue;
    instance = instance || name == "instance";
    out.labels.emplace_back(name, value);
  }
  // So that a scraper with honor_labels does not put its own there.
  if (!instance) out.labels.emplace_back("instance", "");
  return out;
}

Result<http::Response> federate(const Federate& self, const http::Request& request, const std::string& tenant) {
  Found found;
  for (const std::string_view text : request.parameters("match[]")) {
    TRY(matchers, selector(text));
    TRY_VOID(collect(self, request, tenant, std::move(matchers), found));
  }
  std::vector<std::pair<std::string, const std::pair<LabelSetRef, Newest>*>> order;
  order.reserve(found.size());
  for (const auto& [bytes, entry] : found) order.emplace_back(entry.first->get("__name__"), &entry);
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  WrittenAs as = choose_written_format(request.header("accept"));
  http::Response response;
  response.content_type = as.content_type;
  ExpositionWriter writer(std::move(as));
  const Pairs external = labels_of(self.external_labels);
  for (const auto& [name, entry] : order) {
    WrittenSample sample = make_sample(external, *entry->first, entry->second);
    if (sample.name.empty()) continue;
    metrics::Histogram histogram;
    if (!entry->second.histogram.empty()) {
      TRY(decoded, metrics::decode_histogram(entry->second.histogram));
      histogram = std::move(decoded);
      sample.histogram = &histogram;
    }
    writer.add(sample);
  }
  response.body = writer.finish();
  return response;
}

}  // namespace

void add_federate_routes(http::Router& router, const Federate& self) {
  for (const char* path : {"/federate", "/prometheus/federate"}) {
    router.add({"GET"}, path, [self](const http::Request& request) {
      const auto [tenant, refusal] = tenant_of(request, self.multi_tenant);
      if (refusal) return *refusal;
      auto response = federate(self, request, tenant);
      return response.ok() ? std::move(*response) : http::plain_failure(response.error());
    });
  }
}

}  // namespace trilobite::api
