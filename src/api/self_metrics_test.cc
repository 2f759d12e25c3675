// Our own metrics as protobuf's JSON: each type, numbers that JSON has not, the pattern.
#include "api/self_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trilobite::api {
namespace {

constexpr std::string_view kPage = R"(# HELP b_seconds How long.
# TYPE b_seconds histogram
b_seconds_bucket{route="/a",le="0.1"} 1
b_seconds_bucket{route="/a",le="+Inf"} 12345678901
b_seconds_sum{route="/a"} 2.5
b_seconds_count{route="/a"} 12345678901
# HELP a_total Things, "quoted".
# TYPE a_total counter
a_total{x="1"} 3
a_total{x="2"} +Inf
# TYPE q summary
q{quantile="0.5"} NaN
q_sum 1
q_count 2
# HELP g_count No histogram.
# TYPE g_count gauge
g_count -0.5
untold 7
)";

std::string json(std::string_view pattern) {
  auto regex = logql::Regex::compile(pattern, {.anchored = true});
  const auto out = self_metrics_json(kPage, *regex);
  return out.ok() ? *out : out.error().message;
}

TEST(SelfMetrics, FamiliesAsProtobufPrintsThem) {
  EXPECT_EQ(json("a_.*"), R"([{"name":"a_total","help":"Things, \"quoted\".","type":"COUNTER","metric":[)"
                          R"({"label":[{"name":"x","value":"1"}],"counter":{"value":3}},)"
                          R"({"label":[{"name":"x","value":"2"}],"counter":{"value":"Infinity"}}]}])");
  EXPECT_EQ(json("b_seconds"),
            R"([{"name":"b_seconds","help":"How long.","type":"HISTOGRAM","metric":[{"label":[{"name":"route",)"
            R"("value":"/a"}],"histogram":{"sampleCount":"12345678901","sampleSum":2.5,"bucket":[)"
            R"({"cumulativeCount":"1","upperBound":0.1},{"cumulativeCount":"12345678901","upperBound":"Infinity"}]}}]}])");
  EXPECT_EQ(json("q"), R"([{"name":"q","help":"","type":"SUMMARY","metric":[{"summary":{"sampleCount":"2",)"
                       R"("sampleSum":1,"quantile":[{"quantile":0.5,"value":"NaN"}]}}]}])");
  EXPECT_EQ(json("g_.*"),
            R"([{"name":"g_count","help":"No histogram.","type":"GAUGE","metric":[{"gauge":{"value":-0.5}}]}])");
  EXPECT_EQ(json("untold"), R"([{"name":"untold","help":"","type":"UNTYPED","metric":[{"untyped":{"value":7}}]}])");
  EXPECT_EQ(json("b"), "[]") << "the whole name must match";
}

TEST(SelfMetrics, WithoutAPatternAllInOrderOfNames) {
  const auto all = self_metrics_json(kPage, std::nullopt);
  ASSERT_TRUE(all.ok());
  EXPECT_LT(all->find("a_total"), all->find("b_seconds"));
  EXPECT_LT(all->find("g_count"), all->find("\"q\""));
  EXPECT_FALSE(self_metrics_json("a{ 1\n", std::nullopt).ok());
}

}  // namespace
}  // namespace trilobite::api
