// The three formats from bytes to samples, families and errors.
#include "ingest/exposition.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "ingest/exposition_lines.h"
#include "ingest/remote_write_bytes.h"

namespace trilobite::ingest {
namespace {

using Format = ExpositionFormat;

// A line per sample, then one per family, then the error.
std::string dump(std::string_view body, Format format, ExpositionOptions options = {}) {
  const auto reader = read_exposition(body, format, options);
  std::string out, failed;
  ExpositionSample sample;
  while (true) {
    const auto more = reader->next(sample);
    if (!more.ok()) failed = more.error().message;
    if (!more.ok() || !*more) break;
    const auto labels = reader->labels();
    if (!labels.ok()) {
      failed = labels.error().message;
      break;
    }
    out += labels->to_string();
    out += sample.histogram != nullptr
               ? fmt::format(" histogram count={} sum={}", sample.histogram->count, sample.histogram->sum)
               : fmt::format(" {}", sample.value);
    if (sample.time) out += fmt::format(" @{}", *sample.time / 1'000'000);
    if (sample.start) out += fmt::format(" since {}", *sample.start / 1'000'000);
    for (const ExpositionExemplar& exemplar : sample.exemplars) {
      out += fmt::format(" # {} {}", exemplar.labels.to_string(), exemplar.value);
      if (exemplar.time) out += fmt::format(" @{}", *exemplar.time / 1'000'000);
    }
    out += "\n";
  }
  for (const ExpositionFamily& family : reader->families()) {
    out += fmt::format("{}|{}|{}|{}\n", family.name, family.type, family.help, family.unit);
  }
  return out + failed;
}
std::string text(std::string_view body) { return dump(body, Format::kText); }
std::string open_metrics(std::string_view body) { return dump(body, Format::kOpenMetrics); }

TEST(TextExposition, EveryKindOfLine) {
  EXPECT_EQ(text("# HELP up Whether \\\\ it\\nis \\\"up\\\".\n"
                 "# TYPE up gauge\n"
                 "# a comment, and a blank line\n"
                 "\n"
                 "up 1\n"
                 "up{job=\"x\"} 0 1000\n"
                 "  up { job = \"a\\\\b\\\"c\\nd\\q\" , } \t +Inf -5 \n"
                 "m:n{} NaN\n"
                 "last{a=\"\"} 1e3"),
            "{__name__=\"up\"} 1\n"
            "{__name__=\"up\", job=\"x\"} 0 @1000\n"
            "{__name__=\"up\", job=\"a\\\\b\\\"c\\nd\\\\q\"} inf @-5\n"
            "{__name__=\"m:n\"} nan\n"
            "{__name__=\"last\"} 1000\n"
            "up|gauge|Whether \\ it\nis \\\"up\\\".|\n");
}

TEST(TextExposition, QuotedNames) {
  EXPECT_EQ(text("# TYPE \"http.requests\" counter\n# HELP \"http.requests\" All.\n"
                 "{\"http.requests\",\"a.b\"=\"v\",c=\"}\"} 1\n{c=\"d\",\"x y\"} 2\n"),
            "{__name__=\"http.requests\", a.b=\"v\", c=\"}\"} 1\n{__name__=\"x y\", c=\"d\"} 2\n"
            "http.requests|counter|All.|\n");
}

TEST(TextExposition, BoundsAndQuantilesAreFloats) {
  EXPECT_EQ(text("# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_bucket{le=\"1000000\"} 2\n"
                 "h_bucket{le=\".5\",quantile=\"1\"} 0\n# TYPE s summary\ns{quantile=\"0\"} 3\ns{quantile=\"0.99\"} 3\n"
                 "s{le=\"1\"} 4\n# TYPE g gauge\ng{le=\"1\"} 5\n"),
            "{__name__=\"h_bucket\", le=\"1.0\"} 1\n{__name__=\"h_bucket\", le=\"+Inf\"} 2\n"
            "{__name__=\"h_bucket\", le=\"1e+06\"} 2\n{__name__=\"h_bucket\", le=\"0.5\", quantile=\"1\"} 0\n"
            "{__name__=\"s\", quantile=\"0.0\"} 3\n{__name__=\"s\", quantile=\"0.99\"} 3\n{__name__=\"s\", le=\"1\"} 4\n"
            "{__name__=\"g\", le=\"1\"} 5\n"
            "h|histogram||\ns|summary||\ng|gauge||\n");
}

TEST(TextExposition, Faults) {
  struct Case {
    std::string body, want;
  };
  const Case cases[] = {
      {"a\n", "expected value after metric, got \"\\n\" (\"INVALID\") while parsing: \"a\""},
      {"a b\n", "expected value after metric, got \"b\" (\"INVALID\") while parsing: \"a b\""},
      {"a 1_000\n", "expected value after metric, got \"1_000\" (\"INVALID\") while parsing: \"a 1_000\""},
      {"a 0x1p3\n", "expected value after metric, got \"0x1p3\" (\"INVALID\") while parsing: \"a 0x1p3\""},
      {"a 1 1.5\n", "expected timestamp or new record, got \"1.5\" (\"INVALID\") while parsing: \"a 1 1.5\""},
      {"a 1 1 1\n", "expected next entry after timestamp, got \"1\\n\" (\"INVALID\") while parsing: \"a 1 1 1\""},
      {"a-b 1\n", "expected value after metric, got \"-b 1\\n\" (\"INVALID\") while parsing: \"a-b 1\""},
      {"9a 1\n", "expected a valid start token, got \"9a 1\\n\" (\"INVALID\") while parsing: \"9a 1\""},
      {"a{b=\"c\n\"} 1\n", "expected a valid start token, got \"a{b=\\\"c\\n\\\"} 1\\n\" (\"INVALID\") while parsing: \"a{b=\\\"c\""},
      {"a{b=\"c\"d=\"e\"} 1\n", "expected comma or brace close, got \"d\" while parsing: \"a{b=\\\"c\\\"d=\\\"e\\\"}\""},
      {"a{b} 1\n", "expected equal, got \"}\" while parsing: \"a{b}\""},
      {"a{b=c} 1\n", "expected label value, got \"c\" while parsing: \"a{b=c}\""},
      {"a{\"b\"} 1\n", "metric name already set while parsing: \"a{\\\"b\\\"}\""},
      {"a{b=\"1\",b=\"2\"} 1\n", "\"a{b=\\\"1\\\",b=\\\"2\\\"}\": duplicated label b"},
      {"a{b=\"\xff\"} 1\n", "invalid UTF-8 label value: \"\\xff\""},
      {"# TYPE a thing\n", "invalid metric type \"thing\""},
      {"# TYPE 9 gauge\n", "expected metric name after TYPE, got \"9\" while parsing: \"# TYPE 9 gauge\""},
      {"# HELP a \xff\n", "help text \"\\xff\" is not a valid utf8 string"},
  };
  for (const Case& c : cases) EXPECT_EQ(text(c.body), c.want) << c.body;
}

TEST(TextExposition, WhatCameBeforeTheFaultStands) {
  EXPECT_EQ(text("a 1\nb x\nc 1\n"),
            "{__name__=\"a\"} 1\nexpected value after metric, got \"x\" (\"INVALID\") while parsing: \"b x\"");
}

TEST(TextExposition, EveryNanIsOrdinary) {
  ExpositionSample sample;
  const auto reader = read_exposition("a NaN\n", Format::kText);
  ASSERT_TRUE(reader->next(sample).value());
  EXPECT_EQ(std::bit_cast<std::uint64_t>(sample.value), 0x7ff8000000000000u);
}

TEST(OpenMetrics, EveryKindOfLine) {
  EXPECT_EQ(open_metrics("# HELP a_seconds Some \\\"help\\\".\n# TYPE a_seconds counter\n# UNIT a_seconds seconds\n"
                         "a_seconds_total{x=\"y\"} 1 1.5 # {trace_id=\"t\"} 0.25 1.25\n"
                         "a_seconds_total 2 # {} 0.5\n"
                         "a_seconds_created 1.5e9\n"
                         "# TYPE h histogram\nh_bucket{le=\"1\"} 1\n# EOF\n"),
            "{__name__=\"a_seconds_total\", x=\"y\"} 1 @1500 # {trace_id=\"t\"} 0.25 @1250\n"
            "{__name__=\"a_seconds_total\"} 2 # {} 0.5\n"
            "{__name__=\"a_seconds_created\"} 1500000000\n"
            "{__name__=\"h_bucket\", le=\"1.0\"} 1\n"
            "a_seconds|counter|Some \"help\".|seconds\nh|histogram||\n");
  EXPECT_EQ(open_metrics("{\"a.b\",c=\"d\"} 1\n# EOF"), "{__name__=\"a.b\", c=\"d\"} 1\n");
}

TEST(OpenMetrics, Faults) {
  struct Case {
    std::string body, want;
  };
  const Case cases[] = {
      {"", "data does not end with # EOF"},
      {"a 1\n", "{__name__=\"a\"} 1\ndata does not end with # EOF"},
      {"# EOF\na 1\n", "unexpected data after # EOF"},
      {"\n# EOF\n", "expected a valid start token, got \"\" (\"INVALID\") while parsing: \"\""},
      {"# TYPE a untyped\n# EOF\n", "invalid metric type \"untyped\""},
      {"# UNIT a_b c\n# EOF\n", "unit \"c\" not a suffix of metric \"a_b\""},
      {"# comment\n# EOF\n", "expected HELP, TYPE, UNIT or EOF after #, got \"# comment\" (\"INVALID\") while parsing: \"# comment\""},
      {"a 1 NaN\n# EOF\n", "invalid timestamp NaN"},
      {"a 1 # {a=\"b\"}\n# EOF\n", "expected value after exemplar labels, got \"\" (\"INVALID\") while parsing: \"a 1 # {a=\\\"b\\\"}\""},
      {"a 1 # {a=\"b\"} 1 1 1\n# EOF\n", "expected next entry after exemplar, got \" 1\" (\"INVALID\") while parsing: \"a 1 # {a=\\\"b\\\"} 1 1 1\""},
  };
  for (const Case& c : cases) EXPECT_EQ(open_metrics(c.body), c.want) << c.body;
}

std::string delimited(const WireWriter& family) {
  std::string out;
  ByteWriter(out).text(family.out);
  return out;
}
std::string label(std::string_view name, std::string_view value) {
  return WireWriter().text(1, name).text(2, value).out;
}

TEST(ProtobufExposition, PlainTypes) {
  const std::string time = WireWriter().integer(1, 7).integer(2, 250'000'000).out;
  const std::string exemplar = WireWriter().text(1, label("t", "1")).number(2, 0.5).text(3, time).out;
  const std::string body =
      delimited(WireWriter().text(1, "c_total").text(2, "Help.").integer(3, 0).text(5, "s").text(
          4, WireWriter().text(1, label("a", "b")).text(3, WireWriter().number(1, 3).text(2, exemplar).out).out)) +
      delimited(WireWriter().text(1, "g").integer(3, 1).text(
          4, WireWriter().text(2, WireWriter().number(1, -1).out).integer(6, 1234).out)) +
      delimited(WireWriter().text(1, "s").integer(3, 2).text(
          4, WireWriter().text(4, WireWriter()
                                      .integer(1, 5)
                                      .number(2, 2.5)
                                      .text(3, WireWriter().number(1, 1).number(2, 9).out)
                                      .out).out));
  EXPECT_EQ(dump(body, Format::kProtobuf),
            "{__name__=\"c_total\", a=\"b\"} 3 # {t=\"1\"} 0.5 @7250\n"
            "{__name__=\"g\"} -1 @1234\n"
            "{__name__=\"s_count\"} 5\n{__name__=\"s_sum\"} 2.5\n{__name__=\"s\", quantile=\"1.0\"} 9\n"
            "c_total|counter|Help.|s\ng|gauge||\ns|summary||\n");
}

TEST(ProtobufExposition, Histograms) {
  const std::string bucket = WireWriter().integer(1, 2).number(2, 1).out;
  const std::string span = WireWriter().integer(1, zigzag(1)).integer(2, 2).out;
  std::string deltas;
  ByteWriter(deltas).varint(zigzag(1)), ByteWriter(deltas).varint(zigzag(1));
  WireWriter classic, native;
  classic.integer(1, 3).number(2, 4.5).text(3, bucket);
  native = classic;
  native.integer(5, zigzag(0)).text(12, span).text(13, deltas);
  const auto body = [](const WireWriter& histogram) {
    return delimited(WireWriter().text(1, "h").integer(3, 4).text(4, WireWriter().text(7, histogram.out).out));
  };
  const std::string buckets = "{__name__=\"h_count\"} 3\n{__name__=\"h_sum\"} 4.5\n{__name__=\"h_bucket\", le=\"1.0\"} "
                              "2\n{__name__=\"h_bucket\", le=\"+Inf\"} 3\n";
  EXPECT_EQ(dump(body(classic), Format::kProtobuf), buckets + "h|histogram||\n");
  const std::string whole = "{__name__=\"h\"} histogram count=3 sum=4.5\n";
  EXPECT_EQ(dump(body(native), Format::kProtobuf), whole + "h|histogram||\n");
  EXPECT_EQ(dump(body(native), Format::kProtobuf, {.classic_histograms = true}), whole + buckets + "h|histogram||\n");
  EXPECT_EQ(dump(body(native), Format::kProtobuf, {.native_histograms = false}), buckets + "h|histogram||\n");
}

TEST(ProtobufExposition, Faults) {
  EXPECT_EQ(dump("\x05", Format::kProtobuf), "protobuf exposition is broken or ends too early");
  EXPECT_EQ(dump(delimited(WireWriter().integer(3, 0)), Format::kProtobuf), "invalid metric name: \"\"");
  EXPECT_EQ(dump(delimited(WireWriter().text(1, "a").integer(3, 9)), Format::kProtobuf),
            "unknown metric type for name \"a\"");
  const std::string whole = delimited(WireWriter().text(1, "c").text(2, "Help.").integer(3, 0).text(
      4, WireWriter().text(1, label("a", "b")).text(3, WireWriter().number(1, 3).out).out));
  for (std::size_t length = 1; length < whole.size(); ++length) {
    EXPECT_EQ(dump(whole.substr(0, length), Format::kProtobuf), "protobuf exposition is broken or ends too early");
  }
}

TEST(CustomBuckets, ClassicHistogramsBecomeNative) {
  const std::string body =
      "# TYPE h histogram\nh_bucket{a=\"1\",le=\"0.5\"} 1\nh_bucket{a=\"1\",le=\"1\"} 3\n"
      "h_bucket{a=\"1\",le=\"+Inf\"} 6\nh_sum{a=\"1\"} 7.5\nh_count{a=\"1\"} 6\n"
      "h_bucket{a=\"2\",le=\"1\"} 5\nh_bucket{a=\"2\",le=\"+Inf\"} 4\n"
      "h_bucket{a=\"3\",le=\"1\"} 2\n# TYPE g gauge\ng_count 1\n";
  const std::string families = "h|histogram||\ng|gauge||\n";
  EXPECT_EQ(dump(body, Format::kText, {.classic_to_custom = true}),
            "{__name__=\"h\", a=\"1\"} histogram count=6 sum=7.5\n{__name__=\"h\", a=\"3\"} histogram count=2 sum=0\n"
            "{__name__=\"g_count\"} 1\n" + families)
      << "the second goes down: no histogram";
  const auto reader = read_exposition(body, Format::kText, {.classic_to_custom = true});
  ExpositionSample sample;
  ASSERT_TRUE(reader->next(sample).value());
  EXPECT_EQ(sample.histogram->custom_bounds, (std::vector<double>{0.5, 1}));
  EXPECT_EQ(sample.histogram->positive, (std::vector<double>{1, 2, 3}));
  EXPECT_TRUE(sample.histogram->whole_numbers);
  const std::string both = dump(body, Format::kText, {.classic_histograms = true, .classic_to_custom = true});
  EXPECT_NE(both.find("h_bucket"), std::string::npos);
  EXPECT_NE(both.find("histogram count=6"), std::string::npos);
  EXPECT_EQ(dump("# TYPE h histogram\nh_bucket{le=\"1\"} x\n", Format::kText, {.classic_to_custom = true}),
            "h|histogram||\nexpected value after metric, got \"x\" (\"INVALID\") while parsing: \"h_bucket{le=\\\"1\\\"}"
            " x\"");
}

TEST(Exposition, KeysStandForLabels) {
  ExpositionSample sample;
  const auto reader = read_exposition("a{b=\"c\"} 1\na{b=\"c\"} 2\na{b=\"d\"} 3\n", Format::kText);
  std::vector<std::string> keys;
  while (reader->next(sample).value()) keys.push_back(std::string(sample.key));
  EXPECT_EQ(keys, (std::vector<std::string>{"a{b=\"c\"}", "a{b=\"c\"}", "a{b=\"d\"}"}));
}

TEST(Exposition, ContentTypes) {
  EXPECT_EQ(exposition_format("text/plain; version=0.0.4; charset=utf-8"), Format::kText);
  EXPECT_EQ(exposition_format("Text/Plain"), Format::kText);
  EXPECT_EQ(exposition_format("application/openmetrics-text;version=1.0.0"), Format::kOpenMetrics);
  EXPECT_EQ(exposition_format("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily"),
            Format::kProtobuf);
  EXPECT_EQ(exposition_format(""), std::nullopt);
  EXPECT_EQ(exposition_format("text/html"), std::nullopt);
}

TEST(Exposition, NormalNumbers) {
  EXPECT_EQ(normal_number("1"), "1.0");
  EXPECT_EQ(normal_number("-0.50"), "-0.5");
  EXPECT_EQ(normal_number("Inf"), "+Inf");
  EXPECT_EQ(normal_number("1e9"), "1e+09");
  EXPECT_EQ(normal_number("x"), "x");
  EXPECT_EQ(normal_number(""), "");
}

constexpr std::string_view kCreated =
    "# TYPE a counter\n"
    "a_total{x=\"1\"} 5\n"
    "a_created{x=\"1\"} 1500.25\n"
    "a_total{x=\"2\"} 6\n"
    "# TYPE h histogram\n"
    "h_bucket{le=\"1\"} 1\n"
    "h_bucket{le=\"+Inf\"} 2\n"
    "h_count 2\n"
    "h_sum 3\n"
    "h_created 1600\n"
    "# TYPE g gauge\n"
    "g_created 7\n"
    "# TYPE b counter\n"
    "b_total 1\n"
    "b_created NaN\n"
    "b_createdness 2\n"
    "# EOF\n";

TEST(OpenMetrics, CreatedLinesAreStartsWhenAskedFor) {
  EXPECT_EQ(dump(kCreated, Format::kOpenMetrics, {.start_times = true}),
            "{__name__=\"a_total\", x=\"1\"} 5 since 1500250\n"
            "{__name__=\"a_total\", x=\"2\"} 6\n"
            "{__name__=\"h_bucket\", le=\"1.0\"} 1 since 1600000\n"
            "{__name__=\"h_bucket\", le=\"+Inf\"} 2 since 1600000\n"
            "{__name__=\"h_count\"} 2 since 1600000\n"
            "{__name__=\"h_sum\"} 3 since 1600000\n"
            "{__name__=\"g_created\"} 7\n"
            "{__name__=\"b_total\"} 1\n"
            "{__name__=\"b_created\"} nan\n"
            "{__name__=\"b_createdness\"} 2\n"
            "a|counter||\nh|histogram||\ng|gauge||\nb|counter||\n");
  EXPECT_NE(open_metrics(kCreated).find("{__name__=\"a_created\", x=\"1\"} 1500.25\n"), std::string::npos)
      << "otherwise a series as any other";
}

TEST(ProtobufExposition, StartTimes) {
  const auto family = [](std::string name, std::uint64_t type, std::string metric) {
    const std::string message = WireWriter().text(1, name).integer(3, type).text(4, metric).out;
    std::string out;
    ByteWriter(out).text(message);
    return out;
  };
  const std::string start = WireWriter().integer(1, 1500).integer(2, 250'000'000).out;
  const std::string body = family("c", 0, WireWriter().text(3, WireWriter().number(1, 5).text(3, start).out).out) +
                           family("s", 2, WireWriter().text(4, WireWriter().integer(1, 2).text(4, start).out).out) +
                           family("h", 4, WireWriter().text(7, WireWriter().integer(1, 2).text(15, start).out).out) +
                           family("d", 0, WireWriter().text(3, WireWriter().number(1, 6).out).out);
  const std::string got = dump(body, Format::kProtobuf);
  EXPECT_TRUE(got.starts_with("{__name__=\"c\"} 5 since 1500250\n{__name__=\"s_count\"} 2 since 1500250\n")) << got;
  EXPECT_NE(got.find("{__name__=\"h_count\"} 2 since 1500250\n"), std::string::npos) << got;
  EXPECT_NE(got.find("{__name__=\"d\"} 6\n"), std::string::npos) << got;
  const std::string broken = family("c", 0, WireWriter().text(3, WireWriter().text(3, "\x08").out).out);
  EXPECT_EQ(dump(broken, Format::kProtobuf), "c|counter||\nprotobuf exposition is broken or ends too early");
}

// What is expected saves work and changes nothing: neither a key that is right nor one that only begins so.
TEST(Exposition, ExpectedKeysChangeNothing) {
  const std::string lines = "a 1\nab 2\na{x=\"1\"} 3\na{x=\"}\"} 4\na {y=\"1\"} 5\na\t6\n{\"a.b\"} 7\n";
  const std::vector<std::string_view> keys{"a", "ab", "a{x=\"1\"}", "a{x=\"}\"}", "a {y=\"1\"}", "{\"a.b\"}", "", "b"};
  std::vector<std::string> plain;
  ExpositionSample sample;
  for (const auto reader = read_exposition(lines, Format::kText); *reader->next(sample);) {
    plain.push_back(fmt::format("{} {}", sample.key, sample.value));
    EXPECT_FALSE(sample.expected);
  }
  ASSERT_EQ(plain.size(), 7u);
  for (const std::string_view key : keys) {
    std::vector<std::string> got;
    const auto reader = read_exposition(lines, Format::kText);
    for (reader->expect(key); *reader->next(sample); reader->expect(key)) {
      got.push_back(fmt::format("{} {}", sample.key, sample.value));
      EXPECT_EQ(sample.expected, sample.key == key) << sample.key << " " << key;
    }
    EXPECT_EQ(got, plain) << key;
  }
}

}  // namespace
}  // namespace trilobite::ingest
