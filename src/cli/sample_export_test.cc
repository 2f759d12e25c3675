// Export asks window by window and metric by metric, and what it writes import can cut and send again.
#include "cli/sample_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trilobite::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr TimeNs kSecondNs = 1'000'000'000;

// Answers with one sample per request, at its time; refuses ranges of more than `range_max_ms`.
class FakePrometheus final : public LokiClient {
 public:
  std::string names = R"(["a","b"])";
  std::string lines;  // of /api/v1/export; empty: a server without it
  long range_max_ms = 1'000'000'000;
  std::vector<std::string> queries;

  Result<std::string> get(const std::string& path, const http::Parameters& parameters) override {
    if (path == "/api/v1/export") {
      if (lines.empty()) return error(Code::kInvalid, "http://x answers 404: page not found");
      queries.push_back(parameters[0].second + " " + parameters[1].second + " " + parameters[2].second);
      return lines;
    }
    if (path == "/api/v1/label/__name__/values") return R"({"status":"success","data":)" + names + "}";
    if (path == "/api/v1/metadata") {
      return std::string(R"({"status":"success","data":{"a":[{"type":"gauge","help":"An \"a\"","unit":""}]}})");
    }
    const std::string& query = parameters[0].second;
    const std::size_t bracket = query.find('[');
    if (std::stol(query.substr(bracket + 1)) > range_max_ms) {
      return error(Code::kInvalid, "query processing would load too many samples into memory in query execution");
    }
    queries.push_back(query + " @ " + parameters[1].second);
    const std::string name = query.find("\"b\"") != std::string::npos ? "b" : "a";
    return fmt::format(R"({{"data":{{"resultType":"matrix","result":[{{"metric":{{"__name__":"{}","x":"1"}},)"
                       R"("values":[[{},"5"]],"histograms":[[{},{{"count":"1","sum":"1"}}]]}}]}}}})",
                       name, parameters[1].second, parameters[1].second);
  }
  Result<std::string> post(const std::string&, const http::Parameters&, const std::string&, std::string_view) override {
    return error(Code::kInvalid, "nothing is written here");
  }
  Error tail(const http::Parameters&, const std::function<Result<void>(std::string_view)>&) override {
    return error(Code::kInvalid, "no tail");
  }
};

std::string exported(FakePrometheus& server, const ExportRequest& request, SampleFormat format) {
  std::string out;
  const auto counts = export_samples(server, request, format, [&](std::string_view text) { out += text; });
  EXPECT_TRUE(counts.ok()) << counts.error().message;
  return out;
}

TEST(Export, AsksWindowByWindowAndMetricByMetric) {
  FakePrometheus server;
  const ExportRequest request{R"({job="j"})", 100 * kSecondNs, 250 * kSecondNs, 100 * kSecondNs};
  const std::string text = exported(server, request, SampleFormat::kOpenMetrics);
  EXPECT_THAT(
      server.queries,
      ElementsAre(R"({__name__="a", job="j"}[100000ms] @ 199.999)", R"({__name__="a", job="j"}[50001ms] @ 250.000)",
                  R"({__name__="b", job="j"}[100000ms] @ 199.999)", R"({__name__="b", job="j"}[50001ms] @ 250.000)"));
  EXPECT_EQ(text,
            "# TYPE a gauge\n# HELP a An \\\"a\\\"\na{x=\"1\"} 5 199.999\na{x=\"1\"} 5 250.000\n"
            "# TYPE b unknown\nb{x=\"1\"} 5 199.999\nb{x=\"1\"} 5 250.000\n# EOF\n");
}

TEST(Export, HalvesWhatIsTooMuch) {
  FakePrometheus server;
  server.names = R"(["a"])";
  server.range_max_ms = 30'000;
  const std::string text =
      exported(server, {"a", 0, 100 * kSecondNs - 1'000'000, 100 * kSecondNs}, SampleFormat::kJsonLines);
  EXPECT_EQ(server.queries.size(), 4u);
  EXPECT_EQ(text, R"({"metric":{"__name__":"a","x":"1"},"values":[5,5,5,5],"timestamps":[24999,49999,74999,99999]})"
                  "\n");
}

TEST(Export, RefusesWhatIsNoSelector) {
  FakePrometheus server;
  for (const char* wrong : {"", "rate(a[5m])", "a{", "a[5m]"}) {
    EXPECT_FALSE(export_samples(server, {wrong, 0, kSecondNs, kSecondNs}, SampleFormat::kJsonLines, [](auto) {}).ok())
        << wrong;
  }
}

TEST(Export, WritesOddNamesAndValues) {
  const MetricSeries series{{{"__name__", "http.total"}, {"a.b", "c\"\n"}, {"d", "\\"}},
                            {{kSecondNs, "NaN"}, {2 * kSecondNs, "+Inf"}, {-1'500'000'000, "-Inf"}}};
  EXPECT_EQ(open_metrics_text("http.total", "counter", "", {series}),
            "# TYPE \"http.total\" unknown\n"
            "{\"http.total\",\"a.b\"=\"c\\\"\\n\",d=\"\\\\\"} NaN 1.000\n"
            "{\"http.total\",\"a.b\"=\"c\\\"\\n\",d=\"\\\\\"} +Inf 2.000\n"
            "{\"http.total\",\"a.b\"=\"c\\\"\\n\",d=\"\\\\\"} -Inf -1.500\n");
  EXPECT_THAT(json_lines_text({series}),
              HasSubstr(R"("values":[null,"Infinity","-Infinity"],"timestamps":[1000,2000,-1500])"));
  EXPECT_THAT(open_metrics_text("x_total", "counter", "h\n", {}), HasSubstr("# TYPE x counter\n# HELP x h\\n\n"));
}

std::vector<std::string> cut(bool open_metrics, std::size_t size, const std::vector<std::string>& parts) {
  std::vector<std::string> out;
  SamplePieces pieces(open_metrics, size);
  const auto send = [&](std::string_view piece) -> Result<void> {
    out.emplace_back(piece);
    return {};
  };
  for (const std::string& part : parts) EXPECT_TRUE(pieces.add(part, send).ok());
  EXPECT_TRUE(pieces.finish(send).ok());
  return out;
}

TEST(SamplePieces, CutAtLinesWhereverTheBytesEnd) {
  EXPECT_THAT(cut(false, 4, {"a 1", "\nb 2\nc", " 3"}), ElementsAre("a 1\n", "b 2\n", "c 3\n"));
  EXPECT_THAT(cut(false, 100, {"a 1\r\n\nb 2\n"}), ElementsAre("a 1\nb 2\n"));
  EXPECT_THAT(cut(false, 100, {"", "\n\n"}), ElementsAre());
}

TEST(SamplePieces, RepeatTheCommentsOfTheirFamily) {
  EXPECT_THAT(cut(true, 20, {"# TYPE a gauge\n# HELP a x\na 1 1\na 2 2\n# TYPE b gauge\nb 1 1\n# EOF\n"}),
              ElementsAre("# TYPE a gauge\n# HELP a x\na 1 1\n# EOF\n", "# TYPE a gauge\n# HELP a x\na 2 2\n# EOF\n",
                          "# TYPE a gauge\n# HELP a x\n# TYPE b gauge\nb 1 1\n# EOF\n"));
}

TEST(SamplePieces, StopAtTheFirstFailure) {
  SamplePieces pieces(false, 1);
  int sent = 0;
  const auto send = [&](std::string_view) -> Result<void> { return ++sent, error(Code::kInvalid, "no"); };
  EXPECT_FALSE(pieces.add("a 1\nb 2\n", send).ok());
  EXPECT_EQ(sent, 1);
}

TEST(Export, JsonLinesComeFromTheServerAsTheyAre) {
  FakePrometheus server;
  server.lines =
      "{\"metric\":{\"__name__\":\"a\",\"x\":\"},\\\"values\\\":[\"},\"values\":[1,\"StaleNaN\"],\"timestamps\":[1,2]}"
      "\n"
      "{\"metric\":{\"__name__\":\"h\"},\"values\":[],\"timestamps\":[],\"histograms\":[\"{{count:1}}\"],"
      "\"histogram_timestamps\":[3]}\n"
      "{\"metric\":{\"__name__\":\"h\"},\"values\":[],\"timestamps\":[],\"left_out\":2}\n";
  const ExportRequest request{"{x=\"1\"}", 100 * kSecondNs, 250 * kSecondNs, 100 * kSecondNs};
  std::string out;
  const auto counts =
      export_samples(server, request, SampleFormat::kJsonLines, [&](std::string_view text) { out += text; });
  ASSERT_TRUE(counts.ok()) << counts.error().message;
  EXPECT_THAT(server.queries, ElementsAre("{x=\"1\"} 100.000 199.999", "{x=\"1\"} 200.000 250.000"));
  EXPECT_EQ(out, server.lines + server.lines);
  EXPECT_EQ(counts->metrics, 2u);
  EXPECT_EQ(counts->series, 2u);
  EXPECT_EQ(counts->samples, 6u);
  EXPECT_EQ(counts->histograms, 2u);
  EXPECT_EQ(counts->histograms_left_out, 4u);
}

TEST(Export, WhatAServerCutsShortOrWritesOtherwiseIsAnError) {
  const ExportRequest request{"a", 0, kSecondNs, 10 * kSecondNs};
  for (const char* lines : {"{\"error\":\"too much\"}\n", "what\n", "{\"metric\":{}}\n"}) {
    FakePrometheus server;
    server.lines = lines;
    EXPECT_FALSE(export_samples(server, request, SampleFormat::kJsonLines, [](std::string_view) {}).ok()) << lines;
  }
}

}  // namespace
}  // namespace trilobite::cli
