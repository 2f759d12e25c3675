// /loki/api/v1/delete through the router: parameters, answers and what Loki says to bad ones.
#include <gtest/gtest.h>

#include "api/loki_delete.h"
#include "base/simulated_file_system.h"

namespace trilobite::api {
namespace {

constexpr TimeNs kNow = 1'768'435'200 * kNsPerSecond + 250'000'000;

class LokiDeleteApi : public testing::Test {
 protected:
  LokiDeleteApi() {
    StorageOptions options;
    options.directory = "data";
    options.background = false;
    store_ = EmbeddedStore::open({files_, clock_}, options).value();
    deletes_ = logql::DeleteRequests::open(files_, clock_, *store_, {.path = "deletes"}).value();
    add_loki_delete_routes(router_, {deletes_.get(), clock_, std::chrono::hours(24), true});
    add_loki_delete_routes(disabled_, {nullptr, clock_, std::chrono::hours(24), true});
  }

  http::Response ask(std::string method, http::Parameters query, std::string tenant = "t") {
    http::Request request;
    request.method = std::move(method);
    request.path = "/loki/api/v1/delete";
    request.query = std::move(query);
    if (!tenant.empty()) request.headers = {{"x-scope-orgid", std::move(tenant)}};
    return router_.handle(request);
  }

  SimulatedFileSystem files_;
  ManualClock clock_{kNow};
  std::unique_ptr<EmbeddedStore> store_;
  std::unique_ptr<logql::DeleteRequests> deletes_;
  http::Router router_, disabled_;
};

TEST_F(LokiDeleteApi, NoOtherPageDeletes) {
  http::Request request;
  request.method = "POST";
  request.path = "/loki/api/v1/delete";
  request.query = {{"query", "{a=\"b\"}"}, {"start", "1768431600"}};
  request.headers = {{"x-scope-orgid", "t"}, {"origin", "http://evil"}, {"host", "h:1"}};
  EXPECT_EQ(router_.handle(request).status, 403);
  request.headers[1].second = "http://h:1";
  EXPECT_EQ(router_.handle(request).status, 204);
}

TEST_F(LokiDeleteApi, CreatedListedAndCancelled) {
  EXPECT_EQ(ask("GET", {}).body, "[]\n");
  const http::Response created =
      ask("POST", {{"query", "{a=\"b\"} |= \"x\""}, {"start", "1768431600"}, {"end", "2026-01-14T23:59:59.5Z"}});
  EXPECT_EQ(created.status, 204) << created.body;
  EXPECT_EQ(created.body, "");
  ASSERT_EQ(created.headers.size(), 1u);
  EXPECT_EQ(created.headers[0].first, "X-Delete-Request-Id");
  const std::string id = created.headers[0].second;
  EXPECT_EQ(ask("GET", {}).body, "[{\"request_id\":\"" + id +
                                     "\",\"start_time\":1768431600,\"end_time\":1768435199.5,\"query\":"
                                     "\"{a=\\\"b\\\"} |= \\\"x\\\"\",\"status\":\"received\","
                                     "\"created_at\":1768435200.25,\"user_id\":\"\"}]\n");
  EXPECT_EQ(ask("GET", {}, "other").body, "[]\n");
  EXPECT_EQ(ask("DELETE", {{"request_id", id}}, "other").status, 404);
  EXPECT_EQ(ask("DELETE", {{"request_id", id}}).status, 204);
  EXPECT_EQ(ask("GET", {}).body, "[]\n");
  const http::Response again = ask("DELETE", {{"request_id", id}});
  EXPECT_EQ(again.status, 404);
  EXPECT_EQ(again.body.substr(0, 44), "could not find delete request with given id\n");
}

TEST_F(LokiDeleteApi, ProcessedOnesCannotBeCancelled) {
  const std::string id = ask("PUT", {{"query", "{a=\"b\"}"}, {"start", "0000000000"}}).headers.at(0).second;
  clock_.advance(std::chrono::hours(24));
  for (auto more = deletes_->execute_once(); *more; more = deletes_->execute_once()) {
  }
  EXPECT_NE(ask("GET", {}).body.find("\"status\":\"processed\""), std::string::npos);
  const http::Response refused = ask("DELETE", {{"request_id", id}});
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.body, "deletion of request which is in process or already processed is not allowed\n");
}

TEST_F(LokiDeleteApi, WhatIsRefused) {
  const std::pair<std::string, std::string> query{"query", "{a=\"b\"}"}, filtered{"query", "{a=\"b\"} |= \"x\""},
      start{"start", "1768431600"};
  struct Case {
    http::Parameters parameters;
    std::string text;
  };
  const Case cases[] = {
      {{start}, "query not set"},
      {{{"query", "{a="}, start}, "invalid query expression"},
      {{{"query", "count_over_time({a=\"b\"}[1m])"}, start}, "invalid query expression"},
      {{{"query", "{a=~\".*\"}"}, start}, "invalid query expression"},
      {{query}, "start time not set"},
      {{query, {"start", "1768431600000000000"}}, "invalid start time: require unix seconds or RFC3339 format"},
      {{query, {"start", "1e99999999"}}, "invalid start time: require unix seconds or RFC3339 format"},
      {{query, {"start", "yesterday!"}}, "invalid start time: require unix seconds or RFC3339 format"},
      {{query, start, {"end", "1"}}, "invalid end time: require unix seconds or RFC3339 format"},
      {{query, start, {"end", "1768435201"}}, "deletes in the future are not allowed"},
      {{query, start, {"end", "1768431599"}}, "start time can't be greater than end time"},
      {{filtered, start, {"end", "1768431600"}},
       "difference between start time and end time must be at least one second"},
      {{filtered, start, {"max_interval", "x"}}, "invalid max_interval: valid time units are 's', 'm', 'h'"},
      {{filtered, start, {"max_interval", "25h"}}, "max_interval can't be greater than 24h0m0s"},
      {{filtered, start, {"end", "1768435200"}, {"max_interval", "2h"}},
       "max_interval can't be greater than the interval to be deleted (1h0m0s)"},
  };
  for (const Case& c : cases) {
    const http::Response response = ask("POST", c.parameters);
    EXPECT_EQ(response.status, 400) << c.text;
    EXPECT_EQ(response.body, c.text + "\n");
  }
  EXPECT_EQ(ask("POST", {query, start, {"max_interval", "nonsense"}}).status, 204) << "of no matter without a filter";
  EXPECT_EQ(ask("GET", {}, "").status, 401);
  http::Request request;
  request.method = "GET";
  request.path = "/loki/api/v1/delete";
  request.headers = {{"x-scope-orgid", "t"}};
  EXPECT_EQ(disabled_.handle(request).status, 403);
}

}  // namespace
}  // namespace trilobite::api
