// Rules over HTTP: changed in the manner of Mimir's ruler, read in Prometheus' shape.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "api/prometheus_api.h"
#include "api/rule_config.h"
#include "base/simulated_file_system.h"
#include "metrics/memory_samples.h"

namespace trilobite::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kAlerts = R"(name: alerts
interval: 30s
limit: 3
labels: {team: x}
rules:
- alert: Down
  expr: up==0
  for: 5m
  labels: {severity: page}
  annotations: {summary: "{{ $labels.instance }}"}
- record: job:up:sum
  expr: sum  by (job)(up)
)";

class Rules : public testing::Test {
 protected:
  Rules() : pool_("query", 1) {
    alerting::RuleGroupsOptions options;
    options.directory = "rules";
    groups_.emplace(files_, options);
    add_rule_config_routes(router_, {*groups_});
    PrometheusApi api{store_, pool_, clock_};
    api.rules = &*groups_;
    add_prometheus_routes(router_, api);
  }
  http::Response ask(std::string method, std::string path, std::string_view body = "", http::Parameters query = {}) {
    http::Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.query = std::move(query);
    request.body = body;
    return router_.handle(request);
  }
  std::string rules(http::Parameters query = {}) { return ask("GET", "/api/v1/rules", "", std::move(query)).body; }
  void put_three() {
    EXPECT_EQ(ask("POST", "/api/v1/rules/b", kAlerts).status, 202);
    EXPECT_EQ(ask("PUT", "/prometheus/config/v1/rules/b/z", "name: z\nrules: [{record: r, expr: up}]").status, 202);
    EXPECT_EQ(ask("POST", "/api/v1/rules/a", "name: y\nrules: [{record: r, expr: up}]").status, 202);
  }

  SimulatedFileSystem files_;
  std::optional<alerting::RuleGroups> groups_;
  metrics::MemorySamples store_;
  ThreadPool pool_;
  ManualClock clock_;
  http::Router router_;
};

TEST_F(Rules, AreReadInPrometheusShape) {
  put_three();
  const std::string never = R"("lastEvaluation":"0001-01-01T00:00:00Z")";
  EXPECT_EQ(rules({{"rule_group[]", "alerts"}}),
            R"({"status":"success","data":{"groups":[{"name":"alerts","file":"b","rules":[)"
            R"({"state":"unknown","name":"Down","query":"up == 0","duration":300,"keepFiringFor":0,)"
            R"("labels":{"severity":"page","team":"x"},"annotations":{"summary":"{{ $labels.instance }}"},)"
            R"("alerts":[],"health":"unknown","evaluationTime":0,)" + never + R"(,"type":"alerting"},)"
            R"x({"name":"job:up:sum","query":"sum by (job) (up)","labels":{"team":"x"},"health":"unknown",)x"
            R"("evaluationTime":0,)" + never + R"(,"type":"recording"}],)"
            R"("interval":30,"limit":3,"evaluationTime":0,)" + never + "}]}}");
}

TEST_F(Rules, AreFiltered) {
  put_three();
  const struct {
    http::Parameters query;
    std::vector<std::string> want, unwanted;
  } kCases[] = {
      {{}, {R"("name":"y")", R"("name":"alerts")", R"("name":"z")"}, {}},
      {{{"type", "alert"}}, {R"("name":"Down")"}, {R"("name":"y")", "job:up:sum"}},
      {{{"type", "record"}}, {R"("name":"y")", "job:up:sum"}, {"Down"}},
      {{{"rule_name[]", "r"}, {"rule_name[]", "Down"}}, {R"("name":"y")", "Down"}, {"job:up:sum"}},
      {{{"rule_name[]", "nosuch"}}, {R"("groups":[])"}, {}},
      {{{"file[]", "a"}}, {R"("name":"y")"}, {R"("name":"z")"}},
      {{{"rule_group[]", "z"}, {"file[]", "a"}}, {R"("groups":[])"}, {}},
      {{{"match[]", "{severity=~\"p.*\"}"}}, {"Down"}, {"job:up:sum", R"("name":"z")"}},
      {{{"match[]", "{severity=\"x\"}"}, {"match[]", "{team!=\"\",severity!=\"page\"}"}}, {"job:up:sum"}, {"Down"}},
      {{{"exclude_alerts", "true"}}, {R"("alerts":null)"}, {R"("alerts":[])"}},
  };
  for (const auto& [query, want, unwanted] : kCases) {
    const std::string body = rules(query);
    for (const std::string& text : want) EXPECT_THAT(body, HasSubstr(text));
    for (const std::string& text : unwanted) EXPECT_THAT(body, Not(HasSubstr(text)));
  }
}

TEST_F(Rules, ComeInPages) {
  put_three();
  std::string token, seen;
  for (int page = 0; page < 3; ++page) {
    http::Parameters query{{"group_limit", "1"}};
    if (!token.empty()) query.emplace_back("group_next_token", token);
    const std::string body = rules(query);
    const std::size_t place = body.find("\"groupNextToken\":\"");
    EXPECT_EQ(place == std::string::npos, page == 2) << body;
    token = place == std::string::npos ? "" : body.substr(place + 18, 64);
    const std::size_t name = body.find("{\"groups\":[{\"name\":\"");
    ASSERT_NE(name, std::string::npos) << body;
    seen += body.substr(name + 20, 1);
  }
  EXPECT_EQ(seen, "yaz");
  EXPECT_EQ(rules({{"group_limit", "1"}, {"group_next_token", "no"}}),
            R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"group_next_token\": )"
            R"(invalid group_next_token 'no'. were rule groups changed?"})");
}

TEST_F(Rules, BadParametersAreTold) {
  const struct {
    http::Parameters query;
    std::string_view text;
  } kCases[] = {
      {{{"type", "x"}}, R"(invalid parameter \"type\": not supported value \"x\")"},
      {{{"group_limit", "0"}}, R"(invalid parameter \"group_limit\": group_limit needs to be greater than 0)"},
      {{{"group_limit", "x"}}, R"(invalid parameter \"group_limit\": strconv.Atoi: parsing \"x\": invalid syntax)"},
      {{{"group_next_token", "x"}},
       "group_limit needs to be present in order to paginate over the groups"},
      {{{"exclude_alerts", "maybe"}},
       R"(error converting exclude_alerts: strconv.ParseBool: parsing \"maybe\": invalid syntax)"},
      {{{"match[]", "{a="}}, R"(invalid parameter \"match[]\": 1:4: parse error)"},
  };
  for (const auto& [query, text] : kCases) EXPECT_THAT(rules(query), HasSubstr(text));
}

TEST_F(Rules, AreChangedAndGivenBack) {
  put_three();
  EXPECT_EQ(ask("GET", "/api/v1/rules/b/alerts").body, kAlerts);
  EXPECT_EQ(ask("GET", "/api/v1/rules/b/alerts").content_type, "application/yaml");
  const std::string space = ask("GET", "/config/v1/rules/a").body;
  EXPECT_EQ(space, "\"a\":\n  - name: y\n    rules:\n    - record: r\n      expr: up\n") << space;
  EXPECT_THAT(ask("GET", "/prometheus/config/v1/rules").body, HasSubstr("\"b\":\n  - name: alerts\n"));
  EXPECT_THAT(ask("GET", "/api/v1/rule_groups").body,
              HasSubstr(R"([{"namespace":"a","group":"y","source":"api","file":"","rules":1,"yaml":"name: y\n)"));
  EXPECT_EQ(ask("DELETE", "/api/v1/rules/b/z").status, 202);
  EXPECT_EQ(ask("DELETE", "/api/v1/rules/b/z").status, 404);
  EXPECT_EQ(ask("GET", "/api/v1/rules/b/z").status, 404);
  EXPECT_EQ(ask("DELETE", "/api/v1/rules/b").status, 202);
  EXPECT_EQ(ask("GET", "/api/v1/rules/b").status, 404);
  EXPECT_EQ(ask("DELETE", "/api/v1/rules/b").status, 404);
  EXPECT_EQ(ask("DELETE", "/api/v1/rules/a").status, 202);
  EXPECT_EQ(ask("GET", "/config/v1/rules").body, "{}\n");
}

TEST_F(Rules, WhatIsWrongIsRefusedWithItsPlace) {
  put_three();
  const http::Response wrong = ask("POST", "/api/v1/rules/a", "name: y\nrules:\n- record: r\n  expr: sum(\n");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_THAT(wrong.body, HasSubstr(R"("errorType":"bad_data","error":"line 4: rules[0]: could not parse )"
                                         R"(expression: 1:5: parse error)"));
  EXPECT_EQ(ask("PUT", "/api/v1/rules/a/y", "name: other").status, 400);
  for (const std::string_view odd : {"", "[", "5", "- a", "\xff", "name: ''", "{\"name\": 5, \"rules\": 7}"}) {
    EXPECT_EQ(ask("POST", "/api/v1/rules/a", odd).status, 400) << odd;
  }
  EXPECT_EQ(ask("PATCH", "/api/v1/rules/a").status, 405);
  EXPECT_THAT(ask("GET", "/api/v1/rules/a/y").body, HasSubstr("expr: up"));

  http::Request foreign;
  foreign.method = "POST";
  foreign.path = "/api/v1/rules/a";
  foreign.body = "name: x";
  foreign.headers = {{"host", "localhost:3100"}, {"origin", "http://evil.example"}};
  EXPECT_EQ(router_.handle(foreign).status, 403);
  foreign.headers[1].second = "http://localhost:3100";
  EXPECT_EQ(router_.handle(foreign).status, 202);

  http::Router closed;
  add_rule_config_routes(closed, {*groups_, false});
  http::Request request;
  request.method = "DELETE";
  request.path = "/api/v1/rules/a";
  EXPECT_EQ(closed.handle(request).status, 403);
}

}  // namespace
}  // namespace trilobite::api
