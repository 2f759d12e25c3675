// Both versions of remote write from bytes to samples: what is taken, left out and refused.
#include "ingest/remote_write.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ingest/captured_samples.h"
#include "ingest/metric_labels.h"
#include "ingest/remote_write_bytes.h"

namespace trilobite::ingest {
namespace {

using Version = RemoteWriteVersion;

class RemoteWriteTest : public testing::Test {
 protected:
  Result<RemoteWrite> decode(const std::string& message, Version version = Version::kV1) {
    return decode_remote_write(message, version, *writer_.table("t"));
  }
  // Decodes, writes, and gives the rows that arrived.
  std::vector<std::string> rows(const std::string& message, Version version = Version::kV1) {
    store_.rows.clear();
    auto decoded = decode(message, version);
    if (!decoded.ok()) return {decoded.error().message};
    refused_ = decoded->refused;
    const auto written = writer_.write("t", std::move(decoded->push), {OnRefusal::kKeepRest});
    if (!written.ok()) return {written.error().message};
    if (written->refused) refused_ += written->refused->message;
    return store_.rows;
  }
  using Rows = std::vector<std::string>;

  CapturedSamples store_;
  MetadataTable metadata_;
  ManualClock clock_{1'768'435'200 * kNsPerSecond};
  MetricWriter writer_{store_, metadata_, clock_};
  std::string refused_;
};

TEST_F(RemoteWriteTest, SamplesOfKnownAndUnknownSeries) {
  const auto message = [](std::int64_t ms, Version version) {
    const std::vector<TestSeries> all{{{{"__name__", "up"}, {"job", "x"}}, {{ms, 1}, {ms + 1, 0}}, {}, {}, "", ""},
                                      {{{"__name__", "b"}, {"empty", ""}}, {{ms, 2.5}}, {}, {}, "", ""}};
    return version == Version::kV1 ? write_request(all) : write_request_2(all);
  };
  std::int64_t ms = 1'768'435'200'000;
  for (const Version version : {Version::kV1, Version::kV1, Version::kV2, Version::kV2}) {
    EXPECT_EQ(rows(message(ms, version), version),
              (Rows{fmt::format("{{__name__=\"up\", job=\"x\"}} {} 1", ms),
                    fmt::format("{{__name__=\"up\", job=\"x\"}} {} 0", ms + 1),
                    fmt::format("{{__name__=\"b\"}} {} 2.5", ms)}));
    ms += 10;
  }
  EXPECT_EQ(writer_.stats().series, 2u) << "both versions mean the same series";
}

TEST_F(RemoteWriteTest, LabelsInAnyPlaceAndOrder) {
  // Labels behind the sample, and out of order.
  const std::string label_a = WireWriter().text(1, "z").text(2, "1").out;
  const std::string label_b = WireWriter().text(1, "__name__").text(2, "m").out;
  const std::string sample = WireWriter().number(1, 7).integer(2, 1000).out;
  const std::string series = WireWriter().text(1, label_a).text(2, sample).text(1, label_b).integer(99, 5).out;
  EXPECT_EQ(rows(WireWriter().text(1, series).out), (Rows{"{__name__=\"m\", z=\"1\"} 1000 7"}));
}

TEST_F(RemoteWriteTest, SeriesWithBrokenLabels) {
  struct Case {
    std::vector<std::pair<std::string, std::string>> labels;
    std::string text;  // of version 2
  };
  const Case cases[] = {
      {{{"job", "x"}}, "invalid metric name or labels, got {job=\"x\"}"},
      {{}, "invalid metric name or labels, got {}"},
      {{{"__name__", "a"}, {"", "x"}}, "invalid metric name or labels, got {=\"x\", __name__=\"a\"}"},
      {{{"__name__", "a"}, {"b", "\xff"}}, "invalid metric name or labels, got {__name__=\"a\", b=\"\xff\"}"},
      {{{"__name__", "a"}, {"b", "1"}, {"b", "2"}},
       "invalid labels for series, labels {__name__=\"a\", b=\"1\", b=\"2\"}, duplicated label b"},
  };
  for (const Case& c : cases) {
    const std::vector<TestSeries> all{{c.labels, {{1000, 1}}, {}, {}, "", ""}, {{{"__name__", "ok"}}, {{1000, 2}}, {}, {}, "", ""}};
    rows(write_request(all));
    EXPECT_EQ(refused_, "") << "version 1 says nothing";
    rows(write_request_2(all), Version::kV2);
    EXPECT_EQ(refused_, c.text);
  }
  EXPECT_EQ(writer_.stats().series, 1u);
}

TEST_F(RemoteWriteTest, EmptySeriesAreRefusedByVersion2) {
  const std::vector<TestSeries> all{{{{"__name__", "a"}}, {}, {}, {}, "", ""}};
  EXPECT_EQ(rows(write_request(all)), Rows{});
  EXPECT_EQ(refused_, "");
  rows(write_request_2(all), Version::kV2);
  EXPECT_EQ(refused_, "TimeSeries must contain at least one sample or histogram for series {__name__=\"a\"}");
}

TEST_F(RemoteWriteTest, HistogramsExemplarsMetadata) {
  metrics::Histogram histogram;
  histogram.schema = 3, histogram.count = 6, histogram.sum = 10.5, histogram.whole_numbers = true;
  histogram.zero_threshold = 0.001, histogram.zero_count = 1;
  histogram.positive_spans = {{-2, 2}, {3, 1}};
  histogram.positive = {1, 0, 3};
  histogram.negative_spans = {{0, 1}};
  histogram.negative = {1};
  const std::vector<TestSeries> all{{{{"__name__", "h"}},
                                     {},
                                     {{1000, histogram}},
                                     {{{{"trace_id", "abc"}}, 0.25, 999}},
                                     "counter",
                                     "Help."}};
  const Rows want{"{__name__=\"h\"} 1000 histogram count=6 sum=10.5",
                  "# {__name__=\"h\"} 999 0.25 {trace_id=\"abc\"}"};
  EXPECT_EQ(rows(write_request(all, WireWriter().integer(1, 3).text(2, "h").text(4, "Of h.").text(5, "s").out)), want);
  EXPECT_EQ(metadata_.find("t", "h"), (MetricMetadata{"h", "histogram", "Of h.", "s"}));

  auto decoded = decode(write_request_2(all), Version::kV2);
  ASSERT_TRUE(decoded.ok());
  ASSERT_EQ(decoded->push.histograms.size(), 1u);
  const metrics::Histogram& back = decoded->push.histograms[0];
  EXPECT_EQ(back.positive, histogram.positive);
  EXPECT_EQ(back.positive_spans, histogram.positive_spans);
  EXPECT_EQ(back.negative, histogram.negative);
  EXPECT_EQ(back.zero_count, 1);
  EXPECT_TRUE(back.whole_numbers);
  EXPECT_EQ(decoded->push.metadata, (std::vector<MetricMetadata>{{"h", "counter", "Help.", ""}}));
  EXPECT_EQ(decoded->push.exemplars.size(), 1u);
}

TEST_F(RemoteWriteTest, CustomBucketsAndFinerSchemas) {
  metrics::Histogram custom;
  custom.schema = metrics::kCustomBuckets, custom.count = 3, custom.sum = 4;
  custom.positive_spans = {{0, 2}};
  custom.positive = {1.5, 1.5};
  custom.custom_bounds = {0.5, 1};
  metrics::Histogram fine;
  fine.schema = 10, fine.count = 4, fine.sum = 4, fine.whole_numbers = true;
  fine.positive_spans = {{1, 4}};
  fine.positive = {1, 1, 1, 1};
  const auto decoded = decode(write_request(
      {{{{"__name__", "h"}}, {}, {{1000, custom}}, {}, "", ""}, {{{"__name__", "f"}}, {}, {{1000, fine}}, {}, "", ""}}));
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(decoded->push.histograms[0].custom_bounds, custom.custom_bounds);
  EXPECT_EQ(decoded->push.histograms[0].positive, custom.positive);
  EXPECT_EQ(decoded->push.histograms[1].schema, 8);
  EXPECT_EQ(decoded->push.histograms[1].positive, std::vector<double>{4});
}

TEST_F(RemoteWriteTest, HistogramsThatMakeNoSense) {
  metrics::Histogram broken;
  broken.count = 1;
  broken.positive_spans = {{0, 3}};
  broken.positive = {1};
  const std::vector<TestSeries> all{{{{"__name__", "h"}}, {}, {{1000, broken}}, {}, "", ""},
                                    {{{"__name__", "ok"}}, {{1000, 2}}, {}, {}, "", ""}};
  EXPECT_EQ(decode(write_request(all)).error().code, Code::kInvalid);
  EXPECT_EQ(rows(write_request_2(all), Version::kV2), (Rows{"{__name__=\"ok\"} 1000 2"}));
  EXPECT_NE(refused_.find("for series {__name__=\"h\"}"), std::string::npos) << refused_;
}

TEST_F(RemoteWriteTest, ReferencesOutsideOfTheSymbols) {
  const auto with_refs = [](std::string refs) {
    return WireWriter().text(4, "").text(4, "a").text(5, WireWriter().text(1, refs).out).out;
  };
  EXPECT_FALSE(decode(with_refs({1, 7}), Version::kV2).ok());
  EXPECT_EQ(decode(with_refs({1}), Version::kV2).error().message, "invalid labelRefs length 1");
  EXPECT_FALSE(decode(with_refs({1, '\x80'}), Version::kV2).ok()) << "a number that ends too early";
}

TEST_F(RemoteWriteTest, EveryTruncationIsAnErrorOrShorter) {
  const std::vector<TestSeries> all{{{{"__name__", "up"}, {"job", "x"}}, {{1000, 1}}, {{2000, {}}}, {{{{"a", "b"}}, 1, 2}}, "counter", "h"}};
  for (const Version version : {Version::kV1, Version::kV2}) {
    const std::string whole = version == Version::kV1 ? write_request(all) : write_request_2(all);
    for (std::size_t length = 0; length < whole.size(); ++length) {
      const auto decoded = decode(whole.substr(0, length), version);
      if (!decoded.ok()) {
        EXPECT_EQ(decoded.error().code, Code::kInvalid);
      } else {
        EXPECT_LE(decoded->push.times.size(), 2u);
      }
    }
    for (std::size_t at = 0; at < whole.size(); ++at) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ 0x55);
      static_cast<void>(decode(flipped, version));
    }
  }
}

TEST_F(RemoteWriteTest, ContentTypes) {
  struct Case {
    std::string type;
    std::optional<Version> version;
  };
  const Case cases[] = {
      {"", Version::kV1},
      {"application/x-protobuf", Version::kV1},
      {" application/x-protobuf ; proto=prometheus.WriteRequest", Version::kV1},
      {"application/x-protobuf;charset=utf-8", Version::kV1},
      {"application/x-protobuf;proto=io.prometheus.write.v2.Request", Version::kV2},
      {"application/x-protobuf;proto=io.prometheus.write.v3.Request", std::nullopt},
      {"application/x-protobuf;proto", std::nullopt},
      {"application/json", std::nullopt},
  };
  for (const Case& c : cases) {
    const auto version = remote_write_version(c.type);
    ASSERT_EQ(version.ok(), c.version.has_value()) << c.type;
    if (c.version.has_value()) {
      EXPECT_EQ(*version, *c.version) << c.type;
    }
  }
}

TEST_F(RemoteWriteTest, HostileTimes) {
  const std::vector<TestSeries> all{{{{"__name__", "a"}}, {{std::numeric_limits<std::int64_t>::min(), 1}}, {}, {}, "", ""},
                                    {{{"__name__", "b"}}, {{std::numeric_limits<std::int64_t>::max(), 1}}, {}, {}, "", ""}};
  rows(write_request(all));
  EXPECT_EQ(refused_, "out of bounds: timestamp is too far in the future for series {__name__=\"b\"}");
}

TEST_F(RemoteWriteTest, StartTimesOfVersion2) {
  writer_.set_limits({{.start_times = true}, {}});
  metrics::Histogram histogram;
  histogram.count = histogram.sum = 2;
  histogram.positive_spans = {{0, 1}};
  histogram.positive = {2};
  std::string wire;
  append_wire_histogram(wire, histogram, 3000);
  wire += WireWriter().integer(17, 500).out;
  const std::string series = WireWriter()
                                 .text(1, {"\x01\x02", 2})
                                 .text(2, WireWriter().number(1, 7).integer(2, 1000).integer(3, 400).out)
                                 .text(2, WireWriter().number(1, 8).integer(2, 2000).out)
                                 .text(3, wire)
                                 .out;
  const std::string message = WireWriter().text(4, "").text(4, "__name__").text(4, "m").text(5, series).out;
  EXPECT_EQ(rows(message, Version::kV2),
            (Rows{"{__name__=\"m\"} 1000 7 since 400", "{__name__=\"m\"} 2000 8",
                  "{__name__=\"m\"} 3000 histogram count=2 sum=2 since 500"}));
}

}  // namespace
}  // namespace trilobite::ingest
