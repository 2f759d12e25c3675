// OTLP metrics over HTTP: paths, statuses, and that a failed write is not added up twice.
#include "api/otlp_metrics.h"

#include <gtest/gtest.h>

#include "base/compress.h"
#include "ingest/captured_samples.h"

namespace trilobite::api {
namespace {

class OtlpMetricsRoutes : public testing::Test {
 protected:
  http::Response post(std::string body, std::string path = "/v1/metrics", std::string encoding = "") {
    http::Router router;
    add_otlp_metrics_routes(router, {writer_, deltas_, clock_, options_, 10'000, false});
    http::Request request;
    request.method = "POST";
    request.path = std::move(path);
    request.headers = {{"content-type", "application/json"}, {"content-encoding", std::move(encoding)}};
    request.body = std::move(body);
    return router.handle(request);
  }
  static std::string sum(int temporality, std::int64_t seconds) {
    return fmt::format(
        R"({{"resourceMetrics":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"s"}}}},
        {{"key":"host","value":{{"stringValue":"h"}}}}]}},"scopeMetrics":[{{"metrics":[{{"name":"c","sum":{{"isMonotonic":true,
        "aggregationTemporality":{},"dataPoints":[{{"timeUnixNano":{},"asInt":2}}]}}}}]}}]}}]}})",
        temporality, seconds * kNsPerSecond);
  }

  ingest::CapturedSamples store_;
  ingest::MetadataTable metadata_;
  ManualClock clock_{1'768'435'200 * kNsPerSecond};
  ingest::MetricWriter writer_{store_, metadata_, clock_};
  ingest::DeltaTables deltas_;
  ingest::OtlpMetricOptions options_;
};

TEST_F(OtlpMetricsRoutes, EveryPath) {
  std::int64_t seconds = 10;
  for (const char* path : {"/api/v1/otlp/v1/metrics", "/otlp/v1/metrics", "/v1/metrics"}) {
    const http::Response done = post(sum(2, seconds++), path);
    EXPECT_EQ(done.status, 200);
    EXPECT_EQ(done.body, "");
  }
  EXPECT_EQ(post(gzip_compress(sum(2, seconds)), "/v1/metrics", "gzip").status, 200);
  EXPECT_EQ(store_.rows.size(), 8u) << "a counter and a target_info each";
}

TEST_F(OtlpMetricsRoutes, FailedWritesAreNotAddedUp) {
  EXPECT_EQ(post(sum(1, 10)).status, 200);
  store_.refuse = error(Code::kNoSpace, "full");
  EXPECT_EQ(post(sum(1, 11)).status, 503);
  store_.refuse.reset();
  EXPECT_EQ(post(sum(1, 11)).status, 200);
  EXPECT_EQ(store_.rows[2], "{__name__=\"c_total\", job=\"s\"} 11000 4");
}

TEST_F(OtlpMetricsRoutes, Refusals) {
  EXPECT_EQ(post("{").status, 400);
  EXPECT_EQ(post(sum(2, 1), "/v1/metrics", "br").status, 400);
  EXPECT_EQ(post(std::string(10'001, ' ')).status, 413);
  EXPECT_EQ(post(sum(0, 1)).status, 500) << "as Prometheus: no temporality";
  EXPECT_EQ(post(sum(2, 100)).status, 200);
  const http::Response old = post(sum(2, 99));
  EXPECT_EQ(old.status, 400);
  EXPECT_EQ(old.body, "out of order sample\n");
}

}  // namespace
}  // namespace trilobite::api
