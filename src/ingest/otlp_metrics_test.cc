// OpenTelemetry's metrics to samples: names, labels, every type, temporality, exemplars, target_info, bad input.
#include "ingest/otlp_metrics.h"

#include <gtest/gtest.h>

#include "base/compress.h"
#include "ingest/captured_samples.h"
#include "ingest/remote_write_bytes.h"

namespace trilobite::ingest {
namespace {

using Rows = std::vector<std::string>;

class OtlpMetricsTest : public testing::Test {
 protected:
  Result<OtlpMetrics> decode(const std::string& json, std::string type = "application/json") {
    session_ = std::make_unique<DeltaSession>(deltas_.of("t"), options_.delta_limits);
    return decode_otlp_metrics({json, type, ""}, {1u << 20}, options_, *writer_.table("t"), *session_, clock_.now());
  }
  // What was stored of a request with these metrics, or the error.
  Rows rows(const std::string& metrics, const std::string& resource = "", const std::string& scope = "{}") {
    return rows_of(R"({"resourceMetrics":[{"resource":{"attributes":[)" + resource + R"(]},"scopeMetrics":[{"scope":)" +
                   scope + R"(,"metrics":[)" + metrics + "]}]}]}");
  }
  Rows rows_of(const std::string& json) {
    store_.rows.clear();
    auto decoded = decode(json);
    if (!decoded.ok()) {
      session_.reset();
      return {decoded.error().message};
    }
    const auto written = writer_.write("t", std::move(decoded->push));
    if (written.ok()) session_->commit();
    session_.reset();
    if (!written.ok()) return {written.error().message};
    EXPECT_TRUE(writer_.write("t", std::move(decoded->target_info), {OnRefusal::kCountOnly}).ok());
    if (!decoded->refused.empty()) return {decoded->refused};
    return store_.rows;
  }
  static std::string text(std::string_view key, std::string_view value) {
    return fmt::format(R"({{"key":"{}","value":{{"stringValue":"{}"}}}})", key, value);
  }
  static std::string gauge(std::string name, std::string attributes = "", std::string unit = "") {
    return fmt::format(
        R"({{"name":"{}","unit":"{}","gauge":{{"dataPoints":[{{"timeUnixNano":"1000999999","asDouble":1.5,"attributes":[{}]}}]}}}})",
        name, unit, attributes);
  }
  static std::string sum(int temporality, std::string points, bool monotonic = true, std::string name = "c") {
    return fmt::format(
        R"({{"name":"{}","sum":{{"aggregationTemporality":{},"isMonotonic":{},"dataPoints":[{}]}}}})", name,
        temporality, monotonic, points);
  }
  static std::string point(std::int64_t ms, std::int64_t value) {
    return fmt::format(R"({{"timeUnixNano":{},"asInt":"{}"}})", ms * 1'000'000, value);
  }

  CapturedSamples store_;
  MetadataTable metadata_;
  ManualClock clock_{1'768'435'200 * kNsPerSecond};
  MetricWriter writer_{store_, metadata_, clock_};
  DeltaTables deltas_;
  OtlpMetricOptions options_;
  std::unique_ptr<DeltaSession> session_;
};

TEST(OtlpMetricNames, Strategies) {
  using K = OtlpMetricKind;
  using T = OtlpTranslation;
  struct Case {
    std::string name, unit;
    K kind;
    T translation;
    std::string want;
  };
  const Case cases[] = {
      {"http.server.duration", "ms", K::kHistogram, T::kUnderscoreEscapingWithSuffixes,
       "http_server_duration_milliseconds"},
      {"requests", "1", K::kCounter, T::kUnderscoreEscapingWithSuffixes, "requests_total"},
      {"total.requests", "", K::kCounter, T::kUnderscoreEscapingWithSuffixes, "requests_total"},
      {"util", "1", K::kGauge, T::kUnderscoreEscapingWithSuffixes, "util_ratio"},
      {"io", "By/s", K::kGauge, T::kUnderscoreEscapingWithSuffixes, "io_bytes_per_second"},
      {"io.bytes", "By", K::kCounter, T::kUnderscoreEscapingWithSuffixes, "io_bytes_total"},
      {"hits", "{request}/m", K::kGauge, T::kUnderscoreEscapingWithSuffixes, "hits_per_minute"},
      {"2nd  metric!", "parsec", K::kGauge, T::kUnderscoreEscapingWithSuffixes, "_2nd_metric_parsec"},
      {"a__b.c", "s", K::kCounter, T::kUnderscoreEscapingWithSuffixes, "a_b_c_seconds_total"},
      {"a__b.c--d", "s", K::kCounter, T::kUnderscoreEscapingWithoutSuffixes, "a__b_c_d"},
      {"9a", "s", K::kCounter, T::kUnderscoreEscapingWithoutSuffixes, "_9a"},
      {"http.req", "s", K::kCounter, T::kNoUtf8EscapingWithSuffixes, "http.req_seconds_total"},
      {"http.req.total", "", K::kCounter, T::kNoUtf8EscapingWithSuffixes, "http.req_total"},
      {"http.req", "s", K::kCounter, T::kNoTranslation, "http.req"},
      {"mem", "%", K::kGauge, T::kUnderscoreEscapingWithSuffixes, "mem_percent"},
  };
  for (const Case& c : cases) EXPECT_EQ(otlp_metric_name(c.name, c.unit, c.kind, c.translation), c.want) << c.name;
  for (const auto translation : {T::kUnderscoreEscapingWithSuffixes, T::kUnderscoreEscapingWithoutSuffixes,
                                 T::kNoUtf8EscapingWithSuffixes, T::kNoTranslation}) {
    EXPECT_EQ(parse_otlp_translation(otlp_translation_name(translation)), translation);
  }
  EXPECT_EQ(parse_otlp_translation("Other"), std::nullopt);
}

TEST(OtlpMetricNames, Labels) {
  const auto name = [](std::string_view from, OtlpLabelNames options = {}) {
    return otlp_label_name(from, OtlpTranslation::kUnderscoreEscapingWithSuffixes, options);
  };
  EXPECT_EQ(name("http.method"), "http_method");
  EXPECT_EQ(name("1st"), "key_1st");
  EXPECT_EQ(name("_a"), "key_a");
  EXPECT_EQ(name("__a"), "__a");
  EXPECT_EQ(name("_a", {.underscore_prefix = false}), "_a");
  EXPECT_EQ(name("a..b"), "a__b");
  EXPECT_EQ(name("a..b", {.several_underscores = false}), "a_b");
  EXPECT_EQ(name("a\xC3\xA9"), "a_") << "one character";
  EXPECT_EQ(otlp_label_name("a.b", OtlpTranslation::kNoTranslation), "a.b");
}

TEST_F(OtlpMetricsTest, LabelsOfPointsAndResources) {
  const std::string resource = text("service.name", "shop") + "," + text("service.namespace", "eu") + "," +
                               text("service.instance.id", "i1") + "," + text("host.name", "h") + "," +
                               text("zone", "z");
  EXPECT_EQ(rows(gauge("m", text("a.b", "1") + "," + text("a_b", "2") + "," + text("job", "mine")), resource),
            (Rows{"{__name__=\"m\", a_b=\"1;2\", instance=\"i1\", job=\"eu/shop\"} 1000 1.5",
                  "{__name__=\"target_info\", host_name=\"h\", instance=\"i1\", job=\"eu/shop\", zone=\"z\"} 1000 1"}));
  // Known by now: the same again, later, without making labels anew.
  EXPECT_EQ(rows(gauge("m", text("a.b", "1") + "," + text("a_b", "2") + "," + text("job", "mine")), resource), Rows{})
      << "the same samples";
  options_.promote_resource_attributes = {"host.name"};
  options_.keep_identifying_resource_attributes = true;
  options_.promote_scope_metadata = true;
  EXPECT_EQ(rows(gauge("n", text("host.name", "own")), resource, R"({"name":"lib","version":"1"})"),
            (Rows{"{__name__=\"n\", host_name=\"own\", instance=\"i1\", job=\"eu/shop\", otel_scope_name=\"lib\", "
                  "otel_scope_version=\"1\"} 1000 1.5",
                  "{__name__=\"target_info\", host_name=\"h\", instance=\"i1\", job=\"eu/shop\", "
                  "service_instance_id=\"i1\", service_name=\"shop\", service_namespace=\"eu\", zone=\"z\"} 1000 1"}));
  options_ = {};
  options_.promote_all_resource_attributes = true;
  options_.ignore_resource_attributes = {"zone", "service.name", "service.namespace", "service.instance.id"};
  EXPECT_EQ(rows(gauge("o"), resource).front(),
            "{__name__=\"o\", host_name=\"h\", instance=\"i1\", job=\"eu/shop\"} 1000 1.5");
  EXPECT_EQ(rows(gauge("p"), text("zone", "z")), (Rows{"{__name__=\"p\"} 1000 1.5"}))
      << "no target_info without job and instance";
}

TEST_F(OtlpMetricsTest, Types) {
  EXPECT_EQ(rows(sum(2, point(1000, 7))), (Rows{"{__name__=\"c_total\"} 1000 7"}));
  EXPECT_EQ(metadata_.find("t", "c_total").type, "counter");
  EXPECT_EQ(rows(sum(2, point(1000, -7), false)), (Rows{"{__name__=\"c\"} 1000 -7"}));
  EXPECT_EQ(metadata_.find("t", "c").type, "gauge");
  EXPECT_EQ(rows(R"({"name":"h","unit":"s","description":"Help.","histogram":{"aggregationTemporality":
                     "AGGREGATION_TEMPORALITY_CUMULATIVE","dataPoints":[{"timeUnixNano":1000000000,"count":6,"sum":9.5,
                     "bucketCounts":["1","2","3"],"explicitBounds":[0.5,1],
                     "exemplars":[{"timeUnixNano":999000000,"asDouble":0.75,"traceId":"0102","spanId":"03",
                     "filteredAttributes":[{"key":"user","value":{"stringValue":"u"}}]}]}]}})"),
            (Rows{"{__name__=\"h_seconds_sum\"} 1000 9.5", "{__name__=\"h_seconds_count\"} 1000 6",
                  "{__name__=\"h_seconds_bucket\", le=\"0.5\"} 1000 1", "{__name__=\"h_seconds_bucket\", le=\"1\"} 1000 3",
                  "{__name__=\"h_seconds_bucket\", le=\"+Inf\"} 1000 6",
                  "# {__name__=\"h_seconds_bucket\", le=\"1\"} 999 0.75 {span_id=\"03\", trace_id=\"0102\", user=\"u\"}"}));
  EXPECT_EQ(metadata_.find("t", "h_seconds"), (MetricMetadata{"h_seconds", "histogram", "Help.", "seconds"}));
  EXPECT_EQ(rows(R"({"name":"s","summary":{"dataPoints":[{"timeUnixNano":1000000000,"count":2,"sum":3,
                     "quantileValues":[{"quantile":0.99,"value":4}]}]}})"),
            (Rows{"{__name__=\"s_sum\"} 1000 3", "{__name__=\"s_count\"} 1000 2",
                  "{__name__=\"s\", quantile=\"0.99\"} 1000 4"}));
}

TEST_F(OtlpMetricsTest, NativeHistograms) {
  const auto exponential = [](int scale) {
    return fmt::format(R"({{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"e","exponentialHistogram":{{
        "aggregationTemporality":2,"dataPoints":[{{"timeUnixNano":1000000000,"count":7,"sum":9,"scale":{},"zeroCount":1,
        "positive":{{"offset":-1,"bucketCounts":[1,0,2]}},"negative":{{"bucketCounts":[3]}}}}]}}}}]}}]}}]}})",
                       scale);
  };
  auto decoded = decode(exponential(3));
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  ASSERT_EQ(decoded->push.histograms.size(), 1u);
  const metrics::Histogram& h = decoded->push.histograms[0];
  EXPECT_EQ(h.schema, 3);
  EXPECT_EQ(h.zero_count, 1);
  EXPECT_EQ(h.positive_spans.front().offset, 0) << "one further than OpenTelemetry counts";
  EXPECT_EQ(h.negative_spans, (std::vector<metrics::BucketSpan>{{1, 1}}));
  session_.reset();
  EXPECT_EQ(decode(exponential(10))->push.histograms[0].schema, 8);
  session_.reset();
  EXPECT_EQ(decode(exponential(-5)).error().message,
            "cannot convert exponential to native histogram. Scale must be >= -4, was -5");
  session_.reset();

  options_.convert_histograms_to_nhcb = true;
  EXPECT_EQ(rows(R"({"name":"h","histogram":{"aggregationTemporality":2,"dataPoints":[{"timeUnixNano":1000000000,
                     "count":6,"sum":9.5,"bucketCounts":[1,2,3],"explicitBounds":[0.5,1]}]}})"),
            (Rows{"{__name__=\"h\"} 1000 histogram count=6 sum=9.5"}));
}

TEST_F(OtlpMetricsTest, DeltasBecomeTotals) {
  EXPECT_EQ(rows(sum(1, point(1000, 5) + "," + point(2000, 3))),
            (Rows{"{__name__=\"c_total\"} 1000 5", "{__name__=\"c_total\"} 2000 8"}));
  EXPECT_EQ(rows(sum(1, point(3000, 2))), (Rows{"{__name__=\"c_total\"} 3000 10"}));
  EXPECT_EQ(rows(sum(1, point(3000, 2))), Rows{}) << "not newer: left out";
  store_.refuse = error(Code::kNoSpace, "full");
  EXPECT_EQ(rows(sum(1, point(4000, 1))), (Rows{"full"}));
  store_.refuse.reset();
  EXPECT_EQ(rows(sum(1, point(4000, 1))), (Rows{"{__name__=\"c_total\"} 4000 11"})) << "the retry counts once";
  EXPECT_EQ(rows(sum(1, point(400'000, 1))), (Rows{"{__name__=\"c_total\"} 400000 1"})) << "idle for long: anew";

  const std::string histogram = R"({"name":"e","exponentialHistogram":{"aggregationTemporality":1,"dataPoints":[
      {"timeUnixNano":1000000000,"count":2,"sum":3,"scale":0,"positive":{"bucketCounts":[2]}},
      {"timeUnixNano":2000000000,"count":1,"sum":1,"scale":0,"positive":{"bucketCounts":[0,1]}}]}})";
  EXPECT_EQ(rows(histogram), (Rows{"{__name__=\"e\"} 1000 histogram count=2 sum=3",
                                   "{__name__=\"e\"} 2000 histogram count=3 sum=4"}));

  options_.delta_limits.series_max = 1;
  EXPECT_EQ(rows(sum(1, point(5000, 1), true, "other")), (Rows{"too many series of delta temporality"}));
}

TEST_F(OtlpMetricsTest, OtherWaysWithDeltas) {
  options_.delta = OtlpDelta::kRefuse;
  EXPECT_EQ(rows(sum(1, point(1000, 5))), (Rows{"invalid temporality and type combination for metric \"c\""}));
  options_.delta = OtlpDelta::kStore;
  EXPECT_EQ(rows(sum(1, point(1000, 5) + "," + point(2000, 3))),
            (Rows{"{__name__=\"c_total\"} 1000 5", "{__name__=\"c_total\"} 2000 3"}));
  EXPECT_EQ(metadata_.find("t", "c_total").type, "unknown");
  EXPECT_EQ(rows(sum(0, point(1000, 5))), (Rows{"invalid temporality and type combination for metric \"c\""}));
}

TEST_F(OtlpMetricsTest, PointsWithoutAValueAreStale) {
  auto decoded = decode(R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"g","gauge":{"dataPoints":[
      {"timeUnixNano":1000000000,"flags":1}]}}]}]}]})");
  ASSERT_TRUE(decoded.ok());
  ASSERT_EQ(decoded->push.values.size(), 1u);
  EXPECT_TRUE(is_stale(decoded->push.values[0]));
}

TEST_F(OtlpMetricsTest, BadInput) {
  EXPECT_EQ(decode("{}", "text/plain").error().message,
            "unsupported content type: text/plain, supported: [application/json, application/x-protobuf]");
  EXPECT_EQ(decode("{").error().code, Code::kInvalid);
  EXPECT_EQ(decode("\x0a\x05", "application/x-protobuf").error().code, Code::kInvalid);
  EXPECT_EQ(decode(R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":5}]}]}]})").error().code,
            Code::kInvalid);
  EXPECT_TRUE(decode("{}").ok());
  EXPECT_EQ(rows(gauge("")), (Rows{"normalization for metric \"\" resulted in empty name"}));
  EXPECT_EQ(rows(gauge("\\u00e9")), (Rows{"normalization for metric \"\xC3\xA9\" resulted in empty name"}));
}

TEST_F(OtlpMetricsTest, EveryTruncationOfProtobuf) {
  const std::string attribute = WireWriter().text(1, "a").text(2, WireWriter().text(1, "b").out).out;
  const std::string number = WireWriter().text(7, attribute).number(4, 1).out;
  const std::string metric = WireWriter().text(1, "m").text(5, WireWriter().text(1, number).out).out;
  const std::string whole =
      WireWriter().text(1, WireWriter().text(2, WireWriter().text(2, metric).out).out).out;
  ASSERT_TRUE(decode(whole, "application/x-protobuf").ok());
  for (std::size_t length = 1; length < whole.size(); ++length) {
    EXPECT_FALSE(decode(whole.substr(0, length), "application/x-protobuf").ok()) << length;
  }
}

TEST_F(OtlpMetricsTest, StartTimesOfWhatCounts) {
  writer_.set_limits({{.start_times = true}, {}});
  const std::string started = R"({"startTimeUnixNano":"500000000","timeUnixNano":"1000000000","asInt":"3"})";
  EXPECT_EQ(rows(sum(2, started)), (Rows{"{__name__=\"c_total\"} 1000 3 since 500"}));
  EXPECT_EQ(rows(R"({"name":"g","gauge":{"dataPoints":[)" + started + "]}}"), (Rows{"{__name__=\"g\"} 1000 3"}))
      << "a gauge counts nothing";
  EXPECT_EQ(rows(R"({"name":"s","summary":{"dataPoints":[{"startTimeUnixNano":500000000,"timeUnixNano":1000000000,)"
                 R"("count":"2","sum":5}]}})"),
            (Rows{"{__name__=\"s_sum\"} 1000 5 since 500", "{__name__=\"s_count\"} 1000 2 since 500"}));
}

}  // namespace
}  // namespace trilobite::ingest
