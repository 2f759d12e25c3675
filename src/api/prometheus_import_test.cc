// Imports over HTTP: packed bodies, formats by Content-Type, faults told.
#include "api/prometheus_import.h"

#include <gtest/gtest.h>

#include "base/compress.h"
#include "ingest/captured_samples.h"

namespace trilobite::api {
namespace {

class PrometheusImportApi : public testing::Test {
 protected:
  http::Response post(std::string path, std::string body, http::Parameters headers = {}, http::Parameters query = {}) {
    http::Router router;
    add_prometheus_import_routes(router, {writer_, clock_, 10'000, false});
    http::Request request;
    request.method = "POST";
    request.path = path.starts_with("/write") ? path : "/api/v1/import" + path;
    request.headers = std::move(headers);
    request.query = std::move(query);
    request.body = std::move(body);
    return router.handle(request);
  }

  ingest::CapturedSamples store_;
  ingest::MetadataTable metadata_;
  ManualClock clock_{1'768'435'200 * kNsPerSecond};
  ingest::MetricWriter writer_{store_, metadata_, clock_};
};

TEST_F(PrometheusImportApi, BothFormats) {
  const std::string line = R"({"metric":{"__name__":"a"},"values":[1],"timestamps":[1000]})";
  EXPECT_EQ(post("", line).status, 204);
  EXPECT_EQ(post("", gzip_compress(line), {{"content-encoding", "gzip"}}, {{"extra_label", "job=x"}}).status, 204);
  EXPECT_EQ(post("/prometheus", "b 2 3\n").status, 204);
  EXPECT_EQ(post("/prometheus", "c 2 3\n# EOF\n", {{"content-type", "application/openmetrics-text"}}).status, 204);
  EXPECT_EQ(store_.rows, (std::vector<std::string>{"{__name__=\"a\"} 1000 1", "{__name__=\"a\", job=\"x\"} 1000 1",
                                                   "{__name__=\"b\"} 3 2", "{__name__=\"c\"} 3000 2"}));
}

TEST_F(PrometheusImportApi, InfluxLines) {
  EXPECT_EQ(post("/write", "cpu,host=a v=1 2", {}, {{"precision", "s"}, {"db", "d"}}).status, 204);
  EXPECT_EQ(store_.rows, (std::vector<std::string>{"{__name__=\"cpu_v\", db=\"d\", host=\"a\"} 2000 1"}));
  EXPECT_EQ(post("/write", "cpu v=1 2", {}, {{"precision", "day"}}).status, 400);
  EXPECT_EQ(post("/write", "cpu").status, 400);
}

TEST_F(PrometheusImportApi, Faults) {
  const http::Response partial = post("/prometheus", "a 1 1\nb x\n");
  EXPECT_EQ(partial.status, 400);
  EXPECT_TRUE(partial.body.starts_with("1 samples stored, 1 faults:\n")) << partial.body;
  EXPECT_EQ(post("", "{}", {{"content-encoding", "br"}}).status, 400);
  EXPECT_EQ(post("", "no gzip", {{"content-encoding", "gzip"}}).status, 400);
  EXPECT_EQ(post("", gzip_compress(std::string(20'000, ' ')), {{"content-encoding", "gzip"}}).status, 413);
  EXPECT_EQ(post("", "", {}, {{"extra_label", "x"}}).status, 400);
  store_.refuse = error(Code::kNoSpace, "full");
  EXPECT_EQ(post("/prometheus", "a 1 5\n").status, 507);
}

}  // namespace
}  // namespace trilobite::api
