// Pushes through the router: statuses and texts as Loki answers them; tenants.
#include "api/loki_push.h"

#include <gtest/gtest.h>

#include <limits>

#include "api/tenant.h"
#include "query/memory_store.h"

namespace trilobite::api {
namespace {

class LokiPushApi : public testing::Test {
 protected:
  http::Response push(std::string body, http::Parameters headers = {{"content-type", "application/json"}},
                      std::string path = "/loki/api/v1/push") {
    ingest::LogWriter writer(store_, tails_, clock_, limits_);
    http::Router router;
    add_loki_push_routes(router, {writer, labels_, {.bytes_decoded_max = 10'000}, multi_tenant_});
    http::Request request;
    request.method = "POST";
    request.path = std::move(path);
    request.headers = std::move(headers);
    request.body = std::move(body);
    return router.handle(request);
  }

  query::MemoryStore store_;
  ingest::TailHub tails_;
  ManualClock clock_{1'768'435'200 * kNsPerSecond};
  ingest::LimitsByTenant limits_;
  ingest::LabelCache labels_;
  bool multi_tenant_ = false;
};

TEST_F(LokiPushApi, StatusesAndTexts) {
  limits_.defaults.max_line_size = 100;
  struct Case {
    std::string body;
    http::Parameters headers;
    int status;
    std::string text;
  };
  const http::Parameters json = {{"content-type", "application/json"}};
  const Case cases[] = {
      {R"({"streams":[{"stream":{"app":"x"},"values":[["1","x"]]}]})", json, 204, ""},
      {R"({"streams":[{"stream":{"app":"x"},"values":[]}]})", json, 204, ""},
      {R"({"streams":[]})", json, 422, "error at least one valid stream is required for ingestion\n"},
      {"", {}, 400, "snappy: corrupt input\n"},
      {"{}", {{"content-encoding", "br"}}, 400, "Content-Encoding \"br\" not supported\n"},
      {R"({"streams":[{"stream":{"app":"x"},"values":[["1",")" + std::string(101, 'x') + R"("],["2","good"]]}]})", json,
       400,
       "max entry size '100' bytes exceeded for stream '{app=\"x\", service_name=\"x\"}' while adding an entry with "
       "length "
       "'101' bytes\n"},
  };
  for (const Case& c : cases) {
    const http::Response response = push(c.body, c.headers);
    EXPECT_EQ(response.status, c.status) << c.body;
    EXPECT_EQ(response.body, c.text) << c.body;
  }
  const http::Response large = push(std::string("\xff\xff\x7f", 3), {{"content-type", "application/x-protobuf"}});
  EXPECT_EQ(large.status, 413) << large.body;
}

TEST_F(LokiPushApi, OverloadSaysWhenToComeBack) {
  limits_.defaults.ingestion_rate_bytes = 1;
  const http::Response response = push(R"({"streams":[{"stream":{"app":"x"},"values":[["1","long"]]}]})");
  EXPECT_EQ(response.status, 429);
  ASSERT_EQ(response.headers.size(), 1u);
  EXPECT_EQ(response.headers[0], (std::pair<std::string, std::string>("Retry-After", "1")));
}

TEST_F(LokiPushApi, LegacyPath) {
  const std::string body =
      R"({"streams":[{"labels":"{app=\"x\"}","entries":[{"ts":"2026-01-15T00:00:00Z","line":"x"}]}]})";
  EXPECT_EQ(push(body, {{"content-type", "application/json"}}, "/api/prom/push").status, 204);
  EXPECT_EQ(push(body).status, 204);
  EXPECT_EQ(store_.series({.range = {0, std::numeric_limits<TimeNs>::max()}})->at(0).rows, 2u)
      << "either path takes either form";
}

TEST_F(LokiPushApi, Tenants) {
  multi_tenant_ = true;
  const std::string body = R"({"streams":[{"stream":{"app":"x"},"values":[["1","x"]]}]})";
  const auto with = [&](std::string tenant) {
    return push(body, {{"content-type", "application/json"}, {"x-scope-orgid", std::move(tenant)}});
  };
  EXPECT_EQ(push(body).status, 401);
  EXPECT_EQ(push(body).body, "no org id\n");
  EXPECT_EQ(with("team-a_1.x").status, 204);
  EXPECT_EQ(with("a b").body, "tenant ID 'a b' contains unsupported character ' '\n");
  EXPECT_EQ(with("a|b").body, "multiple org IDs present\n");
  EXPECT_EQ(with("..").status, 400);
  EXPECT_EQ(with(std::string(151, 'a')).status, 400);
  multi_tenant_ = false;
  EXPECT_EQ(with("a b").status, 204) << "ignored";
}

}  // namespace
}  // namespace trilobite::api
