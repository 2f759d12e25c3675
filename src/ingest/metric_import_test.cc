// Bulk imports: what arrives, in pieces and in any order, and that faults are told with their place.
#include "ingest/metric_import.h"

#include <gtest/gtest.h>

#include "ingest/captured_samples.h"

namespace trilobite::ingest {
namespace {

using Rows = std::vector<std::string>;

class MetricImportTest : public testing::Test {
 protected:
  Rows json(std::string_view body) { return rows(import_json_lines(body, options_, "t", writer_)); }
  Rows text(std::string_view body, ExpositionFormat format = ExpositionFormat::kText) {
    return rows(import_exposition(body, format, clock_.now(), options_, "t", writer_));
  }
  Rows rows(const Result<ImportOutcome>& outcome) {
    faults_ = outcome.ok() ? outcome->first_faults : outcome.error().message;
    return std::exchange(store_.rows, {});
  }

  CapturedSamples store_;
  MetadataTable metadata_;
  ManualClock clock_{1'768'435'200 * kNsPerSecond + 5};
  MetricWriter writer_{store_, metadata_, clock_};
  ImportOptions options_;
  std::string faults_;
};

TEST_F(MetricImportTest, JsonLines) {
  EXPECT_EQ(json(R"({"metric":{"__name__":"up","job":"x"},"values":[1,0.5,null],"timestamps":[1000,500,2000]})"
                 "\n\n"
                 R"({"timestamps":[7],"values":["-Infinity"],"metric":{"__name__":"b\n"},"other":{}})"),
            (Rows{"{__name__=\"up\", job=\"x\"} 1000 1", "{__name__=\"up\", job=\"x\"} 500 0.5",
                  "{__name__=\"up\", job=\"x\"} 2000 nan", "{__name__=\"b\\n\"} 7 -inf"}));
  EXPECT_EQ(faults_, "");
}

TEST_F(MetricImportTest, FaultsOfLines) {
  EXPECT_EQ(json("{\n"
                 R"({"metric":{"__name__":"a"},"values":[1],"timestamps":[]})" "\n"
                 R"({"metric":{"x":"a"},"values":[1],"timestamps":[1]})" "\n"
                 R"({"values":[1],"timestamps":[1]})" "\n"
                 R"({"metric":{"__name__":"a"},"values":["x"],"timestamps":[1]})" "\n"
                 R"({"metric":{"__name__":"a"},"values":[1],"timestamps":[1.5]})" "\n"
                 R"({"metric":{"__name__":"ok"},"values":[1],"timestamps":[1]})"),
            (Rows{"{__name__=\"ok\"} 1 1"}));
  EXPECT_NE(faults_.find("line 1: "), std::string::npos);
  EXPECT_NE(faults_.find("line 2: `timestamps` and `values` arrays must have the same length; got 0 and 1"),
            std::string::npos);
  EXPECT_NE(faults_.find("line 3: series without a name"), std::string::npos);
  EXPECT_NE(faults_.find("line 4: missing `metric` object"), std::string::npos);
  EXPECT_NE(faults_.find("line 5: "), std::string::npos);
  EXPECT_NE(faults_.find("line 6: "), std::string::npos);
  EXPECT_EQ(faults_.find("line 7: "), std::string::npos);
}

TEST_F(MetricImportTest, TextWithAndWithoutTimes) {
  EXPECT_EQ(text("# TYPE a counter\n# HELP a Help.\na{x=\"1\"} 2 1000\na{x=\"1\"} 1 500\nb 3\n"),
            (Rows{"{__name__=\"a\", x=\"1\"} 1000 2", "{__name__=\"a\", x=\"1\"} 500 1",
                  "{__name__=\"b\"} 1768435200000 3"}));
  EXPECT_EQ(metadata_.find("t", "a"), (MetricMetadata{"a", "counter", "Help.", ""}));
  EXPECT_EQ(text("a 1 1\nb{ 2\nc 3\n"), (Rows{"{__name__=\"a\"} 1 1"}));
  EXPECT_NE(faults_, "");
  EXPECT_EQ(text("a 1 0.002 # {t=\"1\"} 5\n# EOF\n", ExpositionFormat::kOpenMetrics),
            (Rows{"{__name__=\"a\"} 2 1", "# {__name__=\"a\"} 2 5 {t=\"1\"}"}));
}

TEST_F(MetricImportTest, InfluxLines) {
  const auto influx = [&](std::string_view body, TimeNs unit = 1) {
    return rows(import_influx(body, unit, clock_.now(), options_, "t", writer_));
  };
  EXPECT_EQ(influx("# comment\n\ncpu,host=a\\ b,dc=x usage=1.5,idle=2i,name=\"a, b\\\"=c\",up=true 1768435200000999999\r\n"
                   "m v=1"),
            (Rows{"{__name__=\"cpu_usage\", dc=\"x\", host=\"a b\"} 1768435200000 1.5",
                  "{__name__=\"cpu_idle\", dc=\"x\", host=\"a b\"} 1768435200000 2",
                  "{__name__=\"cpu_up\", dc=\"x\", host=\"a b\"} 1768435200000 1",
                  "{__name__=\"m_v\"} 1768435200000 1"}));
  EXPECT_EQ(faults_, "");
  EXPECT_EQ(influx("s v=1 5", kNsPerSecond), (Rows{"{__name__=\"s_v\"} 5000 1"}));
  EXPECT_EQ(influx("m\n,a=b v=1\nm,a v=1\nm v\nm v=x\nm v=\"x\nm v=1 x\nok v=1 1000000\nm v=1 99999999999999999999"),
            (Rows{"{__name__=\"ok_v\"} 1 1"}));
  EXPECT_EQ(faults_,
            "line 1: missing fields\nline 2: missing measurement\nline 3: tag is not name=value\n"
            "line 4: field is not name=value\nline 5: \"x\" is no number\nline 6: text without its closing quote\n"
            "line 7: \"x\" is no time\nline 9: \"99999999999999999999\" is no time");
  EXPECT_EQ(influx("m v=1 9999999999999", kNsPerSecond), Rows{});
}

TEST_F(MetricImportTest, GraphiteLines) {
  const auto graphite = [&](std::string_view body) {
    return rows(import_graphite(body, clock_.now(), options_, "t", writer_));
  };
  EXPECT_EQ(graphite("servers.a.load 1.5 1768435200\r\n\ncpu;dc=x;host=a=b 2 1768435201.25\nnow 3\nalso 4 -1"),
            (Rows{"{__name__=\"servers.a.load\"} 1768435200000 1.5",
                  "{__name__=\"cpu\", dc=\"x\", host=\"a=b\"} 1768435201250 2", "{__name__=\"now\"} 1768435200000 3",
                  "{__name__=\"also\"} 1768435200000 4"}));
  EXPECT_EQ(faults_, "");
  EXPECT_EQ(graphite("a\na x 1\na 1 x\na 1 1e300\n;b=c 1 1\na;b 1 1\na;=c 1 1\na 1 2 3\nok 1 1"),
            (Rows{"{__name__=\"ok\"} 1000 1"}));
  EXPECT_EQ(faults_,
            "line 1: missing value\nline 2: \"x\" is no number\nline 3: \"x\" is no time\n"
            "line 4: \"1e300\" is no time\nline 5: missing name\nline 6: tag is not name=value\n"
            "line 7: tag is not name=value\nline 8: unexpected \"3\" behind the time");
}

TEST_F(MetricImportTest, JsonLinesWithHistogramsAndStaleness) {
  const auto lines = [&](std::string_view body) { return rows(import_json_lines(body, options_, "t", writer_)); };
  EXPECT_EQ(lines(R"({"metric":{"__name__":"h"},"values":[1,"StaleNaN"],"timestamps":[1000,3000],)"
                  R"("histograms":["{{schema:1 count:3 sum:5 buckets:[1 2]}}"],"histogram_timestamps":[2000],)"
                  R"("whole_numbers":true})"),
            (Rows{"{__name__=\"h\"} 1000 1", "{__name__=\"h\"} 3000 nan",
                  "{__name__=\"h\"} 2000 histogram count=3 sum=5"}));
  EXPECT_EQ(faults_, "");
  EXPECT_EQ(lines(R"({"metric":{"__name__":"h"},"histograms":["{{count:1}}"],"histogram_timestamps":[]})"), Rows{});
  EXPECT_NE(faults_.find("must have the same length; got 0 and 1"), std::string::npos) << faults_;
  EXPECT_EQ(lines(R"({"metric":{"__name__":"h"},"histograms":["{{count:x}}"],"histogram_timestamps":[1]})"), Rows{});
  EXPECT_NE(faults_.find("histogram 1: "), std::string::npos) << faults_;
  EXPECT_EQ(lines(R"({"metric":{"__name__":"h"},"histograms":[1],"histogram_timestamps":[1]})"), Rows{});
  EXPECT_EQ(lines(R"({"metric":{"__name__":"h"},"histograms":["{{count:1 buckets:[-1]}}"],"histogram_timestamps":[1]})"),
            Rows{});
  EXPECT_EQ(lines(R"({"metric":{"__name__":"h"},"values":[],"timestamps":[],"left_out":2})"), Rows{});
  EXPECT_NE(faults_.find("left 2 histograms out"), std::string::npos) << faults_;
}

TEST_F(MetricImportTest, ExtraLabelsAndPieces) {
  options_.extra_labels = {{"job", "mine"}};
  options_.samples_per_write = 2;
  EXPECT_EQ(text("a{job=\"x\"} 1 1\na{job=\"x\"} 2 2\na{job=\"x\"} 3 3\n").size(), 3u);
  EXPECT_EQ(store_.options.size(), 2u) << "two writes";
  EXPECT_NE(store_.options[0].append.request, store_.options[1].append.request) << "which are different requests";
}

}  // namespace
}  // namespace trilobite::ingest
