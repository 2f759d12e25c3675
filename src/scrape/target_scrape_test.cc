// What becomes of one answer of a target: labels, limits, synthetic series, stale markers, reports.
#include "scrape/target_scrape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <fstream>

#include "scrape/test_support.h"

namespace trilobite::scrape {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

constexpr TimeNs kSecond = kNsPerSecond;

class TargetScrapeTest : public ::testing::Test {
 protected:
  // `job`: further fields of the job "j".
  TargetScrape& target(const std::string& job = "") {
    auto config =
        parse_config("scrape_configs: [{job_name: j, scrape_interval: 10s, static_configs: [{targets: ['h:1']}]" +
                         (job.empty() ? "" : ", " + job) + "}]",
                     {});
    EXPECT_TRUE(config.ok()) << config.error().message;
    auto scrape = config->scrape.at(0);
    auto spec =
        make_target(*scrape, discovered_labels(*scrape, scrape->sources.fixed[0], scrape->sources.fixed[0].targets[0]));
    EXPECT_TRUE(spec.ok() && spec->has_value());
    targets_.push_back(
        std::make_unique<TargetScrape>(scrape, **spec, std::make_shared<HttpAuth>(scrape->http), sink_, memory_));
    return *targets_.back();
  }

  void scrape(TargetScrape& target, TimeNs time, std::string_view body,
              std::string_view type = "text/plain; version=0.0.4") {
    sink_.clear();
    TargetScrape::Answer answer;
    answer.time = time;
    answer.duration = std::chrono::milliseconds(5);
    answer.status = 200;
    answer.status_text = "200 OK";
    answer.content_type = type;
    answer.body = body;
    target.scraped(answer);
  }

  testing::MemorySink sink_;
  std::shared_ptr<TargetMemory> memory_ = std::make_shared<TargetMemory>();
  std::vector<std::unique_ptr<TargetScrape>> targets_;
};

TEST_F(TargetScrapeTest, SamplesGetTheLabelsOfTheirTargetAndUpIsOne) {
  TargetScrape& t = target();
  scrape(t, 10 * kSecond, "a 1\nb{x=\"y\"} 2.5\n");
  EXPECT_THAT(sink_.lines(), ElementsAre("a{instance=\"h:1\", job=\"j\"} 1 @10000",
                                         "b{instance=\"h:1\", job=\"j\", x=\"y\"} 2.5 @10000",
                                         "up{instance=\"h:1\", job=\"j\"} 1 @10000"));
  EXPECT_THAT(sink_.lines_of("scrape_"),
              ElementsAre("scrape_duration_seconds{instance=\"h:1\", job=\"j\"} 0.005 @10000",
                          "scrape_samples_scraped{instance=\"h:1\", job=\"j\"} 2 @10000",
                          "scrape_samples_post_metric_relabeling{instance=\"h:1\", job=\"j\"} 2 @10000",
                          "scrape_series_added{instance=\"h:1\", job=\"j\"} 2 @10000"));
  EXPECT_EQ(t.report().health, TargetHealth::kUp);
  EXPECT_EQ(t.report().last_scrape, 10 * kSecond);
  scrape(t, 20 * kSecond, "a 1\nb{x=\"y\"} 2.5\n");
  EXPECT_THAT(sink_.lines_of("scrape_series_added"), ElementsAre(HasSubstr(" 0 @20000")));
}

TEST_F(TargetScrapeTest, SeriesThatAreGoneGetAStaleMarkerOnce) {
  TargetScrape& t = target();
  scrape(t, 10 * kSecond, "a 1\nb 2\nc 3\n");
  scrape(t, 20 * kSecond, "a 1\nc 3\n");
  EXPECT_THAT(sink_.lines_of("b{"), ElementsAre(HasSubstr("stale @20000")));
  scrape(t, 30 * kSecond, "a 1\nc 3\n");
  EXPECT_THAT(sink_.lines_of("b{"), IsEmpty());
  scrape(t, 40 * kSecond, "a 1\nb 5\nc 3\n");
  EXPECT_THAT(sink_.lines_of("b{"), ElementsAre(HasSubstr(" 5 @40000")));
  scrape(t, 50 * kSecond, "");
  EXPECT_THAT(sink_.lines_of("b{"), ElementsAre(HasSubstr("stale @50000")));
  EXPECT_THAT(sink_.lines_of("up{"), ElementsAre(HasSubstr(" 1 @50000"))) << "an empty body is a good scrape";
}

TEST_F(TargetScrapeTest, AFailedScrapeIsDiscardedWholeAndMarksWhatWasSeenBefore) {
  struct Case {
    const char* body;
    const char* says;
  };
  TargetScrape& t = target();
  TimeNs time = 0;
  for (const Case& each : {Case{"a 1\nnew 2\nthis is { no exposition\n", ""}, Case{"a 1\nnew{x=\"\xff\"} 2\n", ""},
                           Case{"a 1\nnew 2 zzz\n", ""}}) {
    scrape(t, time += 10 * kSecond, "a 1\nb 2\n");
    ASSERT_EQ(t.report().health, TargetHealth::kUp);
    scrape(t, time += 10 * kSecond, each.body);
    EXPECT_EQ(t.report().health, TargetHealth::kDown) << each.body;
    EXPECT_NE(t.report().last_error, "");
    const std::string at = fmt::format(" @{}", time / 1'000'000);
    EXPECT_THAT(sink_.lines(), UnorderedElementsAre("a{instance=\"h:1\", job=\"j\"} stale" + at,
                                                    "b{instance=\"h:1\", job=\"j\"} stale" + at,
                                                    "up{instance=\"h:1\", job=\"j\"} 0" + at))
        << each.body;
  }
}

TEST_F(TargetScrapeTest, AnAnswerThatIsNotOneIsReported) {
  TargetScrape& t = target();
  scrape(t, 10 * kSecond, "a 1\n");
  TargetScrape::Answer answer;
  answer.time = 20 * kSecond;
  answer.status = 500;
  answer.status_text = "500 Internal Server Error";
  answer.content_type = "text/plain";
  t.scraped(answer);
  EXPECT_EQ(t.report().last_error, "server returned HTTP status 500 Internal Server Error");
  EXPECT_THAT(sink_.lines(), Contains("a{instance=\"h:1\", job=\"j\"} stale @20000"));
  answer.outcome = error(Code::kTimeout, "Get \"http://h:1/metrics\": context deadline exceeded");
  t.scraped(answer);
  EXPECT_THAT(t.report().last_error, HasSubstr("context deadline exceeded"));

  scrape(t, 40 * kSecond, "a 1\n", "");
  EXPECT_THAT(t.report().last_error, HasSubstr("sending blank Content-Type"));
  scrape(t, 50 * kSecond, "a 1\n", "text/html");
  EXPECT_THAT(t.report().last_error, HasSubstr("received unsupported Content-Type \"text/html\""));
  TargetScrape& lenient = target("fallback_scrape_protocol: PrometheusText0.0.4");
  scrape(lenient, 60 * kSecond, "a 1\n", "text/html");
  EXPECT_EQ(lenient.report().last_error, "");
}

TEST_F(TargetScrapeTest, LabelsThatConflict) {
  TargetScrape& t = target();
  scrape(t, 10 * kSecond, "a{job=\"own\",exported_job=\"x\",instance=\"i\"} 1\n");
  EXPECT_THAT(sink_.lines(), Contains("a{exported_exported_job=\"own\", exported_instance=\"i\", exported_job=\"x\", "
                                      "instance=\"h:1\", job=\"j\"} 1 @10000"));
  TargetScrape& honest = target("honor_labels: true");
  scrape(honest, 20 * kSecond, "a{job=\"own\"} 1\nb{instance=\"\"} 2\n");
  EXPECT_THAT(sink_.lines(), Contains("a{instance=\"h:1\", job=\"own\"} 1 @20000"));
  EXPECT_THAT(sink_.lines(), Contains("b{job=\"j\"} 2 @20000"));
}

TEST_F(TargetScrapeTest, TimestampsOfTheTarget) {
  TargetScrape& t = target();
  scrape(t, 10 * kSecond, "a 1 5000\nb 2\n");
  EXPECT_THAT(sink_.lines_of("a{"), ElementsAre(HasSubstr("1 @5000")));
  scrape(t, 20 * kSecond, "");
  EXPECT_THAT(sink_.lines_of("a{"), IsEmpty()) << "a series with times of its own is not marked";
  EXPECT_THAT(sink_.lines_of("b{"), ElementsAre(HasSubstr("stale @20000")));

  TargetScrape& tracking = target("track_timestamps_staleness: true");
  scrape(tracking, 30 * kSecond, "a 1 5000\n");
  scrape(tracking, 40 * kSecond, "");
  EXPECT_THAT(sink_.lines_of("a{"), ElementsAre(HasSubstr("stale @40000")));

  TargetScrape& ours = target("honor_timestamps: false");
  scrape(ours, 50 * kSecond, "a 1 5000\n");
  EXPECT_THAT(sink_.lines_of("a{"), ElementsAre(HasSubstr("1 @50000")));
}

TEST_F(TargetScrapeTest, MetricRelabelling) {
  TargetScrape& t = target(
      "metric_relabel_configs: [{action: drop, source_labels: [__name__], regex: secret_.*}, {action: labeldrop, "
      "regex: "
      "pod}, {source_labels: [__name__], regex: 'old_(.*)', target_label: __name__, replacement: 'new_$1'}]");
  for (TimeNs time : {10 * kSecond, 20 * kSecond}) {
    scrape(t, time, "secret_a 1\nold_b{pod=\"p\"} 2\nc{pod=\"1\"} 3\nc{pod=\"2\"} 3\n");
    EXPECT_THAT(sink_.lines_of("new_b{"), ElementsAre(HasSubstr("new_b{instance=\"h:1\", job=\"j\"} 2")));
    EXPECT_THAT(sink_.lines_of("secret"), IsEmpty());
    EXPECT_THAT(sink_.lines_of("scrape_samples_scraped"), ElementsAre(HasSubstr(" 4 @")));
    EXPECT_THAT(sink_.lines_of("scrape_samples_post"), ElementsAre(HasSubstr(" 3 @")));
    EXPECT_THAT(sink_.lines_of("up{"), ElementsAre(HasSubstr(" 1 @"))) << "equal series are no error";
  }
  // Two keys of one series: it is gone only when both are.
  scrape(t, 30 * kSecond, "c{pod=\"2\"} 3\n");
  EXPECT_THAT(sink_.lines_of("c{"), ElementsAre(HasSubstr(" 3 @30000")));
  scrape(t, 40 * kSecond, "x 1\n");
  EXPECT_THAT(sink_.lines_of("c{"), ElementsAre(HasSubstr("stale @40000")));
}

TEST_F(TargetScrapeTest, EachLimitFailsTheScrapeInPrometheusWords) {
  struct Case {
    const char* job;
    const char* body;
    const char* says;
  };
  const Case cases[] = {
      {"sample_limit: 2", "a 1\nb 1\nc 1\n", "sample limit exceeded"},
      {"label_limit: 3", "abc{x=\"1\"} 1\n", "label_limit exceeded (metric: abc, number of labels: 4, limit: 3)"},
      {"label_name_length_limit: 8", "a{long_name=\"1\"} 1\n",
       "label_name_length_limit exceeded (metric: a, label name: long_name, length: 9, limit: 8)"},
      {"label_value_length_limit: 5", "a{x=\"123456\"} 1\n",
       "label_value_length_limit exceeded (metric: a, label name: x, value: \"123456\", length: 6, limit: 5)"},
  };
  TimeNs time = 0;
  for (const Case& each : cases) {
    TargetScrape& t = target(each.job);
    scrape(t, time += 10 * kSecond, each.body);
    EXPECT_EQ(t.report().last_error, each.says);
    EXPECT_THAT(sink_.lines(), ElementsAre(HasSubstr("up{instance=\"h:1\", job=\"j\"} 0")));
  }
  // At the limit all is well; what relabelling drops does not count.
  TargetScrape& t =
      target("sample_limit: 2, metric_relabel_configs: [{action: drop, source_labels: [__name__], regex: c}]");
  scrape(t, time += 10 * kSecond, "a 1\nb 1\nc 1\n");
  EXPECT_EQ(t.report().last_error, "");
}

TEST_F(TargetScrapeTest, MoreSamplesThanAnyTargetHasEndTheScrape) {
  TargetScrape& t = target();
  std::string body;
  for (int i = 0; i <= 1'000'000; ++i) body += fmt::format("m{{i=\"{}\"}} 1\n", i);
  scrape(t, 10 * kSecond, body);
  EXPECT_EQ(t.report().last_error, "sample limit exceeded");
  EXPECT_THAT(sink_.lines(), ElementsAre(HasSubstr("up{instance=\"h:1\", job=\"j\"} 0")));
}

TEST_F(TargetScrapeTest, WhatATenantsLimitRefusesIsLeftOutAndSaid) {
  sink_.table().set_limits(std::make_shared<const ingest::MetricLimits>(ingest::MetricLimits{.series_max = 7}));
  TargetScrape& t = target();
  scrape(t, 10 * kSecond, "a 1\nb 1\n");
  EXPECT_EQ(t.report().last_error, "");
  scrape(t, 20 * kSecond, "a 1\nb 1\nc 1\nd 1\n");
  EXPECT_EQ(t.report().health, TargetHealth::kUp);
  EXPECT_THAT(t.report().last_error, HasSubstr("2 series were left out: "));
  EXPECT_THAT(sink_.lines_of("a{"), ElementsAre(HasSubstr(" 1 @20000")));
}

TEST_F(TargetScrapeTest, AStoreThatRefusesIsReportedAndNothingIsThoughtToBeThere) {
  TargetScrape& t = target();
  scrape(t, 10 * kSecond, "a 1\n");
  sink_.fail_with(error(Code::kNoSpace, "the disk is full"));
  scrape(t, 20 * kSecond, "a 1\nb 1\n");
  EXPECT_EQ(t.report().health, TargetHealth::kDown);
  EXPECT_THAT(t.report().last_error, HasSubstr("the disk is full"));
  sink_.fail_with(std::nullopt);
  scrape(t, 30 * kSecond, "a 1\n");
  EXPECT_EQ(t.report().health, TargetHealth::kUp);
  EXPECT_THAT(sink_.lines_of("b{"), IsEmpty()) << "it never was in the store";
}

TEST_F(TargetScrapeTest, EndOfRunMarksEverythingOneIntervalAfterTheLastScrape) {
  TargetScrape& t = target();
  t.end_of_run();
  EXPECT_THAT(sink_.lines(), IsEmpty()) << "never scraped";
  scrape(t, 10 * kSecond, "a 1\nb 1 5000\n");
  sink_.clear();
  t.end_of_run();
  EXPECT_THAT(sink_.lines(), UnorderedElementsAre("a{instance=\"h:1\", job=\"j\"} stale @20000",
                                                  "up{instance=\"h:1\", job=\"j\"} stale @20000"));
  EXPECT_EQ(sink_.lines_of("scrape_").size(), 4u);
}

TEST_F(TargetScrapeTest, ANewConfigurationMarksWhatItNoLongerKeeps) {
  TargetScrape& before = target();
  scrape(before, 10 * kSecond, "a 1\nb 1\n");
  TargetScrape& after =
      target("metric_relabel_configs: [{action: drop, source_labels: [__name__], regex: b}]");  // the same memory
  scrape(after, 20 * kSecond, "a 1\nb 1\n");
  EXPECT_THAT(sink_.lines_of("a{"), ElementsAre(HasSubstr(" 1 @20000")));
  EXPECT_THAT(sink_.lines_of("b{"), ElementsAre(HasSubstr("stale @20000")));
}

TEST_F(TargetScrapeTest, ExtraSeriesAreThereWhenAskedFor) {
  TargetScrape& t = target("extra_scrape_metrics: true, sample_limit: 5");
  scrape(t, 10 * kSecond, "a 1\n");
  EXPECT_THAT(sink_.lines_of("scrape_timeout_seconds"), ElementsAre(HasSubstr(" 10 @")));
  EXPECT_THAT(sink_.lines_of("scrape_sample_limit"), ElementsAre(HasSubstr(" 5 @")));
  EXPECT_THAT(sink_.lines_of("scrape_body_size_bytes"), ElementsAre(HasSubstr(" 4 @")));
  TargetScrape::Answer answer;
  answer.time = 20 * kSecond;
  answer.outcome = error(Code::kLimit, "body size limit exceeded");
  answer.body_too_large = true;
  sink_.clear();
  t.scraped(answer);
  EXPECT_THAT(sink_.lines_of("scrape_body_size_bytes"), ElementsAre(HasSubstr(" -1 @")));
}

TEST_F(TargetScrapeTest, MetadataIsToldWhenItChanges) {
  TargetScrape& t = target();
  const std::string body = "# HELP a What a is.\n# TYPE a counter\na 1\n";
  scrape(t, 10 * kSecond, body);
  EXPECT_EQ(sink_.metadata().at("a"), "counter What a is.");
  ASSERT_NE(t.families(), nullptr);
  EXPECT_EQ(t.families()->size(), 1u);
}

// Just enough of protobuf to write a native histogram.
std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 128; value >>= 7) out.push_back(static_cast<char>(value | 128));
  out.push_back(static_cast<char>(value));
  return out;
}
std::string number(int field, std::uint64_t value) {
  return varint(static_cast<std::uint64_t>(field) << 3) + varint(value);
}
std::string bytes(int field, std::string_view value) {
  return varint(static_cast<std::uint64_t>(field) << 3 | 2) + varint(value.size()) + std::string(value);
}
std::string real(int field, double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  std::string out = varint(static_cast<std::uint64_t>(field) << 3 | 1);
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>(bits >> (8 * i)));
  return out;
}
std::uint64_t zigzag(std::int64_t value) {
  return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}

// Schema 3, one observation in each of `buckets` buckets.
std::string native_histogram(int buckets) {
  std::string histogram = number(1, static_cast<std::uint64_t>(buckets)) + real(2, 5) + number(5, zigzag(3)) +
                          real(6, 0.001) + number(7, 0) +
                          bytes(12, number(1, zigzag(0)) + number(2, static_cast<std::uint64_t>(buckets)));
  for (int i = 0; i < buckets; ++i) histogram += number(13, zigzag(i == 0 ? 1 : 0));
  const std::string family = bytes(1, "h") + bytes(2, "Help.") + number(3, 4) + bytes(4, bytes(7, histogram));
  return varint(family.size()) + family;
}

TEST_F(TargetScrapeTest, NativeHistogramsAreMadeToFitTheirLimit) {
  constexpr const char* kType =
      "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
  TargetScrape& free = target("scrape_native_histograms: true");
  EXPECT_THAT(
      accept_header(free.config()),
      HasSubstr("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6"));
  scrape(free, 10 * kSecond, native_histogram(16), kType);
  EXPECT_THAT(sink_.lines_of("h{"), ElementsAre(HasSubstr("count=16 schema=3 buckets=16 @10000")));
  TargetScrape& limited = target("scrape_native_histograms: true, native_histogram_bucket_limit: 5");
  scrape(limited, 20 * kSecond, native_histogram(16), kType);
  EXPECT_EQ(limited.report().last_error, "");
  EXPECT_THAT(sink_.lines_of("h{"), ElementsAre(HasSubstr("count=16 schema=1 ")));
  TargetScrape& coarse = target("scrape_native_histograms: true, native_histogram_min_bucket_factor: 1.9");
  scrape(coarse, 30 * kSecond, native_histogram(16), kType);
  EXPECT_THAT(sink_.lines_of("h{"), ElementsAre(HasSubstr("count=16 schema=1 ")));
}

TEST_F(TargetScrapeTest, ClassicHistogramsBecomeNativeOnesWhenAskedFor) {
  const std::string body =
      "# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"5\"} 2\nh_bucket{le=\"+Inf\"} 7\nh_sum 30\nh_count 7\n"
      "# TYPE g gauge\ng_bucket{le=\"1\"} 3\n"
      "# TYPE bad histogram\nbad_bucket{le=\"1\"} 5\nbad_bucket{le=\"+Inf\"} 3\nbad_count 3\n";
  TargetScrape& t = target("convert_classic_histograms_to_nhcb: true");
  for (TimeNs time : {10 * kSecond, 20 * kSecond}) {
    scrape(t, time, body);
    EXPECT_THAT(sink_.lines_of("h{"), ElementsAre(HasSubstr("count=7 schema=-53 buckets=")));
    EXPECT_THAT(sink_.lines_of("h_"), IsEmpty());
    EXPECT_THAT(sink_.lines_of("bad"), IsEmpty()) << "counts that go down are no histogram";
    EXPECT_EQ(sink_.lines_of("g_bucket{").size(), 1u);
    EXPECT_EQ(t.report().health, TargetHealth::kUp);
  }
  TargetScrape& both = target("convert_classic_histograms_to_nhcb: true, always_scrape_classic_histograms: true");
  scrape(both, 30 * kSecond, body);
  EXPECT_EQ(sink_.lines_of("h{").size(), 1u);
  EXPECT_EQ(sink_.lines_of("h_").size(), 5u);
}

TEST_F(TargetScrapeTest, FailuresAreLoggedWhereTheConfigurationSays) {
  testing::TempFolder folder;
  const std::string path = folder / "failures.log";
  TargetScrape& t = target("scrape_failure_log_file: '" + path + "'");
  scrape(t, 1 * kSecond, "a 1\n");
  scrape(t, 1'768'435'210'250 * (kSecond / 1000), "a \"\n");
  scrape(t, 1'768'435'220'000 * (kSecond / 1000), "a 2\n");
  std::ifstream in(path);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_TRUE(text.starts_with("{\"time\":\"2026-01-15T00:00:10.250Z\",\"level\":\"ERROR\",\"msg\":\"")) << text;
  EXPECT_TRUE(text.ends_with(",\"job_name\":\"j\",\"target\":\"http://h:1/metrics\"}\n")) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << "one failed";
  TargetScrape& nowhere = target("scrape_failure_log_file: /nowhere/at/all");
  scrape(nowhere, 1'768'435'230'000 * (kSecond / 1000), "a \"\n");
  EXPECT_EQ(nowhere.report().health, TargetHealth::kDown) << "a file that cannot be written changes nothing";
}

TEST_F(TargetScrapeTest, StartTimesAreHandedOnWhenTheSinkKeepsThem) {
  const std::string body = "# TYPE a counter\na_total 1\na_created 5\n# EOF\n";
  TargetScrape& t = target();
  scrape(t, 10 * kSecond, body, "application/openmetrics-text; version=1.0.0");
  EXPECT_THAT(sink_.lines(), Contains(HasSubstr("a_created{")));
  sink_.keep_start_times();
  scrape(t, 20 * kSecond, body, "application/openmetrics-text; version=1.0.0");
  EXPECT_THAT(sink_.lines(), Contains("a_total{instance=\"h:1\", job=\"j\"} 1 @20000 since 5000"));
  EXPECT_THAT(sink_.lines(), Contains("a_created{instance=\"h:1\", job=\"j\"} stale @20000"));
}

// A body in the order of the one before, with series that come, go, turn around and come twice: whatever is expected,
// every series has its own value.
TEST_F(TargetScrapeTest, ValuesStayWithTheirSeriesInEveryOrder) {
  TargetScrape& t = target();
  const std::vector<std::vector<int>> orders{{1, 2, 3, 4}, {1, 2, 3, 4}, {4, 3, 2, 1},
                                             {1, 3, 4},    {2, 1, 2, 3}, {5, 1, 2, 3, 4}};
  for (std::size_t scrape_number = 0; scrape_number < orders.size(); ++scrape_number) {
    std::string body;
    for (const int series : orders[scrape_number]) body += fmt::format("a{{n=\"{}\"}} {}\n", series, series * 10);
    scrape(t, static_cast<TimeNs>(scrape_number + 1) * 10 * kSecond, body);
    std::size_t values = 0;
    for (const std::string& line : sink_.lines_of("a{")) {
      if (line.find("stale") != std::string::npos) continue;
      ++values;
      const std::string series = line.substr(line.find("n=\"") + 3, 1);
      EXPECT_NE(line.find("} " + series + "0 @"), std::string::npos) << line;
    }
    EXPECT_EQ(values, orders[scrape_number].size());
  }
}

TEST(AcceptHeader, IsThatOfPrometheus) {
  const auto config = parse_config("scrape_configs: [{job_name: j}]", {});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(accept_header(*config->scrape[0]),
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/"
            "openmetrics-text;version=0.0.1;"
            "q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2");
}

}  // namespace
}  // namespace trilobite::scrape
