// Names of metrics and labels, and values of a label, that are like what somebody types: lines of JSON, in batches.
#include <algorithm>
#include <set>

#include "api/name_search.h"
#include "api/prometheus_answer.h"
#include "api/prometheus_parameters.h"
#include "logs/text.h"

namespace trilobite::api {
namespace {

constexpr TimeNs kRecent = 3600 * kNsPerSecond;  // what is searched unless the request says otherwise
constexpr std::int64_t kLimitDefault = 100, kLimitMax = 10'000;
constexpr std::int64_t kBatchDefault = 100, kBatchMax = 1000;
// Every name is compared with every term, in time that grows with the lengths of both.
constexpr std::size_t kTermsMax = 32, kTermBytesMax = 256;
constexpr std::size_t kNamesPerCancelCheck = 1024;

enum class SearchOrder : std::uint8_t { kAscending, kDescending, kScore };

struct SearchQuestion {
  std::vector<IndexRequest> requests;
  std::vector<std::string_view> terms;
  NameSearchOptions options;
  SearchOrder order = SearchOrder::kAscending;
  bool with_score = false, with_metadata = false;
  std::size_t limit = 0, batch = 0;
};

struct Found {
  std::string name;
  double score = 0;
};

Result<bool> flag(const http::Request& request, std::string_view name, bool otherwise) {
  const std::string_view text = request.parameter(name).value_or("");
  if (text.empty()) return otherwise;
  if (const std::optional<bool> value = parse_go_bool(text)) return *value;
  return error(Code::kInvalid, "invalid {} {}: must be boolean", name, logql::quote(text));
}

Result<std::size_t> positive(const http::Request& request, std::string_view name, std::int64_t otherwise) {
  const std::string_view text = request.parameter(name).value_or("");
  if (text.empty()) return static_cast<std::size_t>(otherwise);
  const Result<std::int64_t> value = parse_go_integer(text);
  if (value.ok() && *value > 0) return static_cast<std::size_t>(*value);
  return error(Code::kInvalid, "invalid {} {}: must be a positive integer", name, logql::quote(text));
}

Result<void> read_match(const http::Request& request, SearchQuestion& out) {
  out.terms = request.parameters("search[]");
  if (out.terms.size() > kTermsMax) return error(Code::kInvalid, "more than {} search[] terms", kTermsMax);
  for (const std::string_view term : out.terms) {
    if (term.size() > kTermBytesMax) {
      return error(Code::kInvalid, "a search[] term has {} bytes, more than {}", term.size(), kTermBytesMax);
    }
  }
  if (const std::string_view text = request.parameter("fuzz_threshold").value_or(""); !text.empty()) {
    const Result<std::int64_t> percent = parse_go_integer(text);
    if (!percent.ok() || *percent < 0 || *percent > 100) {
      return error(Code::kInvalid, "invalid fuzz_threshold {}: must be 0-100", logql::quote(text));
    }
    out.options.threshold = static_cast<double>(*percent) / 100;
  }
  const std::string_view algorithm = request.parameter("fuzz_alg").value_or("");
  if (algorithm == "jarowinkler") {
    out.options.match = FuzzyMatch::kJaroWinkler;
  } else if (!algorithm.empty() && algorithm != "subsequence") {
    return error(Code::kInvalid, "unsupported fuzz_alg {}: must be one of [subsequence jarowinkler]",
                 logql::quote(algorithm));
  }
  TRY(case_sensitive, flag(request, "case_sensitive", true));
  out.options.case_sensitive = case_sensitive;
  return {};
}

// `what`: the endpoint, for the error.
Result<void> read_order(const http::Request& request, std::string_view what, SearchQuestion& out) {
  const std::string_view by = request.parameter("sort_by").value_or("");
  const std::string_view direction = request.parameter("sort_dir").value_or("");
  if (!direction.empty()) {
    if (by.empty()) return error(Code::kInvalid, "sort_dir is only valid when sort_by is set");
    if (by == "score") return error(Code::kInvalid, "sort_dir is not supported for sort_by=score");
    if (direction != "asc" && direction != "dsc") {
      return error(Code::kInvalid, "invalid sort_dir {}: must be \"asc\" or \"dsc\"", logql::quote(direction));
    }
  }
  if (by == "score") {
    if (out.terms.empty()) return error(Code::kInvalid, "sort_by=score requires search[] to be set");
    out.order = SearchOrder::kScore;
  } else if (!by.empty() && by != "alpha") {
    return error(Code::kInvalid, "invalid sort_by {} for {}: must be \"alpha\" or \"score\"", logql::quote(by), what);
  } else if (direction == "dsc") {
    out.order = SearchOrder::kDescending;
  }
  return {};
}

Result<SearchQuestion> question_of(const PrometheusApi& api, const http::Request& request, const std::string& tenant,
                                   std::string_view what) {
  if (!api.options.search) return error(Code::kUnavailable, "search API disabled");
  SearchQuestion out;
  const TimeNs now = api.clock.now();
  TRY(start, prometheus_time(request, "start", now - kRecent));
  TRY(end, prometheus_time(request, "end", now));
  if (end < start) return invalid_parameter("end", "end timestamp must not be before start time");
  TRY(sets, prometheus_matchers(request));
  if (sets.empty()) sets.emplace_back();
  for (auto& matchers : sets) {
    out.requests.push_back({tenant, Signal::kMetrics, {start, end + 1}, std::move(matchers)});
  }
  TRY_VOID(read_match(request, out));
  TRY_VOID(read_order(request, what, out));
  TRY(with_score, flag(request, "include_score", false));
  out.with_score = with_score;
  TRY(limit, positive(request, "limit", kLimitDefault));
  if (limit > static_cast<std::size_t>(kLimitMax)) {
    return error(Code::kInvalid, "limit {} exceeds the maximum of {}", limit, kLimitMax);
  }
  out.limit = limit;
  TRY(batch, positive(request, "batch_size", kBatchDefault));
  out.batch = std::min(batch, static_cast<std::size_t>(kBatchMax));
  return out;
}

// Those of `names` that match, in order, at most one more than may be shown.
Result<std::vector<Found>> pick(const std::set<std::string>& names, const SearchQuestion& question,
                                const CancelToken& cancel) {
  NameSearch search(question.terms, question.options);
  std::vector<Found> found;
  std::size_t seen = 0;
  for (const std::string& name : names) {
    if (seen++ % kNamesPerCancelCheck == 0) TRY_VOID(cancel.check());
    if (const std::optional<double> score = search.score(name)) found.push_back({name, *score});
  }
  if (question.order == SearchOrder::kDescending) std::ranges::reverse(found);
  if (question.order == SearchOrder::kScore) {
    std::ranges::stable_sort(found, [](const Found& a, const Found& b) { return a.score > b.score; });
  }
  if (found.size() > question.limit + 1) found.resize(question.limit + 1);
  return found;
}

void write_found(JsonWriter& json, const Found& found, bool with_score, const ingest::MetricMetadata* about) {
  json.begin_object().key("name").string(found.name);
  if (with_score) json.key("score").number(found.score);
  if (about != nullptr && !about->type.empty()) {
    json.key("type").string(about->type);
    if (!about->help.empty()) json.key("help").string(about->help);
    if (!about->unit.empty()) json.key("unit").string(about->unit);
  }
  json.end_object();
}

PrometheusAnswer lines_of(const PrometheusApi& api, const std::string& tenant, const SearchQuestion& question,
                          const std::vector<Found>& found) {
  http::Response response;
  response.content_type = "application/x-ndjson; charset=utf-8";
  const std::size_t count = std::min(found.size(), question.limit);
  std::size_t at = 0;
  do {  // without results there is a line, too
    JsonWriter json(response.body);
    json.begin_object().key("results").begin_array();
    for (const std::size_t end = std::min(count, at + question.batch); at < end; ++at) {
      ingest::MetricMetadata about;
      if (question.with_metadata && api.metadata != nullptr) about = api.metadata->find(tenant, found[at].name);
      write_found(json, found[at], question.with_score, &about);
    }
    json.end_array().end_object();
    response.body += '\n';
  } while (at < count);
  JsonWriter json(response.body);
  json.begin_object().key("status").string("success").key("has_more").boolean(found.size() > count).end_object();
  response.body += '\n';
  return {.data = {}, .warnings = {}, .infos = {}, .whole = std::move(response)};
}

Result<PrometheusAnswer> search_values(const PrometheusApi& api, const http::Request& request,
                                       const std::string& tenant, const SearchQuestion& question,
                                       std::string_view label) {
  std::set<std::string> names;
  for (const IndexRequest& each : question.requests) {
    TRY(values, api.store.label_values(each, label));
    names.insert(values.begin(), values.end());
  }
  TRY(found, pick(names, question, *request.cancel));
  return lines_of(api, tenant, question, found);
}

Result<PrometheusAnswer> search_metric_names(const PrometheusApi& api, const http::Request& request,
                                             const std::string& tenant) {
  TRY(question, question_of(api, request, tenant, "metric_names"));
  TRY(with_metadata, flag(request, "include_metadata", false));
  question.with_metadata = with_metadata;
  return search_values(api, request, tenant, question, "__name__");
}

Result<PrometheusAnswer> search_label_names(const PrometheusApi& api, const http::Request& request,
                                            const std::string& tenant) {
  TRY(question, question_of(api, request, tenant, "label_names"));
  std::set<std::string> names;
  for (const IndexRequest& each : question.requests) {
    TRY(labels, api.store.label_names(each));
    names.insert(labels.begin(), labels.end());
  }
  TRY(found, pick(names, question, *request.cancel));
  return lines_of(api, tenant, question, found);
}

Result<PrometheusAnswer> search_label_values(const PrometheusApi& api, const http::Request& request,
                                             const std::string& tenant) {
  TRY(question, question_of(api, request, tenant, "label_values"));
  const std::string_view label = request.parameter("label").value_or("");
  if (label.empty()) return error(Code::kInvalid, "missing required parameter \"label\"");
  return search_values(api, request, tenant, question, label);
}

}  // namespace

void add_prometheus_search_routes(http::Router& router, const PrometheusApi& api) {
  add_prometheus_route(router, api, {"GET", "POST"}, "/search/metric_names", search_metric_names);
  add_prometheus_route(router, api, {"GET", "POST"}, "/search/label_names", search_label_names);
  add_prometheus_route(router, api, {"GET", "POST"}, "/search/label_values", search_label_values);
}

}  // namespace trilobite::api
