// What our API has besides Loki's: off unless asked for; pages, what is left out, lines around a line, estimates.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "api/loki_api.h"
#include "api/loki_extensions.h"
#include "query/memory_store.h"

namespace trilobite::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr TimeNs kStart = 1'768'435'200 * kNsPerSecond;

class LokiExtensions : public testing::Test {
 protected:
  LokiExtensions() : pool_("query", 2), clock_(kStart + 3600 * kNsPerSecond) {
    for (int i = 0; i < 10; ++i) {
      store_.add({{"app", i % 2 == 0 ? "web" : "db"}}, kStart + i / 5 * kNsPerSecond, "n=" + std::to_string(9 - i));
    }
    add_loki_read_routes(router_, LokiApi{.store = store_, .query_pool = pool_, .clock = clock_});
  }

  http::Response ask(const std::string& path, http::Parameters query, http::Parameters headers = {}) {
    return ask(router_, path, std::move(query), std::move(headers));
  }
  static http::Response ask(const http::Router& router, const std::string& path, http::Parameters query,
                            http::Parameters headers = {}) {
    http::Request request;
    request.method = "GET";
    request.path = path;
    request.query = std::move(query);
    request.headers = std::move(headers);
    http::Response response = router.handle(request);
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

TEST_F(LokiExtensions, AreOffUnlessAskedFor) {
  const std::string path = "/loki/api/v1/query_range";
  EXPECT_EQ(ask(path, range("{} |= \"n=3\"")).status, 400);
  EXPECT_EQ(ask(path, range("{} |= \"n=3\"", {{"extensions", "false"}})).status, 400);
  EXPECT_EQ(ask(path, range("{} |= \"n=3\"", {{"extensions", "true"}})).status, 200);
  EXPECT_EQ(ask(path, range("{} |= \"n=3\""), {{"x-trilobite-extensions", "true"}}).status, 200);
  EXPECT_THAT(ask(path, range("{app=\"web\"}", {{"limit", "1"}})).body, Not(HasSubstr("truncated")));
  EXPECT_EQ(ask("/loki/api/v1/query", {{"query", "count_distinct_over_time(app, {}[1h])"}}).status, 400);
  EXPECT_EQ(ask("/loki/api/v1/query", {{"query", "count_distinct_over_time(app, {}[1h])"}, {"extensions", "1"}}).status,
            200);
  EXPECT_THAT(ask("/loki/api/v1/format_query", {{"query", "{}|=i\"x\""}, {"extensions", "true"}}).body,
              HasSubstr(R"({} |= i\"x\")"));
  // As configured, and a request may still say no.
  http::Router configured;
  add_loki_read_routes(configured,
                       LokiApi{.store = store_, .query_pool = pool_, .clock = clock_, .extensions = true});
  EXPECT_EQ(ask(configured, path, range("{} |= \"n=3\"")).status, 200);
  EXPECT_EQ(ask(configured, path, range("{} |= \"n=3\"", {{"extensions", "false"}})).status, 400);
}

TEST_F(LokiExtensions, AnAnswerSaysWhatItLeavesOutAndHowToGoOn) {
  http::Parameters query = range("{}", {{"extensions", "true"}, {"limit", "4"}, {"direction", "forward"}});
  std::vector<std::string> lines;
  for (int page = 0; page < 3; ++page) {
    const std::string body = ask("/loki/api/v1/query_range", query).body;
    EXPECT_THAT(body, HasSubstr(page == 2 ? R"("truncated":false)" : R"("truncated":true)"));
    EXPECT_EQ(body.find("rowsMore") != std::string::npos, page == 0) << body;
    if (page == 0) {
      EXPECT_THAT(body, HasSubstr(R"("rowsMore":6,)"));
    }
    for (std::size_t at = body.find("n="); at != std::string::npos; at = body.find("n=", at + 1)) {
      lines.push_back(body.substr(at, 3));
    }
    const std::size_t cursor = body.find("\"cursor\":\"");
    EXPECT_EQ(cursor != std::string::npos, page < 2);
    if (cursor == std::string::npos) break;
    const std::string text = body.substr(cursor + 10, body.find('"', cursor + 10) - cursor - 10);
    query = range("{}", {{"extensions", "true"}, {"limit", "4"}, {"direction", "forward"}, {"cursor", text}});
  }
  std::sort(lines.begin(), lines.end());
  EXPECT_EQ(lines, (std::vector<std::string>{"n=0", "n=1", "n=2", "n=3", "n=4", "n=5", "n=6", "n=7", "n=8", "n=9"}));
  const auto uncounted = ask("/loki/api/v1/query_range",
                             range("{}", {{"extensions", "true"}, {"limit", "4"}, {"count", "false"}}));
  EXPECT_THAT(uncounted.body, Not(HasSubstr("rowsMore")));
  EXPECT_EQ(ask("/loki/api/v1/query_range", range("{}", {{"extensions", "true"}, {"cursor", "x"}})).status, 400);
}

TEST_F(LokiExtensions, ASortedAnswerStandsInItsOrder) {
  const std::string body =
      ask("/loki/api/v1/query_range",
          range("{} | logfmt n | keep app, n | label_format n=\"\" | sort by (n)", {{"extensions", "true"}})).body;
  EXPECT_THAT(body, HasSubstr(R"("ordered":true)"));
  const std::string sorted =
      ask("/loki/api/v1/query_range", range("{} | logfmt | sort by (n) desc", {{"extensions", "true"}, {"limit", "3"}}))
          .body;
  EXPECT_THAT(sorted, HasSubstr(R"("result":[{"stream":{"app":"web","n":"9"},)"));
  EXPECT_LT(sorted.find("n=9"), sorted.find("n=8"));
  EXPECT_LT(sorted.find("n=8"), sorted.find("n=7"));
  EXPECT_THAT(sorted, HasSubstr(R"("truncated":true,"ordered":true)"));
}

TEST_F(LokiExtensions, LinesAroundALineComeInOneAnswer) {
  const http::Parameters query = {{"query", "{app=~\".+\"}"}, {"time", std::to_string(kStart)}, {"line", "n=8"},
                                  {"before", "1"},            {"after", "2"}};
  const http::Response response = ask("/loki/api/v1/context", query);
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.body,
            R"({"status":"success","data":{"before":[{"stream":{"app":"db"},"values":[["1768435200000000000","n=6"]]}],)"
            R"("at":[{"stream":{"app":"db"},"values":[["1768435200000000000","n=8"]]}],)"
            R"("after":[{"stream":{"app":"web"},"values":[["1768435200000000000","n=5"]]},)"
            R"({"stream":{"app":"web"},"values":[["1768435200000000000","n=7"]]}]}})");
  struct Case {
    http::Parameters query;
    std::string message;
  };
  const Case cases[] = {
      {{{"query", "{}"}}, "invalid syntax"},
      {{{"query", "{}"}, {"time", "soon"}}, "invalid syntax"},
      {{{"query", "{}"}, {"cursor", "soon"}}, "is no cursor"},
      {{{"query", "{}"}, {"time", "1"}, {"before", "-1"}}, "is no number of lines"},
      {{{"query", "{}"}, {"time", "1"}, {"after", "5001"}}, "is more than max_entries_limit_per_query (5000)"},
      {{{"query", "vector(1)"}, {"time", "1"}}, "not a metric query"},
      {{{"query", "{} | sort by (a)"}, {"time", "1"}}, "distinct or sort"},
      {{{"query", "{"}, {"time", "1"}}, "parse error"},
      {{{"query", "{}"}, {"time", "9223372036854775807"}}, "out of range"}};
  for (const Case& c : cases) {
    const http::Response refused = ask("/loki/api/v1/context", c.query);
    EXPECT_EQ(refused.status, 400) << c.message;
    EXPECT_THAT(refused.body, HasSubstr(c.message));
  }
}

TEST_F(LokiExtensions, EstimatesComeFromTheIndex) {
  EXPECT_EQ(ask("/loki/api/v1/estimate", range("{app=\"web\"} |= \"9\"")).body,
            R"({"status":"success","data":{"streams":1,"rows":5,"bytes":15}})");
  EXPECT_EQ(ask("/loki/api/v1/estimate",
                range("sum(rate({app=\"web\"}[5m])) / count_distinct_over_time(n, {} | logfmt [5m])"))
                .body,
            R"({"status":"success","data":{"streams":3,"rows":15,"bytes":45}})");
  EXPECT_EQ(ask("/loki/api/v1/estimate", range("{")).status, 400);
}

TEST_F(LokiExtensions, ABudgetRefusesBeforeReading) {
  const std::string path = "/loki/api/v1/query_range";
  const auto refused = ask(path, range("{}", {{"extensions", "true"}, {"max_bytes", "29B"}}));
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("the query would read too many bytes (query: 30B, limit: 29B)"));
  EXPECT_EQ(ask(path, range("{}", {{"extensions", "true"}, {"max_bytes", "30B"}})).status, 200);
  EXPECT_EQ(ask(path, range("{app=\"web\"}", {{"max_bytes", "1B"}})).status, 200);  // not asked for extensions
  EXPECT_EQ(ask(path, range("{}", {{"extensions", "true"}, {"max_bytes", "few"}})).status, 400);
  // The configured limit holds for everybody, and a request cannot raise it.
  query::QueryLimits limits;
  limits.bytes_read_max = 20;
  http::Router limited;
  add_loki_read_routes(limited, LokiApi{.store = store_, .query_pool = pool_, .clock = clock_, .limits = limits});
  EXPECT_EQ(ask(limited, path, range("{app=~\".+\"}")).status, 400);
  EXPECT_EQ(ask(limited, path, range("{}", {{"extensions", "true"}, {"max_bytes", "1GB"}})).status, 400);
}

}  // namespace
}  // namespace trilobite::api
