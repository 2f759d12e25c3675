// Federation in each format; what is selected, left out and refused.
#include "api/prometheus_federate.h"

#include <gtest/gtest.h>

#include "api/exposition_writer.h"
#include "ingest/exposition.h"
#include "ingest/metric_writer.h"
#include "metrics/memory_samples.h"

namespace trilobite::api {
namespace {

constexpr TimeNs kNow = 1'768'435'200 * kNsPerSecond;

class FederateApi : public testing::Test {
 protected:
  void add(std::vector<std::pair<std::string, std::string>> labels, std::int64_t seconds_ago, double value) {
    store_.add(LabelSet::from_pairs(std::move(labels)), kNow - seconds_ago * kNsPerSecond, value);
  }
  http::Response get(std::vector<std::string> selectors, std::string accept = "") {
    http::Router router;
    Federate federate{.store = store_, .clock = clock_, .external_labels = {}};
    federate.external_labels = [] { return std::vector<std::pair<std::string, std::string>>{{"region", "eu"}}; };
    federate.series_max = 4;
    add_federate_routes(router, federate);
    http::Request request;
    request.method = "GET";
    request.path = "/federate";
    request.headers = {{"accept", std::move(accept)}};
    for (std::string& each : selectors) request.query.emplace_back("match[]", std::move(each));
    return router.handle(request);
  }

  metrics::MemorySamples store_;
  ManualClock clock_{kNow};
};

TEST_F(FederateApi, NewestSamples) {
  add({{"__name__", "up"}, {"instance", "i"}, {"job", "a\"b"}}, 20, 1);
  add({{"__name__", "up"}, {"instance", "i"}, {"job", "a\"b"}}, 10, 0);
  add({{"__name__", "b"}, {"region", "own"}}, 1, 1e7);
  add({{"__name__", "up"}, {"job", "old"}}, 300, 1);
  add({{"__name__", "up"}, {"job", "gone"}}, 20, 1);
  add({{"__name__", "up"}, {"job", "gone"}}, 10, ingest::stale_marker());
  const http::Response response = get({"up", "{__name__=~\"b|up\"}"});
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
  EXPECT_EQ(response.body,
            "# TYPE b untyped\nb{region=\"own\",instance=\"\"} 1e+07 1768435199000\n"
            "# TYPE up untyped\nup{instance=\"i\",job=\"a\\\"b\",region=\"eu\"} 0 1768435190000\n");
  EXPECT_EQ(get({"up"}, "application/openmetrics-text;version=1.0.0,text/plain;q=0.5").body,
            "# TYPE up unknown\nup{instance=\"i\",job=\"a\\\"b\",region=\"eu\"} 0.0 1768435190.000\n# EOF\n");
  EXPECT_EQ(get({}).body, "");
}

TEST_F(FederateApi, Utf8Names) {
  add({{"__name__", "a.b"}, {"instance", "i"}, {"l.m", "x"}, {"region", ""}}, 1, 1);
  EXPECT_EQ(get({"{\"a.b\"}"}).body, "# TYPE a_b untyped\na_b{instance=\"i\",l_m=\"x\",region=\"eu\"} 1 1768435199000\n");
  EXPECT_EQ(get({"{\"a.b\"}"}, "text/plain;version=1.0.0;escaping=allow-utf-8").body,
            "# TYPE \"a.b\" untyped\n{\"a.b\",instance=\"i\",\"l.m\"=\"x\",region=\"eu\"} 1 1768435199000\n");
}

TEST_F(FederateApi, ProtobufWithHistograms) {
  metrics::Histogram histogram;
  histogram.count = 3, histogram.sum = 4, histogram.whole_numbers = true, histogram.schema = 1;
  histogram.positive_spans = {{0, 2}};
  histogram.positive = {2, 1};
  store_.add(LabelSet::from_pairs({{"__name__", "h"}}), kNow - kNsPerSecond, histogram);
  metrics::Histogram custom;
  custom.schema = metrics::kCustomBuckets, custom.count = 3, custom.sum = 4;
  custom.positive_spans = {{0, 3}};
  custom.positive = {1, 1, 1};
  custom.custom_bounds = {0.5, 2};
  store_.add(LabelSet::from_pairs({{"__name__", "i"}}), kNow - kNsPerSecond, custom);
  add({{"__name__", "up"}}, 1, 1);
  EXPECT_EQ(get({"{__name__=~\"h|i\"}"}).body, "") << "text has no native histograms";
  const std::string protobuf =
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.9,text/plain;q=0.1";
  const http::Response response = get({"{__name__=~\"h|i|up\"}"}, protobuf);
  std::string seen;
  const auto reader = ingest::read_exposition(response.body, ingest::ExpositionFormat::kProtobuf);
  ingest::ExpositionSample sample;
  while (true) {
    const auto more = reader->next(sample);
    ASSERT_TRUE(more.ok()) << more.error().message;
    if (!*more) break;
    seen += reader->labels()->to_string();
    seen += sample.histogram != nullptr ? fmt::format(" histogram {} {}\n", sample.histogram->count, sample.histogram->positive.size())
                                        : fmt::format(" {}\n", sample.value);
  }
  EXPECT_EQ(seen,
            "{__name__=\"h\", region=\"eu\"} histogram 3 2\n"
            "{__name__=\"i_count\", region=\"eu\"} 3\n{__name__=\"i_sum\", region=\"eu\"} 4\n"
            "{__name__=\"i_bucket\", le=\"0.5\", region=\"eu\"} 1\n{__name__=\"i_bucket\", le=\"2.0\", region=\"eu\"} 2\n"
            "{__name__=\"i_bucket\", le=\"+Inf\", region=\"eu\"} 3\n"
            "{__name__=\"up\", region=\"eu\"} 1\n");
}

TEST_F(FederateApi, Refusals) {
  EXPECT_EQ(get({"up{"}).status, 400);
  EXPECT_EQ(get({"{job=~\".*\"}"}).body, "match[] must contain at least one non-empty matcher\n");
  for (int i = 0; i < 5; ++i) add({{"__name__", "many"}, {"i", std::to_string(i)}}, 1, 1);
  EXPECT_EQ(get({"many"}).status, 400);
}

TEST(WrittenFormat, Choice) {
  EXPECT_EQ(choose_written_format("").format, WrittenFormat::kText);
  EXPECT_EQ(choose_written_format("text/html,*/*;q=0.1").format, WrittenFormat::kText);
  EXPECT_EQ(choose_written_format("text/plain;q=0.5, application/openmetrics-text; version=1.0.0; q=0.6").format,
            WrittenFormat::kOpenMetrics);
  EXPECT_EQ(choose_written_format("application/vnd.google.protobuf;q=0.9,text/plain;q=0.1").format,
            WrittenFormat::kText)
      << "only delimited protobuf";
}

}  // namespace
}  // namespace trilobite::api
