// Search for names, our own metrics and the description of the API, through the router.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "agent/yaml_tree.h"
#include "api/prometheus_openapi.h"
#include "metrics/memory_samples.h"

namespace trilobite::api {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr TimeNs kStart = 1'768'435'200 * kNsPerSecond;

class PrometheusSearch : public testing::Test {
 protected:
  PrometheusSearch() : pool_("query", 1), clock_(kStart + 60 * kNsPerSecond), api_{store_, pool_, clock_} {
    const auto add = [&](std::string name, std::string job) {
      store_.add(LabelSet::from_pairs({{"__name__", std::move(name)}, {"job", std::move(job)}}), kStart, 1);
    };
    add("http_requests_total", "web");
    add("http_errors_total", "web");
    add("grpc_requests_total", "rpc");
    add("up", "Web");
    store_.add(LabelSet::from_pairs({{"__name__", "old"}}), kStart - 2 * 3600 * kNsPerSecond, 1);
    metadata_.add("fake", {{"up", "gauge", "Whether it answers.", ""}, {"http_requests_total", "counter", "", "1"}}, 9);
    api_.metadata = &metadata_;
    api_.runtime.ready = [this] { return ready_; };
    api_.runtime.stopping = [] { return true; };
    api_.runtime.metrics = [] { return "# TYPE a gauge\na 1\n# TYPE ab gauge\nab 2\n"; };
    add_prometheus_routes(router_, api_);
  }
  http::Response ask(std::string path, http::Parameters query = {}, std::string method = "GET") {
    http::Request request;
    request.method = std::move(method);
    request.path = "/api/v1" + path;
    request.query = std::move(query);
    return router_.handle(request);
  }
  // Names that come, in order.
  std::string names(http::Parameters query) {
    const std::string body = ask("/search/metric_names", std::move(query)).body;
    std::string out;
    static constexpr std::string_view kKey = "\"name\":\"";
    for (std::size_t at = body.find(kKey); at != std::string::npos; at = body.find(kKey, at)) {
      at += kKey.size();
      out += (out.empty() ? "" : " ") + body.substr(at, body.find('"', at) - at);
    }
    return out;
  }

  metrics::MemorySamples store_;
  ingest::MetadataTable metadata_;
  ThreadPool pool_;
  ManualClock clock_;
  bool ready_ = true;
  PrometheusApi api_;
  http::Router router_;
};

TEST_F(PrometheusSearch, AnswersInLines) {
  const http::Response all = ask("/search/metric_names", {{"batch_size", "3"}}, "POST");
  EXPECT_EQ(all.status, 200);
  EXPECT_EQ(all.content_type, "application/x-ndjson; charset=utf-8");
  EXPECT_EQ(all.body,
            "{\"results\":[{\"name\":\"grpc_requests_total\"},{\"name\":\"http_errors_total\"},"
            "{\"name\":\"http_requests_total\"}]}\n{\"results\":[{\"name\":\"up\"}]}\n"
            "{\"status\":\"success\",\"has_more\":false}\n");
  EXPECT_EQ(ask("/search/metric_names", {{"limit", "1"}, {"search[]", "up"}, {"include_score", "1"}}).body,
            "{\"results\":[{\"name\":\"up\",\"score\":1}]}\n{\"status\":\"success\",\"has_more\":false}\n");
  EXPECT_EQ(ask("/search/metric_names", {{"limit", "1"}, {"search[]", "http"}}).body,
            "{\"results\":[{\"name\":\"http_errors_total\"}]}\n{\"status\":\"success\",\"has_more\":true}\n");
  EXPECT_EQ(ask("/search/metric_names", {{"search[]", "nosuch"}}).body,
            "{\"results\":[]}\n{\"status\":\"success\",\"has_more\":false}\n");
  EXPECT_EQ(ask("/search/metric_names", {{"search[]", "up"}, {"include_metadata", "true"}}).body,
            "{\"results\":[{\"name\":\"up\",\"type\":\"gauge\",\"help\":\"Whether it answers.\"}]}\n"
            "{\"status\":\"success\",\"has_more\":false}\n");
  EXPECT_THAT(ask("/search/label_names", {{"search[]", "jb"}}).body, StartsWith("{\"results\":[{\"name\":\"job\"}]}"));
  EXPECT_THAT(ask("/search/label_values", {{"label", "job"}, {"search[]", "web"}, {"case_sensitive", "false"}}).body,
              StartsWith("{\"results\":[{\"name\":\"Web\"},{\"name\":\"web\"}]}"));
}

TEST_F(PrometheusSearch, ChoosesAndSorts) {
  EXPECT_EQ(names({{"sort_by", "alpha"}, {"sort_dir", "dsc"}, {"limit", "2"}}), "up http_requests_total");
  EXPECT_EQ(names({{"match[]", "{job=\"web\"}"}, {"match[]", "up"}}), "http_errors_total http_requests_total up");
  EXPECT_EQ(names({{"search[]", "requests"}, {"search[]", "http"}, {"sort_by", "score"}}),
            "http_errors_total http_requests_total grpc_requests_total");
  EXPECT_EQ(names({{"search[]", "rqst"}, {"fuzz_alg", "jarowinkler"}}), "");
  EXPECT_EQ(names({{"search[]", "htpt_requests_total"}, {"fuzz_alg", "jarowinkler"}, {"fuzz_threshold", "95"}}),
            "http_requests_total");
  EXPECT_EQ(names({{"start", "0"}, {"search[]", "old"}}), "old");
}

TEST_F(PrometheusSearch, RefusesBadRequests) {
  const struct {
    std::string_view path;
    http::Parameters query;
    std::string_view text;
  } kCases[] = {
      {"/search/metric_names", {{"fuzz_threshold", "101"}}, R"(invalid fuzz_threshold \"101\": must be 0-100)"},
      {"/search/metric_names", {{"fuzz_alg", "x"}}, R"(unsupported fuzz_alg \"x\": must be one of [subsequence jarowinkler])"},
      {"/search/metric_names", {{"case_sensitive", "yes"}}, R"(invalid case_sensitive \"yes\": must be boolean)"},
      {"/search/metric_names", {{"include_metadata", "2"}}, R"(invalid include_metadata \"2\": must be boolean)"},
      {"/search/metric_names", {{"limit", "0"}}, R"(invalid limit \"0\": must be a positive integer)"},
      {"/search/metric_names", {{"limit", "10001"}}, "limit 10001 exceeds the maximum of 10000"},
      {"/search/metric_names", {{"batch_size", "x"}}, R"(invalid batch_size \"x\": must be a positive integer)"},
      {"/search/label_names", {{"sort_dir", "asc"}}, "sort_dir is only valid when sort_by is set"},
      {"/search/label_names", {{"sort_by", "score"}}, "sort_by=score requires search[] to be set"},
      {"/search/label_names", {{"sort_by", "x"}}, R"(invalid sort_by \"x\" for label_names: must be \"alpha\" or \"score\")"},
      {"/search/label_names", {{"sort_by", "alpha"}, {"sort_dir", "up"}}, R"(invalid sort_dir \"up\": must be \"asc\" or \"dsc\")"},
      {"/search/label_values", {}, R"(missing required parameter \"label\")"},
      {"/search/label_values", {{"label", "a"}, {"start", "5"}, {"end", "4"}},
       R"(invalid parameter \"end\": end timestamp must not be before start time)"},
      {"/search/label_values", {{"label", "a"}, {"match[]", "{}"}}, "match[] must contain at least one non-empty matcher"},
      {"/search/metric_names", {{"search[]", std::string(257, 'x')}}, "a search[] term has 257 bytes, more than 256"},
      {"/search/metric_names", http::Parameters(33, {"search[]", "x"}), "more than 32 search[] terms"},
      {"/status/self_metrics", {{"metric_name_pattern", "("}},
       R"(invalid parameter \"metric_name_pattern\": error parsing regexp: missing closing ): `(`)"},
      {"/openapi.yaml", {{"openapi_version", "2.0"}}, R"(invalid parameter \"openapi_version\": not supported value \"2.0\")"},
  };
  for (const auto& [path, query, text] : kCases) {
    const http::Response response = ask(std::string(path), query);
    EXPECT_EQ(response.status, 400) << text;
    EXPECT_EQ(response.body, fmt::format(R"({{"status":"error","errorType":"bad_data","error":"{}"}})", text));
  }
  http::Router closed;
  api_.options.search = false;
  add_prometheus_routes(closed, api_);
  http::Request request;
  request.method = "GET";
  request.path = "/api/v1/search/label_names";
  const http::Response off = closed.handle(request);
  EXPECT_EQ(off.status, 500);
  EXPECT_EQ(off.body, R"({"status":"error","errorType":"unavailable","error":"search API disabled"})");
}

TEST_F(PrometheusSearch, OwnMetrics) {
  EXPECT_EQ(ask("/status/self_metrics", {{"metric_name_pattern", "a"}}).body,
            R"({"status":"success","data":[{"name":"a","help":"","type":"GAUGE","metric":[{"gauge":{"value":1}}]}]})");
  EXPECT_THAT(ask("/status/self_metrics").body, HasSubstr("\"ab\""));
}

TEST_F(PrometheusSearch, NobodyIsServedBeforeTheServerIsReady) {
  ready_ = false;
  const http::Response response = ask("/query", {{"query", "1"}});
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body, "Service Unavailable");
  EXPECT_EQ(response.headers, (http::Parameters{{"X-Prometheus-Stopping", "true"}}));
  EXPECT_EQ(ask("/status/walreplay").status, 200);
  EXPECT_EQ(ask("/notifications").status, 200);
}

TEST_F(PrometheusSearch, EveryRouteIsDescribedAndEveryDescriptionIsARoute) {
  static constexpr std::string_view kRoot = "/api/v1";
  std::set<std::pair<std::string, std::string>> routes;
  for (const auto& [methods, pattern] : router_.routes()) {
    if (!pattern.starts_with(kRoot)) continue;
    for (const std::string& method : methods) {
      if (method != "OPTIONS") routes.emplace(method, pattern.substr(kRoot.size()));
    }
  }
  const auto described = openapi_operations();
  EXPECT_EQ(routes, (std::set<std::pair<std::string, std::string>>(described.begin(), described.end())));
  EXPECT_EQ(routes.size(), described.size());
}

TEST_F(PrometheusSearch, TheDescriptionIsYamlOfOpenapi) {
  for (const auto& [asked, want] : {std::pair{"", "3.1.0"}, {"3.1", "3.1.0"}, {"3.2", "3.2.0"}}) {
    const http::Response response = ask("/openapi.yaml", {{"openapi_version", asked}});
    EXPECT_EQ(response.content_type, "application/yaml; charset=utf-8");
    const auto root = agent::yaml::parse(response.body);
    ASSERT_TRUE(root.ok()) << root.error().message;
    EXPECT_EQ(root->find("openapi")->text, want);
    const auto* query = root->find("paths")->find("/query");
    ASSERT_NE(query, nullptr);
    const auto& first = query->find("get")->find("parameters")->list.at(0);
    EXPECT_EQ(first.find("name")->text, "query");
    EXPECT_EQ(first.find("required")->text, "true");
    const auto* form = query->find("post")->find("requestBody")->find("content")->map.at(0).second.find("schema");
    EXPECT_EQ(form->find("required")->list.at(0).text, "query");
    const auto* values = root->find("paths")->find("/label/{name}/values");
    ASSERT_NE(values, nullptr);
    EXPECT_EQ(values->find("get")->find("parameters")->list.at(0).find("in")->text, "path");
  }
}

}  // namespace
}  // namespace trilobite::api
