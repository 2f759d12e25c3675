// OTLP requests through the router: statuses and bodies as exporters expect them.
#include "api/otlp_logs.h"

#include <gtest/gtest.h>

#include "query/memory_store.h"

namespace trilobite::api {
namespace {

class OtlpLogsApi : public testing::Test {
 protected:
  http::Response post(std::string body, http::Parameters headers, std::string path = "/otlp/v1/logs") {
    ingest::LogWriter writer(store_, tails_, clock_, limits_);
    http::Router router;
    add_otlp_logs_routes(router, {writer, clock_, {.bytes_decoded_max = 10'000}, multi_tenant_});
    http::Request request;
    request.method = "POST";
    request.path = std::move(path);
    request.headers = std::move(headers);
    request.body = std::move(body);
    return router.handle(request);
  }
  std::vector<SeriesInfo> stored(const std::string& tenant) {
    return store_.series({tenant, Signal::kLogs, {0, std::numeric_limits<TimeNs>::max()}, {}}).value();
  }

  query::MemoryStore store_;
  ingest::TailHub tails_;
  ManualClock clock_{1'768'435'200 * kNsPerSecond};
  ingest::LimitsByTenant limits_;
  bool multi_tenant_ = false;
};

const http::Parameters kJson = {{"content-type", "application/json"}};
constexpr const char* kOne =
    R"({"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},)"
    R"("scopeLogs":[{"logRecords":[{"timeUnixNano":"5","body":{"stringValue":"hello"}}]}]}]})";

TEST_F(OtlpLogsApi, BothPathsStore) {
  EXPECT_EQ(post(kOne, kJson).status, 204);
  EXPECT_EQ(post(kOne, kJson, "/v1/logs").status, 204);
  ASSERT_EQ(stored("fake").size(), 1u);
  EXPECT_EQ(stored("fake")[0].labels->to_string(), R"({service_name="s"})");
  EXPECT_EQ(post("{}", kJson).status, 204);  // nothing in it is no mistake
}

TEST_F(OtlpLogsApi, ErrorsAreStatusMessages) {
  struct Case {
    std::string body;
    http::Parameters headers;
    int status;
    std::string text;
  };
  const Case cases[] = {
      {"x", {{"content-type", "text/plain"}}, 400, "content type: text/plain is not supported"},
      {"x", {}, 400, "content type:  is not supported"},
      {"\x0a\x05",
       {{"content-type", "application/x-protobuf"}},
       400,
       "cannot decode OTLP protobuf: end of buffer exception"},
      {kOne,
       {{"content-type", "application/json"}, {"content-encoding", "br"}},
       400,
       "unsupported content encoding br: only gzip, lz4 and zstd are supported"},
  };
  for (const Case& c : cases) {
    const http::Response response = post(c.body, c.headers);
    EXPECT_EQ(response.status, c.status) << c.text;
    EXPECT_EQ(response.content_type, "application/octet-stream");
    EXPECT_EQ(response.body, fmt::format("\x12{}{}", static_cast<char>(c.text.size()), c.text));
  }
}

TEST_F(OtlpLogsApi, AServerErrorIsOneToRetryAfter) {
  const http::Response response = post(
      R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[{"key":"-","value":{"stringValue":"x"}}]}]}]}]})",
      kJson);
  EXPECT_EQ(response.status, 503);
}

TEST_F(OtlpLogsApi, TenantsAndTheirMapping) {
  multi_tenant_ = true;
  limits_.overrides["b"].otlp.ignore_defaults = true;
  EXPECT_EQ(post(kOne, kJson).status, 401);
  const auto post_as = [&](std::string tenant) {
    return post(kOne, {{"content-type", "application/json"}, {"x-scope-orgid", std::move(tenant)}}).status;
  };
  EXPECT_EQ(post_as("b"), 204);
  EXPECT_EQ(stored("b").at(0).labels->to_string(), R"({service_name="unknown_service"})");
  EXPECT_EQ(post_as("a"), 204);
  EXPECT_EQ(stored("a").at(0).labels->to_string(), R"({service_name="s"})");
}

TEST_F(OtlpLogsApi, LimitsAreThoseOfEveryWrite) {
  limits_.defaults.max_line_size = 3;
  const http::Response response = post(kOne, kJson);
  EXPECT_EQ(response.status, 400);
  EXPECT_NE(response.body.find("max entry size '3' bytes exceeded"), std::string::npos);
}

}  // namespace
}  // namespace trilobite::api
