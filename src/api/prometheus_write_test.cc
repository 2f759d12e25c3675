// Remote write over HTTP: statuses, texts and headers as senders of both versions expect them.
#include "api/prometheus_write.h"

#include <gtest/gtest.h>

#include "base/compress.h"
#include "ingest/captured_samples.h"
#include "ingest/remote_write_bytes.h"

namespace trilobite::api {
namespace {

using ingest::TestSeries;

constexpr std::string_view kV2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request";

class PrometheusWriteApi : public testing::Test {
 protected:
  http::Response post(std::string body, http::Parameters headers = {}, std::string path = "/api/v1/write") {
    http::Router router;
    add_prometheus_write_routes(router, {writer_, 10'000, multi_tenant_});
    http::Request request;
    request.method = "POST";
    request.path = std::move(path);
    request.headers = std::move(headers);
    request.body = std::move(body);
    return router.handle(request);
  }
  static std::string one(std::int64_t ms, double value) {
    return snappy_compress(ingest::write_request({{{{"__name__", "a"}}, {{ms, value}}, {}, {}, "", ""}}));
  }
  static std::string header(const http::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return "";
  }

  ingest::CapturedSamples store_;
  ingest::MetadataTable metadata_;
  ManualClock clock_{1'768'435'200 * kNsPerSecond};
  ingest::MetricWriter writer_{store_, metadata_, clock_};
  bool multi_tenant_ = false;
};

TEST_F(PrometheusWriteApi, Version1) {
  EXPECT_EQ(post(one(1000, 1)).status, 204);
  EXPECT_EQ(post(one(1000, 1), {{"content-encoding", "snappy"}}).status, 204) << "the newest again";
  const http::Response old = post(one(999, 1));
  EXPECT_EQ(old.status, 400);
  EXPECT_EQ(old.body, "out of order sample\n");
  EXPECT_EQ(header(old, "X-Prometheus-Remote-Write-Samples-Written"), "");
  EXPECT_EQ(post(one(2000, 1), {}, "/api/v1/push").status, 204);
  EXPECT_EQ(store_.rows.size(), 2u);
}

TEST_F(PrometheusWriteApi, Version2SaysWhatWasWritten) {
  const http::Parameters headers{{"content-type", std::string(kV2)}, {"content-encoding", "snappy"}};
  const std::vector<TestSeries> all{{{{"__name__", "a"}}, {{1000, 1}, {900, 2}}, {}, {}, "", ""},
                                    {{{"job", "x"}}, {{1000, 1}}, {}, {}, "", ""}};
  const http::Response partial = post(snappy_compress(ingest::write_request_2(all)), headers);
  EXPECT_EQ(partial.status, 400);
  EXPECT_EQ(partial.body,
            "invalid metric name or labels, got {job=\"x\"}\nout of order sample for series {__name__=\"a\"}\n");
  EXPECT_EQ(header(partial, "X-Prometheus-Remote-Write-Samples-Written"), "1");
  EXPECT_EQ(header(partial, "X-Prometheus-Remote-Write-Histograms-Written"), "0");
  EXPECT_EQ(header(partial, "X-Prometheus-Remote-Write-Exemplars-Written"), "0");
  EXPECT_EQ(header(post("garbage", headers), "X-Prometheus-Remote-Write-Samples-Written"), "0");
}

TEST_F(PrometheusWriteApi, Refusals) {
  EXPECT_EQ(post(one(1, 1), {{"content-type", "application/json"}}).status, 415);
  EXPECT_EQ(post(one(1, 1), {{"content-type", "application/x-protobuf;proto=x"}}).status, 415);
  const http::Response zstd = post(one(1, 1), {{"content-encoding", "zstd"}});
  EXPECT_EQ(zstd.status, 415);
  EXPECT_EQ(zstd.body, "zstd encoding (compression) is not accepted by this server; only snappy is acceptable\n");
  EXPECT_EQ(post("garbage").status, 400);
  EXPECT_EQ(post(snappy_compress("garbage")).status, 400);
  EXPECT_EQ(post(std::string(10'001, 'x')).status, 413);
  EXPECT_EQ(post(snappy_compress(std::string(10'001, 'x'))).status, 400) << "too large when unpacked";
  EXPECT_TRUE(store_.rows.empty());
}

TEST_F(PrometheusWriteApi, FaultsOfTheStoreAreTriedAgain) {
  store_.refuse = error(Code::kNoSpace, "disk full");
  EXPECT_EQ(post(one(1000, 1)).status, 507);
  store_.refuse = error(Code::kOverload, "slow down");
  const http::Response slow = post(one(1000, 1));
  EXPECT_EQ(slow.status, 429);
  EXPECT_EQ(header(slow, "Retry-After"), "1");
  store_.refuse.reset();
  EXPECT_EQ(post(one(1000, 1)).status, 204);
}

TEST_F(PrometheusWriteApi, Tenants) {
  multi_tenant_ = true;
  EXPECT_EQ(post(one(1000, 1)).status, 401);
  EXPECT_EQ(post(one(1000, 1), {{"x-scope-orgid", "a"}}).status, 204);
  EXPECT_EQ(post(one(900, 1), {{"x-scope-orgid", "b"}}).status, 204) << "another tenant's series";
}

}  // namespace
}  // namespace trilobite::api
