// Prometheus' read API through the router, over samples in memory: answers, parameters and what bad ones give.
#include <gtest/gtest.h>

#include <cmath>

#include "api/prometheus_answer.h"
#include "api/prometheus_parameters.h"
#include "metrics/go_number.h"
#include "metrics/memory_samples.h"

namespace trilobite::api {
namespace {

constexpr TimeNs kStart = 1'768'435'200 * kNsPerSecond;

class PrometheusRead : public testing::Test {
 protected:
  PrometheusRead() : pool_("query", 2), clock_(kStart + 600 * kNsPerSecond) {
    for (int i = 0; i <= 40; ++i) {
      const TimeNs time = kStart + i * 15 * kNsPerSecond;
      store_.add(LabelSet::from_pairs({{"__name__", "up"}, {"job", "api"}, {"instance", "a"}}), time, 1);
      store_.add(LabelSet::from_pairs({{"__name__", "up"}, {"job", "api"}, {"instance", "b"}}), time, 0.5);
      store_.add(LabelSet::from_pairs({{"__name__", "requests_total"}, {"cloud.zone", "eu"}}), time, 10 * i);
    }
    PrometheusApi api{store_, pool_, clock_};
    api.metadata = &metadata_;
    metadata_.add("fake", {{"up", "gauge", "Whether it answers.", ""}, {"requests_total", "counter", "Requests.", ""}},
                  100);
    add_prometheus_routes(router_, api);
  }

  http::Response ask(std::string path, http::Parameters query = {}, std::string method = "GET") {
    http::Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.query = std::move(query);
    http::Response response = router_.handle(request);
    if (response.stream) {
      response.stream([&](std::string_view piece) {
        response.body += piece;
        return true;
      });
    }
    return response;
  }

  metrics::MemorySamples store_;
  ingest::MetadataTable metadata_;
  ThreadPool pool_;
  ManualClock clock_;
  http::Router router_;
};

TEST_F(PrometheusRead, AnswersQueries) {
  const struct {
    std::string_view path;
    http::Parameters query;
    std::string_view data;
  } kCases[] = {
      {"/api/v1/query", {{"query", "1 + 1"}, {"time", "-1.5"}}, R"({"resultType":"scalar","result":[-1.500,"2"]})"},
      {"/api/v1/query", {{"query", "\"a\\\"b\""}, {"time", "5"}}, R"({"resultType":"string","result":[5,"a\"b"]})"},
      {"/prometheus/api/v1/query",
       {{"query", "sum(up)"}, {"time", "1768435500"}},
       R"({"resultType":"vector","result":[{"metric":{},"value":[1768435500,"1.5"]}]})"},
      {"/api/v1/query",
       {{"query", "up{instance=\"a\"}[20s]"}, {"time", "1768435500"}},
       R"({"resultType":"matrix","result":[{"metric":{"__name__":"up","instance":"a","job":"api"},)"
       R"("values":[[1768435485,"1"],[1768435500,"1"]]}]})"},
      {"/api/v1/query_range",
       {{"query", "sum by (job) (up)"}, {"start", "1768435500"}, {"end", "1768435501"}, {"step", "500ms"}},
       R"({"resultType":"matrix","result":[{"metric":{"job":"api"},)"
       R"("values":[[1768435500,"1.5"],[1768435500.500,"1.5"],[1768435501,"1.5"]]}]})"},
      {"/api/v1/format_query", {{"query", "sum by(a,b)(x)"}}, "\"sum by (a, b) (x)\""},
      {"/api/v1/parse_query",
       {{"query", "-(1)"}},
       R"({"type":"unaryExpr","op":"-","expr":{"type":"parenExpr","expr":{"type":"numberLiteral","val":"1"}}})"},
  };
  for (const auto& [path, query, data] : kCases) {
    for (const std::string method : {"GET", "POST"}) {
      const http::Response response = ask(std::string(path), query, method);
      EXPECT_EQ(response.status, 200);
      EXPECT_EQ(response.body, fmt::format("{{\"status\":\"success\",\"data\":{}}}", data));
      EXPECT_EQ(response.content_type, "application/json");
    }
  }
}

TEST_F(PrometheusRead, ExplainsAndEstimates) {
  const http::Response explained =
      ask("/api/v1/query_explain", {{"query", "sum(rate(requests_total[1m])) > 1"}, {"time", "1768435500"}});
  EXPECT_EQ(explained.status, 200);
  for (const std::string_view part :
       {R"("text":">","type":"instant vector","start":0,"end":33,"series":0)",
        R"("text":"sum","type":"instant vector","start":0,"end":29,"series":1,"points":1,"samplesRead":4)",
        R"("text":"requests_total[1m]","type":"range vector","start":9,"end":27,"series":1,"points":4)",
        R"("text":"1","type":"scalar","start":32,"end":33,"series":0,"points":1)"}) {
    EXPECT_NE(explained.body.find(part), std::string::npos) << part << "\n" << explained.body;
  }
  const http::Response estimated = ask("/api/v1/query_estimate", {{"query", "up"}, {"time", "1768435500"}});
  EXPECT_EQ(estimated.body.substr(0, 80),
            R"({"status":"success","data":{"selectors":1,"series":2,"samplesMax":40,"memoryByte)");
}

TEST_F(PrometheusRead, LimitsAndStatistics) {
  const http::Response limited = ask("/api/v1/query", {{"query", "sort(up)"}, {"time", "1768435500"}, {"limit", "1"}});
  EXPECT_EQ(limited.body,
            R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","instance":"b",)"
            R"("job":"api"},"value":[1768435500,"0.5"]}]},"warnings":["results truncated due to limit"]})");
  const http::Response stats = ask("/api/v1/query", {{"query", "up"}, {"time", "1768435500"}, {"stats", "true"}});
  EXPECT_NE(stats.body.find("\"stats\":{\"timings\":{\"evalTotalTime\":"), std::string::npos) << stats.body;
  EXPECT_NE(stats.body.find("\"peakSamples\":"), std::string::npos) << stats.body;
  EXPECT_EQ(ask("/api/v1/query", {{"query", "up"}, {"time", "1768436300"}, {"lookback_delta", "1m"}}).body,
            R"({"status":"success","data":{"resultType":"vector","result":[]}})");
}

TEST_F(PrometheusRead, AnswersLabelsAndSeries) {
  const struct {
    std::string_view path;
    http::Parameters query;
    std::string_view rest;
  } kCases[] = {
      {"/api/v1/labels", {}, R"("data":["__name__","cloud.zone","instance","job"]})"},
      {"/api/v1/labels", {{"match[]", "up"}}, R"("data":["__name__","instance","job"]})"},
      {"/api/v1/labels", {{"limit", "1"}}, R"("data":["__name__"],"warnings":["results truncated due to limit"]})"},
      {"/api/v1/label/instance/values", {}, R"("data":["a","b"]})"},
      {"/api/v1/label/U__cloud_2e_zone/values", {}, R"("data":["eu"]})"},
      {"/api/v1/label/nosuch/values", {}, R"("data":[]})"},
      {"/api/v1/series",
       {{"match[]", "up{instance=\"a\"}"}, {"match[]", "{instance=~\"a|x\"}"}},
       R"("data":[{"__name__":"up","instance":"a","job":"api"}]})"},
      {"/api/v1/metadata",
       {{"limit", "1"}},
       R"("data":{"requests_total":[{"type":"counter","help":"Requests.","unit":""}]}})"},
      {"/api/v1/metadata",
       {{"metric", "up"}},
       R"("data":{"up":[{"type":"gauge","help":"Whether it answers.","unit":""}]}})"},
      {"/api/v1/targets", {}, R"("data":{"activeTargets":[],"droppedTargets":[],"droppedTargetCounts":{}}})"},
      {"/api/v1/rules", {{"type", "alert"}}, R"("data":{"groups":[]}})"},
      {"/api/v1/status/walreplay", {}, R"("data":{"min":0,"max":0,"current":0}})"},
      {"/api/v1/status/tsdb", {{"limit", "1"}}, R"("seriesCountByMetricName":[{"name":"up","value":2}],)"},
  };
  for (const auto& [path, query, rest] : kCases) {
    const http::Response response = ask(std::string(path), query);
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_NE(response.body.find(rest), std::string::npos) << path << ": " << response.body;
  }
}

TEST_F(PrometheusRead, RefusesBadRequests) {
  const struct {
    std::string_view path;
    http::Parameters query;
    int status;
    std::string_view type, text;
  } kCases[] = {
      {"/api/v1/query",
       {},
       400,
       "bad_data",
       R"(invalid parameter \"query\": unknown position: parse error: no expression found in input)"},
      {"/api/v1/query",
       {{"query", "up"}, {"time", "x"}},
       400,
       "bad_data",
       R"(invalid parameter \"time\": invalid time value for 'time': cannot parse \"x\" to a valid timestamp)"},
      {"/api/v1/query",
       {{"query", "up"}, {"limit", "-1"}},
       400,
       "bad_data",
       R"(invalid parameter \"limit\": limit must be non-negative)"},
      {"/api/v1/query",
       {{"query", "up"}, {"limit", "1.5"}},
       400,
       "bad_data",
       R"(invalid parameter \"limit\": strconv.Atoi: parsing \"1.5\": invalid syntax)"},
      {"/api/v1/query",
       {{"query", "up"}, {"timeout", "1.5s"}},
       400,
       "bad_data",
       R"(invalid parameter \"timeout\": cannot parse \"1.5s\" to a valid duration)"},
      {"/api/v1/query",
       {{"query", "up"}, {"lookback_delta", "x"}},
       400,
       "bad_data",
       R"(error parsing lookback delta duration: cannot parse \"x\" to a valid duration)"},
      {"/api/v1/query",
       {{"query", "up[1m - 2m]"}},
       400,
       "bad_data",
       R"(invalid parameter \"query\": 3:10: duration must be greater than 0)"},
      {"/api/v1/query",
       {{"query", "rate({__name__=~\"up|requests_total\",instance!=\"b\"}[5m]) + up offset 1d"}, {"time", "x1"}},
       400,
       "bad_data",
       R"(invalid parameter \"time\": invalid time value for 'time': cannot parse \"x1\" to a valid timestamp)"},
      {"/api/v1/query",
       {{"query", "topk(NaN, up)"}, {"time", "1768435500"}},
       422,
       "execution",
       "Parameter value is NaN"},
      {"/api/v1/query_range",
       {{"query", "up"}, {"start", "5"}, {"end", "4"}, {"step", "1"}},
       400,
       "bad_data",
       R"(invalid parameter \"end\": end timestamp must not be before start time)"},
      {"/api/v1/query_range",
       {{"query", "up"}, {"start", "4"}, {"step", "1"}},
       400,
       "bad_data",
       R"(invalid parameter \"end\": cannot parse \"\" to a valid timestamp)"},
      {"/api/v1/query_range",
       {{"query", "up"}, {"start", "4"}, {"end", "5"}, {"step", "0"}},
       400,
       "bad_data",
       R"(invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer)"},
      {"/api/v1/query_range",
       {{"query", "up"}, {"start", "0"}, {"end", "11001"}, {"step", "1"}},
       400,
       "bad_data",
       "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"},
      {"/api/v1/query_range",
       {{"query", "up[5m]"}, {"start", "4"}, {"end", "5"}, {"step", "1"}},
       400,
       "bad_data",
       R"(invalid parameter \"query\": invalid expression type \"range vector\" for range query, must be Scalar or instant Vector)"},
      {"/api/v1/series", {}, 400, "bad_data", "no match[] parameter provided"},
      {"/api/v1/series",
       {{"match[]", "up[5m]"}},
       400,
       "bad_data",
       R"(invalid parameter \"match[]\": 1:3: parse error: unexpected \"[\")"},
      {"/api/v1/series",
       {{"match[]", "{a=~\".*\"}"}},
       400,
       "bad_data",
       R"(invalid parameter \"match[]\": match[] must contain at least one non-empty matcher)"},
      {"/api/v1/labels",
       {{"match[]", "up{"}},
       400,
       "bad_data",
       "1:4: parse error: unexpected end of input inside braces"},
      {"/api/v1/label/a\xff/values", {}, 400, "bad_data", R"(invalid label name: \"a\\xff\")"},
      {"/api/v1/query_exemplars",
       {{"query", "up"}, {"start", "5"}, {"end", "4"}},
       400,
       "bad_data",
       "end timestamp must not be before start timestamp"},
      {"/api/v1/rules", {{"type", "x"}}, 400, "bad_data", R"(invalid parameter \"type\": not supported value \"x\")"},
      {"/api/v1/rules",
       {{"group_limit", "0"}},
       400,
       "bad_data",
       R"(invalid parameter \"group_limit\": group_limit needs to be greater than 0)"},
      {"/api/v1/status/tsdb", {{"limit", "0"}}, 400, "bad_data", "limit must be a positive number"},
  };
  for (const auto& [path, query, status, type, text] : kCases) {
    const http::Response response = ask(std::string(path), query);
    EXPECT_EQ(response.status, status) << text;
    EXPECT_EQ(response.body, fmt::format(R"({{"status":"error","errorType":"{}","error":"{}"}})", type, text));
  }
  EXPECT_EQ(ask("/api/v1/series", {}, "DELETE").status, 405);
  EXPECT_EQ(ask("/api/v1/series", {}, "OPTIONS").status, 204);
  EXPECT_EQ(ask("/api/v1/nosuch").status, 404);
  const http::Response admin = ask("/api/v1/admin/tsdb/delete_series", {{"match[]", "up"}}, "POST");
  EXPECT_EQ(admin.status, 500);
  EXPECT_EQ(admin.body, R"({"status":"error","errorType":"unavailable","error":"admin APIs disabled"})");
  EXPECT_EQ(ask("/api/v1/query_exemplars", {{"query", "1"}}).status, 204);
}

TEST_F(PrometheusRead, DeletesForOneTenantAndForNoOtherPage) {
  std::vector<std::string> removed;
  PrometheusApi api{store_, pool_, clock_};
  api.options.admin = true;
  api.multi_tenant = api.multi_tenant_queries = true;
  api.admin.remove = [&](std::string_view tenant, const std::vector<Matcher>&, TimeRange) -> Result<void> {
    removed.emplace_back(tenant);
    return {};
  };
  http::Router router;
  add_prometheus_routes(router, api);
  const auto ask_as = [&](http::Parameters headers) {
    http::Request request;
    request.method = "POST";
    request.path = "/api/v1/admin/tsdb/delete_series";
    request.query = {{"match[]", "up"}};
    request.headers = std::move(headers);
    return router.handle(request).status;
  };
  EXPECT_EQ(ask_as({{"x-scope-orgid", "a"}}), 204);
  EXPECT_EQ(ask_as({{"x-scope-orgid", "a"}, {"origin", "http://h:1"}, {"host", "h:1"}}), 204);
  EXPECT_EQ(ask_as({{"x-scope-orgid", "a"}, {"origin", "http://evil"}, {"host", "h:1"}}), 403);
  EXPECT_EQ(ask_as({{"x-scope-orgid", "a|b"}}), 400);
  EXPECT_EQ(removed, (std::vector<std::string>{"a", "a"}));
}

TEST_F(PrometheusRead, HealthAndLifecycle) {
  EXPECT_EQ(ask("/-/healthy").status, 200);
  EXPECT_EQ(ask("/prometheus/-/ready").status, 200);
  EXPECT_EQ(ask("/-/reload", {}, "POST").status, 403);
  EXPECT_EQ(ask("/-/reload").status, 405);
}

TEST(PrometheusParameters, ReadTimesAndSpans) {
  const struct {
    std::string_view text;
    TimeNs want;
  } kTimes[] = {{"1.7684406e9", 1'768'440'600'000'000'000},
                {"1768440600.1234567", 1'768'440'600'123'000'000},
                {"-1.5", -1'500'000'000},
                {"2026-01-15T01:30:00Z", 1'768'440'600'000'000'000},
                {"2026-01-15T02:30:00.1239+01:00", 1'768'440'600'123'000'000},
                {"1e300", INT64_MAX / 1'000'000 * 1'000'000}};
  for (const auto& [text, want] : kTimes) {
    const auto time = parse_prometheus_time(text);
    ASSERT_TRUE(time.ok()) << text;
    EXPECT_EQ(*time, want) << text;
  }
  for (const std::string_view bad : {"", "x", "NaN", "2026-01-15", "1768440600,5"}) {
    EXPECT_FALSE(parse_prometheus_time(bad).ok()) << bad;
  }
  EXPECT_EQ(*parse_prometheus_span("33.5"), 33'500'000'000);
  EXPECT_EQ(*parse_prometheus_span("1h30m"), 5400 * kNsPerSecond);
  EXPECT_EQ(parse_prometheus_span("1e30").error().message,
            "cannot parse \"1e30\" to a valid duration. It overflows int64");
}

TEST(PrometheusAnswers, WriteNumbersAndTimes) {
  const struct {
    double value;
    std::string_view want;
  } kNumbers[] = {{1, "1"},
                  {0.1, "0.1"},
                  {1e21, "1e+21"},
                  {1e20, "100000000000000000000"},
                  {1e-7, "1e-07"},
                  {1e-6, "0.000001"},
                  {-0.0, "-0"},
                  {INFINITY, "+Inf"},
                  {-INFINITY, "-Inf"},
                  {NAN, "NaN"},
                  {5e-324, "5e-324"}};
  for (const auto& [value, want] : kNumbers) {
    std::string out;
    metrics::append_api_number(out, value);
    EXPECT_EQ(out, want);
  }
  std::string out;
  append_prometheus_time(out, 1'768'435'200'020'000'000);
  EXPECT_EQ(out, "1768435200.020");
}

TEST_F(PrometheusRead, ExportsWhatIsStored) {
  const LabelSet odd = LabelSet::from_pairs({{"__name__", "odd"}, {"q", "a\"b"}});
  store_.add(odd, kStart, std::bit_cast<double>(std::uint64_t{0x7FF0000000000002}));
  store_.add(odd, kStart + 1'000'000, std::numeric_limits<double>::quiet_NaN());
  store_.add(odd, kStart + 2'000'000, -std::numeric_limits<double>::infinity());
  store_.add(odd, kStart + 3'000'000, 0.1);
  metrics::Histogram histogram;
  histogram.count = 3;
  histogram.sum = 5;
  histogram.positive_spans = {{1, 2}};
  histogram.positive = {1, 2};
  store_.add(odd, kStart + 4'000'000, histogram);
  histogram.whole_numbers = true;
  store_.add(odd, kStart + 5'000'000, histogram);
  const std::string metric = R"({"metric":{"__name__":"odd","q":"a\"b"},)";
  const http::Response all = ask("/api/v1/export", {{"match[]", "odd"}});
  EXPECT_EQ(all.status, 200);
  EXPECT_EQ(all.content_type, "application/x-ndjson");
  EXPECT_EQ(all.body,
            metric + R"("values":["StaleNaN",null,"-Infinity",0.1],)" +
                R"("timestamps":[1768435200000,1768435200001,1768435200002,1768435200003]})" + "\n" + metric +
                R"("values":[],"timestamps":[],"histograms":["{{count:3 sum:5 offset:1 buckets:[1 2]}}"],)" +
                R"("histogram_timestamps":[1768435200005],"whole_numbers":true})" + "\n" + metric +
                R"("values":[],"timestamps":[],"histograms":["{{count:3 sum:5 offset:1 buckets:[1 2]}}"],)" +
                R"("histogram_timestamps":[1768435200004]})" + "\n");
  const http::Parameters some{{"match[]", "odd"}, {"start", "1768435200.003"}, {"end", "1768435200.003"}};
  EXPECT_EQ(ask("/api/v1/export", some, "POST").body,
            metric + R"("values":[0.1],"timestamps":[1768435200003]})" + "\n");
  EXPECT_EQ(ask("/api/v1/export", {{"match[]", "absent"}}).body, "");
  EXPECT_EQ(ask("/api/v1/export").status, 400);
  EXPECT_EQ(ask("/api/v1/export", {{"match[]", "{"}}).status, 400);
  EXPECT_EQ(ask("/api/v1/export", {{"match[]", "{a=\"\"}"}}).status, 400);
  EXPECT_EQ(ask("/api/v1/export", {{"match[]", "odd"}, {"start", "x"}}).status, 400);
}

}  // namespace
}  // namespace trilobite::api
