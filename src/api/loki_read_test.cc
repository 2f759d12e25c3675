// Loki's read API through the router, over a store in memory: answers, parameters and what bad ones give.
#include <gtest/gtest.h>

#include "api/loki_api.h"
#include "api/loki_parameters.h"
#include "query/memory_store.h"

namespace trilobite::api {
namespace {

constexpr TimeNs kStart = 1'768'435'200 * kNsPerSecond;

class LokiRead : public testing::Test {
 protected:
  LokiRead() : pool_("query", 2), clock_(kStart + 3600 * kNsPerSecond) {
    for (int i = 0; i < 6; ++i) {
      store_.add({{"app", "web"}, {"host", "a"}}, kStart + i * 10 * kNsPerSecond,
                 "GET /" + std::to_string(i) + " ms=" + std::to_string(i), {{"trace", "t1"}});
    }
    store_.add({{"app", "db"}}, kStart + 5 * kNsPerSecond, "\"quoted\"\n");
    add_loki_read_routes(router_, LokiApi{.store = store_, .query_pool = pool_, .clock = clock_});
  }

  http::Response ask(std::string path, http::Parameters query, http::Parameters headers = {},
                     std::string method = "GET") {
    http::Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.query = std::move(query);
    request.headers = std::move(headers);
    http::Response response = router_.handle(request);
    if (response.stream) {
      response.stream([&](std::string_view piece) {
        response.body += piece;
        return true;
      });
    }
    // Statistics change from run to run.
    if (const std::size_t stats = response.body.find(",\"stats\":"); stats != std::string::npos) {
      response.body = response.body.substr(0, stats) + "}}";
    }
    return response;
  }
  static http::Parameters range(std::string query, http::Parameters more = {}) {
    http::Parameters all = {{"query", std::move(query)},
                            {"start", std::to_string(kStart)},
                            {"end", std::to_string(kStart + 60 * kNsPerSecond)}};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  query::MemoryStore store_;
  ThreadPool pool_;
  ManualClock clock_;
  http::Router router_;
};

TEST_F(LokiRead, StreamsAnswer) {
  const http::Response response = ask("/loki/api/v1/query_range", range("{app=\"web\"}", {{"limit", "2"}}));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json; charset=UTF-8");
  EXPECT_EQ(
      response.body,
      R"({"status":"success","data":{"resultType":"streams","result":[{"stream":{"app":"web","host":"a","trace":"t1"},)"
      R"("values":[["1768435250000000000","GET /5 ms=5"],["1768435240000000000","GET /4 ms=4"]]}]}})");
}

TEST_F(LokiRead, CategorizedLabels) {
  const http::Response response =
      ask("/loki/api/v1/query_range", range("{app=\"web\"} | logfmt", {{"limit", "1"}, {"direction", "FORWARD"}}),
          {{"x-loki-response-encoding-flags", "categorize-labels"}}, "POST");
  EXPECT_EQ(response.body,
            R"({"status":"success","data":{"resultType":"streams","encodingFlags":["categorize-labels"],"result":[)"
            R"({"stream":{"app":"web","host":"a"},"values":[["1768435200000000000","GET /0 ms=0",)"
            R"({"structuredMetadata":{"trace":"t1"},"parsed":{"ms":"0"}}]]}]}})");
}

TEST_F(LokiRead, LargeAnswersAreStreamedWhole) {
  for (int i = 0; i < 30; ++i) store_.add({{"app", "big"}}, kStart + i, std::string(100'000, 'x') + std::to_string(i));
  const http::Response response = ask("/loki/api/v1/query_range", range("{app=\"big\"}"));
  EXPECT_TRUE(response.stream != nullptr);
  EXPECT_GT(response.body.size(), 3'000'000u);
  EXPECT_TRUE(response.body.starts_with("{\"status\":\"success\""));
  EXPECT_TRUE(response.body.ends_with("}}"));
}

TEST_F(LokiRead, MetricAnswers) {
  EXPECT_EQ(
      ask("/loki/api/v1/query",
          {{"query", "sum by (app) (count_over_time({app=~\".+\"}[1m]))"}, {"time", "1768435260"}})
          .body,
      R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"app":"db"},"value":[1768435260,"1"]},)"
      R"({"metric":{"app":"web"},"value":[1768435260,"5"]}]}})");
  EXPECT_EQ(ask("/loki/api/v1/query", {{"query", "1+1"}, {"time", "1768435260.5"}}).body,
            R"({"status":"success","data":{"resultType":"scalar","result":[1768435260.5,"2"]}})");
  // Start goes down and end up to a multiple of the step.
  EXPECT_EQ(
      ask("/loki/api/v1/query_range", {{"query", "sum(count_over_time({app=\"web\"}[30s]))"},
                                       {"start", "1768435215"},
                                       {"end", "1768435245"},
                                       {"step", "30s"}})
          .body,
      R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1768435200,"1"],)"
      R"([1768435230,"3"],[1768435260,"2"]]}]}})");
  EXPECT_EQ(ask("/loki/api/v1/query_range", {{"query", "sum(count_over_time({app=\"none\"}[30s]))"},
                                             {"start", "1768435215"},
                                             {"end", "1768435245"},
                                             {"step", "30s"}})
                .body,
            R"({"status":"success","data":{"resultType":"matrix","result":[]}})");
}

TEST_F(LokiRead, LabelsAndSeries) {
  EXPECT_EQ(ask("/loki/api/v1/labels", {}).body, R"({"status":"success","data":["app","host"]})");
  EXPECT_EQ(ask("/loki/api/v1/label", {}, {}, "POST").body, R"({"status":"success","data":["app","host"]})");
  EXPECT_EQ(ask("/loki/api/v1/label/app/values", {}).body, R"({"status":"success","data":["db","web"]})");
  EXPECT_EQ(ask("/loki/api/v1/label/app/values", {{"query", "{host=\"a\"}"}}).body,
            R"({"status":"success","data":["web"]})");
  EXPECT_EQ(ask("/loki/api/v1/label/none/values", {}).body, R"({"status":"success"})");
  EXPECT_EQ(ask("/loki/api/v1/labels", {{"since", "1m"}}).body, R"({"status":"success"})");
  EXPECT_EQ(ask("/loki/api/v1/series", {{"match[]", "{app=\"db\"}"}}).body,
            R"({"status":"success","data":[{"app":"db"}]})");
  EXPECT_EQ(ask("/loki/api/v1/series", {}).body,
            R"({"status":"success","data":[{"app":"db"},{"app":"web","host":"a"}]})");
}

TEST_F(LokiRead, Volumes) {
  EXPECT_EQ(ask("/loki/api/v1/index/stats", range("{app=\"web\"}")).body,
            R"({"streams":1,"chunks":1,"bytes":66,"entries":6})");
  EXPECT_EQ(
      ask("/loki/api/v1/index/volume", range("{app=~\".+\"}")).body,
      R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"app":"web"},)"
      R"("value":[1768435260,"66"]},)"
      R"({"metric":{"app":"db"},"value":[1768435260,"9"]}]}})");
  EXPECT_EQ(
      ask("/loki/api/v1/index/volume", range("{app=~\".+\"}", {{"aggregateBy", "labels"}, {"limit", "1"}})).body,
      R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"app":""},)"
      R"("value":[1768435260,"75"]}]}})");
  EXPECT_EQ(
      ask("/loki/api/v1/index/volume_range", range("{app=\"web\"}", {{"step", "30s"}})).body,
      R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{"app":"web"},)"
      R"("values":[[1768435229.999,"33"],[1768435260,"33"]]}]}})");
}

TEST_F(LokiRead, DetectedLabelsAndFields) {
  EXPECT_EQ(ask("/loki/api/v1/detected_labels", range("{app=~\".+\"}")).body,
            R"({"detectedLabels":[{"label":"app","cardinality":2},{"label":"host","cardinality":1}]})");
  EXPECT_EQ(ask("/loki/api/v1/detected_fields", range("{app=\"web\"}")).body,
            R"({"fields":[{"label":"ms","type":"int","cardinality":6,"parsers":["logfmt"]},)"
            R"({"label":"trace","type":"string","cardinality":1,"parsers":null}],"limit":1000})");
  EXPECT_EQ(ask("/loki/api/v1/detected_field/ms/values", range("{app=\"web\"}", {{"limit", "2"}})).body,
            R"({"values":["0","1"],"limit":2})");
  EXPECT_EQ(ask("/loki/api/v1/detected_fields", range("{app=\"none\"}")).body, "{}");
}

TEST_F(LokiRead, Patterns) {
  EXPECT_EQ(ask("/loki/api/v1/patterns", range("{app=~\".+\"}", {{"step", "30s"}})).body,
            R"({"status":"success","data":[{"pattern":"GET /<_> ms=<_>","level":"unknown",)"
            R"("samples":[[1768435200,3],[1768435230,3]]},)"
            R"({"pattern":"\"quoted\"\n","level":"unknown","samples":[[1768435200,1]]}]})");
  // Whole seconds: a shorter step is a second.
  const http::Response db = ask("/loki/api/v1/patterns", range("{app=\"db\"}", {{"step", "0.1"}}), {}, "POST");
  EXPECT_NE(db.body.find("[1768435205,1]"), std::string::npos);
  EXPECT_EQ(ask("/loki/api/v1/patterns", range("{app=\"none\"}")).body, R"({"status":"success","data":[]})");

  http::Router router;
  add_loki_read_routes(router,
                       LokiApi{.store = store_, .query_pool = pool_, .clock = clock_, .limits = {.patterns_max = 1}});
  http::Request request;
  request.method = "GET";
  request.path = "/loki/api/v1/patterns";
  request.query = range("{app=~\".+\"}");
  const std::string one = router.handle(request).body;
  EXPECT_NE(one.find("GET /<_>"), std::string::npos);
  EXPECT_EQ(one.find("quoted"), std::string::npos) << "more than the limit";
}

TEST_F(LokiRead, ResultsOfEarlierQueriesAreUsedUnlessNotWanted) {
  query::ResultCache results(1 << 20);
  http::Router router;
  add_loki_read_routes(router, LokiApi{.store = store_, .query_pool = pool_, .clock = clock_, .results = &results});
  http::Request request;
  request.method = "GET";
  request.path = "/loki/api/v1/query_range";
  request.query = range("sum(count_over_time({app=\"web\"}[10s]))", {{"step", "1"}});
  const auto cache_of = [](const std::string& body) {
    const std::size_t at = body.find("\"result\":{\"entriesFound\"");
    return body.substr(at, body.find('}', at) - at);
  };
  const std::string first = router.handle(request).body, second = router.handle(request).body;
  EXPECT_NE(cache_of(first).find(R"("entriesFound":0,"entriesRequested":1,"entriesStored":1)"), std::string::npos);
  EXPECT_NE(cache_of(second).find(R"("entriesFound":1,"entriesRequested":1,"entriesStored":0)"), std::string::npos);
  EXPECT_EQ(first.substr(0, first.find(",\"stats\":")), second.substr(0, second.find(",\"stats\":")));
  request.headers = {{"cache-control", "no-cache"}};
  EXPECT_NE(cache_of(router.handle(request).body).find(R"("entriesRequested":0)"), std::string::npos);
}

TEST_F(LokiRead, DrilldownLimits) {
  const std::string body = ask("/loki/api/v1/drilldown-limits", {}).body;
  EXPECT_NE(body.find(R"("max_query_length":"30d1h")"), std::string::npos) << body;
  EXPECT_NE(body.find(R"("max_query_series":500)"), std::string::npos) << body;
}

TEST_F(LokiRead, LegacyQuery) {
  EXPECT_EQ(
      ask("/api/prom/query", range("{app=\"web\"}", {{"regexp", "/[3]"}})).body,
      R"({"streams":[{"labels":"{app=\"web\", host=\"a\", trace=\"t1\"}",)"
      R"("entries":[{"ts":"2026-01-15T00:00:30Z","line":"GET /3 ms=3"}]}]})");
}

TEST_F(LokiRead, FormatQuery) {
  EXPECT_EQ(ask("/loki/api/v1/format_query", {{"query", "{app = \"a\"}|=\"b\""}}).body,
            R"({"status":"success","data":"{app=\"a\"} |= \"b\""})");
  const http::Response bad = ask("/loki/api/v1/format_query", {{"query", "{app="}});
  EXPECT_EQ(bad.status, 400);
  EXPECT_TRUE(bad.body.starts_with(R"({"status":"invalid-query","error":"parse error)"));
}

TEST_F(LokiRead, BadParametersAreNamed) {
  struct Case {
    const char* path;
    http::Parameters query;
    int status;
    const char* text;
  };
  const std::string q = "{app=\"web\"}";
  const Case cases[] = {
      {"query_range", {{"query", q}, {"limit", "-1"}}, 400, "limit must be a positive value"},
      {"query_range", {{"query", q}, {"limit", "x"}}, 400, "strconv.Atoi: parsing \"x\": invalid syntax"},
      {"query_range",
       {{"query", q}, {"limit", "5001"}},
       400,
       "max entries limit per query exceeded, limit > max_entries_limit_per_query (5001 > 5000)"},
      {"query_range", {{"query", q}, {"direction", "up"}}, 400, "invalid direction 'up'"},
      {"query_range",
       {{"query", q}, {"start", "2000000000"}, {"end", "1000000000"}},
       400,
       "end timestamp must not be before or equal to start time"},
      {"query_range",
       {{"query", q}, {"start", "bad"}},
       400,
       "could not parse 'start' parameter: strconv.ParseInt: parsing \"bad\": invalid syntax"},
      {"query_range",
       {{"query", q}, {"end", "1e"}},
       400,
       "could not parse 'end' parameter: strconv.ParseInt: parsing \"1e\": invalid syntax"},
      {"query_range", {{"query", q}, {"since", "5"}}, 400, "could not parse 'since' parameter"},
      {"query_range",
       {{"query", q}, {"step", "0"}},
       400,
       "zero or negative query resolution step widths are not accepted. Try a positive integer"},
      {"query_range", {{"query", q}, {"step", "-5s"}}, 400, "cannot parse \"-5s\" to a valid duration"},
      {"query_range",
       {{"query", q}, {"step", "0.1"}},
       400,
       "exceeded maximum resolution of 11,000 points per time series."},
      {"query_range", {{"query", q}, {"interval", "-1"}}, 400, "interval must be >= 0"},
      {"query_range",
       {{"query", q}, {"start", "1000000000"}},
       400,
       "the query time range exceeds the limit (query length: "},
      {"query_range", {}, 400, "parse error : syntax error: unexpected $end"},
      {"query", {{"query", "vector(1)"}, {"time", "noon"}}, 400, "strconv.ParseInt: parsing \"noon\": invalid syntax"},
      {"query",
       {{"query", q}},
       400,
       "log queries are not supported as an instant query type, please change your query to a range query type"},
      {"series", {{"match[]", "{app=\"a\"} |= \"x\""}}, 400, "only label matchers are supported"},
      {"label/app/values",
       {{"query", "{}"}},
       400,
       "parse error : queries require at least one regexp or equality matcher"},
      {"index/stats", {}, 400, "parse error : syntax error: unexpected $end"},
      {"index/volume", {{"query", q}, {"aggregateBy", "bogus"}}, 400, "invalid aggregation option"},
      {"index/shards", {{"query", q}}, 400, "targetBytesPerShard is required"},
      {"patterns", {}, 400, "parse error : syntax error: unexpected $end"},
      {"patterns", {{"query", "{app=\"a\"} |= \"x\""}}, 400, "only label matchers are supported"},
      {"patterns", {{"query", q}, {"step", "0"}}, 400, "zero or negative query resolution step widths"},
      {"patterns",
       {{"query", q}, {"start", "1768435200"}, {"end", "1768455200"}, {"step", "1"}},
       400,
       "a step of 1 s gives more than 11000 points"},
      {"detected_fields", {{"query", q}, {"limit", "0"}}, 400, "limit must be a positive value"},
      {"detected_fields", {{"query", "vector(1)"}}, 400, "only log selector is supported"},
  };
  for (const Case& c : cases) {
    const http::Response response = ask(std::string("/loki/api/v1/") + c.path, c.query);
    EXPECT_EQ(response.status, c.status) << c.path;
    EXPECT_TRUE(response.body.starts_with(c.text)) << c.path << ": " << response.body << "\nwant: " << c.text;
    EXPECT_EQ(response.content_type, "text/plain; charset=utf-8");
  }
}

TEST_F(LokiRead, TenantsAreToldApartOnlyWhenAsked) {
  http::Router router;
  add_loki_read_routes(router, LokiApi{.store = store_, .query_pool = pool_, .clock = clock_, .multi_tenant = true});
  http::Request request;
  request.method = "GET";
  request.path = "/loki/api/v1/labels";
  EXPECT_EQ(router.handle(request).status, 401);
  request.headers = {{"x-scope-orgid", "a b"}};
  EXPECT_EQ(router.handle(request).status, 400);
  request.headers = {{"x-scope-orgid", "team-a"}};
  EXPECT_EQ(router.handle(request).status, 200);
}

TEST(LokiParameters, Times) {
  const std::pair<const char*, TimeNs> cases[] = {
      {"1768435200", kStart},
      {"1768435200000000001", kStart + 1},
      {"1768435200.5", kStart + 500'000'000},
      {"1768435200.0004", kStart},
      {"2026-01-15T00:00:00Z", kStart},
      {"2026-01-15T01:00:00.25+01:00", kStart + 250'000'000},
      {"-5", -5 * kNsPerSecond},
  };
  for (const auto& [text, want] : cases) {
    const auto time = parse_loki_time(text);
    ASSERT_TRUE(time.ok()) << text;
    EXPECT_EQ(*time, want) << text;
  }
  for (const char* bad : {"", "x", "12x", "1.2.3", "99999999999999999999", "2026-01-15", "1e400.0"}) {
    EXPECT_FALSE(parse_loki_time(bad).ok()) << bad;
  }
}

TEST(LokiParameters, Durations) {
  const std::pair<const char*, TimeNs> cases[] = {
      {"60", 60 * kNsPerSecond}, {"0.5", 500'000'000}, {"1h30m", 5400 * kNsPerSecond}, {"30000ms", 30 * kNsPerSecond}};
  for (const auto& [text, want] : cases) {
    const auto duration = parse_loki_duration(text);
    ASSERT_TRUE(duration.ok()) << text;
    EXPECT_EQ(*duration, want) << text;
  }
  for (const char* bad : {"", "5x", "-5s", "1e300", "NaN", "inf"}) EXPECT_FALSE(parse_loki_duration(bad).ok()) << bad;
}

}  // namespace
}  // namespace trilobite::api
