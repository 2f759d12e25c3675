// series, labels, label values and metadata: from the label index and what senders said about their metrics.
#include <map>
#include <set>

#include "api/prometheus_answer.h"
#include "api/prometheus_parameters.h"
#include "logs/text.h"

namespace trilobite::api {
namespace {

constexpr std::string_view kTruncated = "results truncated due to limit";

// What was asked for, with one request of the index for each of match[]; without any, one for everything.
struct IndexQuestion {
  std::vector<IndexRequest> requests;
  std::size_t limit = 0;
};

Result<IndexQuestion> question_of(const http::Request& request, const std::string& tenant) {
  IndexQuestion out;
  TRY(limit, prometheus_limit(request));
  out.limit = limit;
  TRY(range, prometheus_range(request));
  TRY(sets, prometheus_matchers(request));
  if (sets.empty()) sets.emplace_back();
  for (auto& matchers : sets) out.requests.push_back({tenant, Signal::kMetrics, range, std::move(matchers)});
  return out;
}

PrometheusAnswer list_answer(const std::set<std::string>& found, std::size_t limit) {
  std::vector<std::string> texts(found.begin(), found.end());
  PrometheusAnswer answer;
  if (limit > 0 && texts.size() > limit) {
    texts.resize(limit);
    answer.warnings.emplace_back(kTruncated);
  }
  answer.data = text_list(texts);
  return answer;
}

Result<PrometheusAnswer> label_names(const PrometheusApi& api, const http::Request& request,
                                     const std::string& tenant) {
  TRY(question, question_of(request, tenant));
  std::set<std::string> found;
  for (const IndexRequest& each : question.requests) {
    TRY(names, api.store.label_names(each));
    found.insert(names.begin(), names.end());
  }
  return list_answer(found, question.limit);
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// U__cloud_2e_zone is cloud.zone: `__` is an underscore, _2e_ the character of that number. What is not well formed
// is a name as it stands.
std::string unescaped(std::string_view name) {
  if (!name.starts_with("U__")) return std::string(name);
  std::string out;
  for (std::size_t i = 3; i < name.size();) {
    if (name[i] != '_') {
      out += name[i++];
    } else if (i + 1 < name.size() && name[i + 1] == '_') {
      out += '_';
      i += 2;
    } else {
      char32_t code = 0;
      std::size_t at = i + 1;
      for (; at < name.size() && hex_value(name[at]) >= 0 && at - i <= 6; ++at) {
        code = code * 16 + static_cast<char32_t>(hex_value(name[at]));
      }
      if (at == i + 1 || at >= name.size() || name[at] != '_' || code > 0x10FFFF) return std::string(name);
      logql::append_rune(out, code);
      i = at + 1;
    }
  }
  return out;
}

Result<PrometheusAnswer> label_values(const PrometheusApi& api, const http::Request& request,
                                      const std::string& tenant) {
  const std::string name = unescaped(request.path_parameter("name"));
  if (name.empty() || !logql::is_utf8(name)) {
    return error(Code::kInvalid, "invalid label name: {}", logql::quote(name));
  }
  TRY(question, question_of(request, tenant));
  std::set<std::string> found;
  for (const IndexRequest& each : question.requests) {
    TRY(values, api.store.label_values(each, name));
    found.insert(values.begin(), values.end());
  }
  return list_answer(found, question.limit);
}

struct LabelOrder {
  // By (name, value) pairs, as Prometheus sorts label sets; canonical bytes would put short names first.
  bool operator()(const LabelSet& a, const LabelSet& b) const {
    auto left = a.begin(), right = b.begin();
    for (; left != a.end() && right != b.end(); ++left, ++right) {
      if (*left != *right) return *left < *right;
    }
    return left == a.end() && right != b.end();
  }
};

Result<PrometheusAnswer> series(const PrometheusApi& api, const http::Request& request, const std::string& tenant) {
  if (request.parameters("match[]").empty()) return error(Code::kInvalid, "no match[] parameter provided");
  TRY(limit, prometheus_limit(request));
  TRY(range, prometheus_range(request));
  Result<std::vector<std::vector<Matcher>>> sets = prometheus_matchers(request);
  if (!sets.ok()) return invalid_parameter("match[]", sets.error().message);
  std::set<LabelSet, LabelOrder> found;
  for (auto& matchers : *sets) {
    TRY(infos, api.store.series({tenant, Signal::kMetrics, range, std::move(matchers)}));
    for (const SeriesInfo& info : infos) found.insert(*info.labels);
  }
  PrometheusAnswer answer;
  answer.data = "[";
  std::size_t count = 0;
  for (const LabelSet& labels : found) {
    // Prometheus does not warn of what this limit cuts off.
    if (limit > 0 && count == limit) break;
    if (count++ > 0) answer.data += ',';
    append_prometheus_labels(answer.data, labels);
  }
  answer.data += ']';
  return answer;
}

// Of the families, at most `limit`; of each, one entry: senders that disagree replace each other.
Result<PrometheusAnswer> metadata(const PrometheusApi& api, const http::Request& request, const std::string& tenant) {
  const std::string_view text = request.parameter("limit").value_or("");
  std::int64_t limit = -1;
  if (!text.empty()) {
    TRY(parsed, parse_go_integer(text));
    limit = parsed;
  }
  if (const std::string_view each = request.parameter("limit_per_metric").value_or(""); !each.empty()) {
    TRY_VOID(parse_go_integer(each));
  }
  const std::string_view metric = request.parameter("metric").value_or("");
  PrometheusAnswer answer;
  JsonWriter json(answer.data);
  json.begin_object();
  std::int64_t count = 0;
  const auto entries = api.metadata == nullptr ? std::vector<ingest::MetricMetadata>() : api.metadata->list(tenant);
  for (const ingest::MetricMetadata& entry : entries) {
    if (!metric.empty() && entry.name != metric) continue;
    if (limit >= 0 && count++ >= limit) break;
    json.key(entry.name).begin_array().begin_object().key("type").string(entry.type.empty() ? "unknown" : entry.type);
    json.key("help").string(entry.help).key("unit").string(entry.unit).end_object().end_array();
  }
  json.end_object();
  return answer;
}

}  // namespace

void add_prometheus_label_routes(http::Router& router, const PrometheusApi& api) {
  add_prometheus_route(router, api, {"GET", "POST"}, "/series", series);
  add_prometheus_route(router, api, {"GET", "POST"}, "/labels", label_names);
  add_prometheus_route(router, api, {"GET"}, "/label/{name}/values", label_values);
  add_prometheus_route(router, api, {"GET"}, "/metadata", metadata);
}

}  // namespace trilobite::api
