// The rules of order, duplicates and limits, with Prometheus' texts; that nothing acknowledged depends on what failed.
#include "ingest/metric_writer.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "ingest/captured_samples.h"
#include "ingest/metric_labels.h"

namespace trilobite::ingest {
namespace {

constexpr TimeNs kMs = 1'000'000;
constexpr TimeNs kNow = 1'768'435'200'000 * kMs;

class MetricWriterTest : public testing::Test {
 protected:
  struct Sample {
    std::int64_t ms;  // after kNow
    double value;
    std::string name = "a";
  };
  MetricPush push(const std::vector<Sample>& samples) {
    MetricPush out;
    for (const Sample& sample : samples) {
      out.series.push_back(series(sample.name));
      out.add(static_cast<std::uint32_t>(out.series.size() - 1), kNow + sample.ms * kMs, sample.value);
    }
    return out;
  }
  MetricSeriesRef series(const std::string& name) {
    return writer_.table("t")->get(LabelSet::from_pairs({{"__name__", name}})).value();
  }
  Result<MetricOutcome> write(const std::vector<Sample>& samples, MetricRules rules = {}) {
    return writer_.write("t", push(samples), rules);
  }
  std::string refusal(const std::vector<Sample>& samples, MetricRules rules = {}) {
    const auto written = write(samples, rules);
    if (!written.ok()) return written.error().message;
    return written->refused ? written->refused->message : "";
  }
  void limit(const MetricLimits& limits) { writer_.set_limits({limits, {}}); }

  CapturedSamples store_;
  MetadataTable metadata_;
  ManualClock clock_{kNow};
  MetricWriter writer_{store_, metadata_, clock_};
};

TEST_F(MetricWriterTest, TimeOnlyGoesForward) {
  EXPECT_EQ(refusal({{0, 1}, {10, 2}}), "");
  EXPECT_EQ(refusal({{5, 3}}), "out of order sample");
  EXPECT_EQ(refusal({{10, 3}}),
            "duplicate sample for timestamp 1768435200010; overrides not allowed: existing 2, new value 3");
  EXPECT_EQ(refusal({{10, 2}}), "") << "a repeat of the newest is no fault";
  EXPECT_EQ(refusal({{20, 1e7}}), "");
  EXPECT_EQ(refusal({{20, 0.00001}}),
            "duplicate sample for timestamp 1768435200020; overrides not allowed: existing 1e+07, new value 1e-05");
  EXPECT_EQ(refusal({{600'000, 1}}), "") << "ten minutes ahead";
  EXPECT_EQ(refusal({{600'001, 1}}), "out of bounds: timestamp is too far in the future");
  EXPECT_EQ(store_.rows.size(), 4u) << "the repeat is not stored again";
  EXPECT_EQ(writer_.stats().out_of_order, 1u);
  EXPECT_EQ(writer_.stats().duplicates, 2u);
  EXPECT_EQ(writer_.stats().out_of_bounds, 1u);
}

TEST_F(MetricWriterTest, NotANumberRepeatsItselfBitForBit) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(refusal({{0, nan}}), "");
  EXPECT_EQ(refusal({{0, nan}}), "");
  EXPECT_EQ(refusal({{0, stale_marker()}}),
            "duplicate sample for timestamp 1768435200000; overrides not allowed: existing NaN, new value NaN");
  EXPECT_EQ(refusal({{1, stale_marker()}}), "");
  EXPECT_EQ(store_.rows.size(), 2u);
}

TEST_F(MetricWriterTest, RefusalRules) {
  ASSERT_TRUE(write({{10, 1}, {10, 1, "b"}}).ok());
  const std::vector<Sample> mixed{{5, 1}, {20, 2, "b"}, {10, 7}};
  EXPECT_FALSE(write(mixed).ok());
  EXPECT_EQ(store_.rows.size(), 2u) << "all or nothing";

  const auto kept = write(mixed, {OnRefusal::kKeepRest});
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(kept->floats, 1u);
  EXPECT_EQ(kept->refused->message,
            "out of order sample for series {__name__=\"a\"}\nduplicate sample for timestamp 1768435200010; overrides "
            "not allowed: existing 1, new value 7 for series {__name__=\"a\"}");
  EXPECT_EQ(store_.rows.back(), "{__name__=\"b\"} 1768435200020 2");

  const auto counted = write({{5, 1}, {30, 2, "b"}}, {OnRefusal::kCountOnly});
  ASSERT_TRUE(counted.ok());
  EXPECT_EQ(counted->out_of_order, 1u);
  EXPECT_FALSE(counted->refused);
}

TEST_F(MetricWriterTest, SamplesOfOneRequestAreHeldToEachOther) {
  EXPECT_EQ(refusal({{10, 1}, {10, 1, "b"}, {5, 1}}), "out of order sample") << "series a comes twice";
  EXPECT_TRUE(store_.rows.empty());
  EXPECT_EQ(refusal({{5, 1}}), "") << "what was refused is not the newest";
}

TEST_F(MetricWriterTest, OutOfOrderWindow) {
  limit({.out_of_order_window = std::chrono::seconds(1)});
  EXPECT_EQ(refusal({{5000, 1}}), "");
  EXPECT_EQ(refusal({{4000, 2}}), "");
  EXPECT_EQ(refusal({{3999, 3}}), "too old sample");
  EXPECT_EQ(refusal({{5000, 4}}),
            "duplicate sample for timestamp 1768435205000; overrides not allowed: existing 1, new value 4");
  EXPECT_EQ(store_.rows.size(), 2u);
}

TEST_F(MetricWriterTest, ImportsComeInAnyOrder) {
  const MetricRules import{OnRefusal::kKeepRest, true, false};
  EXPECT_EQ(refusal({{10, 1}, {5, 2}, {10, 3}, {99'999'999, 4}}, import), "");
  EXPECT_EQ(store_.rows.size(), 4u);
  EXPECT_EQ(refusal({{20, 1}}), "out of order sample") << "others are held to the newest all the same";
}

TEST_F(MetricWriterTest, PastBound) {
  limit({.past_max = std::chrono::hours(1)});
  EXPECT_EQ(refusal({{-3'600'001, 1}}), "out of bounds");
  EXPECT_EQ(refusal({{-3'600'000, 1}}), "");
}

TEST_F(MetricWriterTest, WhatTheStoreDidNotTakeIsNotTheNewest) {
  store_.refuse = error(Code::kNoSpace, "disk full");
  EXPECT_EQ(write({{10, 1}}).error().code, Code::kNoSpace);
  store_.refuse.reset();
  EXPECT_EQ(refusal({{10, 1}}), "") << "the retry";
  EXPECT_EQ(store_.rows.size(), 1u);
}

TEST_F(MetricWriterTest, Histograms) {
  metrics::Histogram histogram;
  histogram.count = 3, histogram.sum = 5, histogram.whole_numbers = true;
  histogram.positive_spans = {{0, 2}};
  histogram.positive = {1, 2};
  const auto send = [&](std::int64_t ms, const metrics::Histogram& value) {
    MetricPush out = push({});
    out.series.push_back(series("a"));
    out.add(0, kNow + ms * kMs, 1.5);
    out.add(0, kNow + (ms + 1) * kMs, value);
    const auto written = writer_.write("t", std::move(out));
    return written.ok() ? fmt::format("{}+{}", written->floats, written->histograms) : written.error().message;
  };
  EXPECT_EQ(send(0, histogram), "1+1");
  EXPECT_EQ(store_.rows.back(), "{__name__=\"a\"} 1768435200001 histogram count=3 sum=5");
  EXPECT_EQ(refusal({{1, 7}}),
            "duplicate sample for timestamp 1768435200001; overrides not allowed: existing is a histogram, new value 7");
  MetricPush again;
  again.series.push_back(series("a"));
  again.add(0, kNow + kMs, histogram);
  EXPECT_TRUE(writer_.write("t", again).ok());
  EXPECT_EQ(store_.rows.size(), 2u) << "the same histogram again";
  again.histograms[0].sum = 6;
  EXPECT_EQ(writer_.write("t", again).error().message, "duplicate sample for timestamp");
}

TEST_F(MetricWriterTest, Exemplars) {
  MetricPush with = push({{10, 1}});
  const auto exemplar = [&](std::int64_t ms, std::string id) {
    return MetricPush::Exemplar{0, kNow + ms * kMs, 0.5, LabelSet::from_pairs({{"trace_id", std::move(id)}})};
  };
  with.exemplars = {exemplar(1, "x"), exemplar(1, "x"), exemplar(2, std::string(200, 'x')), exemplar(0, "y")};
  const auto written = writer_.write("t", with);
  ASSERT_TRUE(written.ok());
  EXPECT_EQ(written->exemplars, 1u) << "the repeat, the long one and the old one are left out";
  EXPECT_EQ(store_.rows, (std::vector<std::string>{"{__name__=\"a\"} 1768435200010 1",
                                                   "# {__name__=\"a\"} 1768435200001 0.5 {trace_id=\"x\"}"}));
  limit({.exemplars = false});
  MetricPush off = push({{11, 1}});
  off.exemplars = {exemplar(9, "z")};
  EXPECT_EQ(writer_.write("t", off)->exemplars, 0u);
}

TEST_F(MetricWriterTest, LimitsOfSeries) {
  limit({.series_max = 2, .label_names_max = 2, .label_name_bytes_max = 8, .label_value_bytes_max = 5});
  const auto get = [&](std::vector<std::pair<std::string, std::string>> labels) {
    const auto made = writer_.table("t")->get(LabelSet::from_pairs(std::move(labels)));
    return made.ok() ? std::string() : made.error().message;
  };
  EXPECT_EQ(get({{"__name__", "a"}, {"x", "1"}}), "");
  EXPECT_EQ(get({{"__name__", "a"}, {"x", "1"}, {"y", "1"}}),
            "received a series whose number of labels exceeds the limit (actual: 3, limit: 2) series: "
            "'{__name__=\"a\", x=\"1\", y=\"1\"}'");
  EXPECT_NE(get({{"__name__", "a"}, {"long_name", "1"}}).find("label name length exceeds"), std::string::npos);
  EXPECT_NE(get({{"__name__", "abcdef"}}).find("label value length exceeds"), std::string::npos);
  EXPECT_EQ(get({{"__name__", "b"}}), "");
  EXPECT_EQ(get({{"__name__", "c"}}), "per-user series limit of 2 exceeded");
  EXPECT_EQ(get({{"__name__", "b"}}), "") << "known ones go on";
}

TEST_F(MetricWriterTest, IdleSeriesAreForgotten) {
  ASSERT_TRUE(write({{0, 1}, {0, 1, "b"}}).ok());
  const Hash128 key = hash128("b");
  writer_.table("t")->learn(key, series("b"));
  for (int minutes = 0; minutes <= 70; minutes += 10) {
    ASSERT_TRUE(write({{minutes * 60'000 + 1, 1}}).ok());
    clock_.advance(std::chrono::minutes(10));
  }
  EXPECT_EQ(writer_.stats().series, 1u);
  EXPECT_EQ(writer_.stats().series_added, 2u);
  std::vector<MetricSeriesRef> found;
  writer_.table("t")->find(std::span(&key, 1), found);
  EXPECT_EQ(found[0], nullptr) << "keys go with it";
}

// Those that stay are renumbered in the table: each is still found by its labels and by what senders repeat.
TEST_F(MetricWriterTest, ForgettingSomeLeavesTheOthers) {
  const auto key_of = [](int i) { return hash128(std::to_string(i)); };
  const auto table = writer_.table("t");
  std::vector<MetricSeriesRef> made;
  for (int i = 0; i < 200; ++i) {
    made.push_back(series("m" + std::to_string(i)));
    table->learn(key_of(i), made.back());
  }
  const auto stays = [](int i) { return i % 3 == 1; };
  for (int minute = 0; minute < 130; minute += 5) {
    std::vector<Sample> samples;
    for (int i = 0; i < 200; ++i) {
      if (minute == 0 || stays(i)) samples.push_back({minute * 60'000, 1, "m" + std::to_string(i)});
    }
    // Several times, as a write looks at a part of the table only.
    for (int again = 0; again < 5; ++again) ASSERT_EQ(refusal(samples, {.bounded_in_time = false}), "");
    clock_.advance(std::chrono::minutes(5));
  }
  std::vector<Hash128> keys;
  for (int i = 0; i < 200; ++i) keys.push_back(key_of(i));
  std::vector<MetricSeriesRef> found;
  table->find(keys, found);
  EXPECT_EQ(table->size(), 67u);
  for (int i = 0; i < 200; ++i) {
    const auto at = static_cast<std::size_t>(i);
    EXPECT_EQ(found[at], stays(i) ? made[at] : nullptr) << i;
    EXPECT_EQ(series("m" + std::to_string(i)) == made[at], stays(i)) << i;
  }
  EXPECT_EQ(table->size(), 200u);
}

TEST_F(MetricWriterTest, MetadataIsKeptAndBounded) {
  limit({.metadata_max = 2});
  MetricPush with = push({{0, 1}});
  with.metadata = {{"a", "counter", "first", ""}, {"a", "counter", "Help of a.", "bytes"}, {"b", "gauge", "", ""},
                   {"c", "gauge", "", ""}};
  ASSERT_TRUE(writer_.write("t", with).ok());
  EXPECT_EQ(metadata_.list("t").size(), 2u);
  EXPECT_EQ(metadata_.find("t", "a"), (MetricMetadata{"a", "counter", "Help of a.", "bytes"}));
  EXPECT_EQ(metadata_.find("t", "c").type, "");
  EXPECT_TRUE(metadata_.list("other").empty());
}

TEST_F(MetricWriterTest, StartTimesAreStoredWhereTheyAreWanted) {
  metrics::Histogram histogram;
  histogram.count = histogram.sum = 1;
  histogram.positive_spans = {{0, 1}};
  histogram.positive = {1};
  const auto write_at = [&](std::int64_t ms) {
    MetricPush out;
    for (const char* name : {"a", "b", "c", "d"}) out.series.push_back(series(name));
    const TimeNs time = kNow + ms * kMs;
    out.add(0, time, 1);
    out.add(0, time, 1);  // again: left out, and its start with it
    out.add(1, time, 2, kNow - 1000 * kMs);
    out.add(2, time, histogram);
    out.add(3, time, histogram, kNow - 2000 * kMs);
    return writer_.write("t", std::move(out), {OnRefusal::kCountOnly});
  };
  ASSERT_TRUE(write_at(0).ok());
  EXPECT_EQ(store_.rows, (std::vector<std::string>{"{__name__=\"a\"} 1768435200000 1", "{__name__=\"b\"} 1768435200000 2",
                                                   "{__name__=\"c\"} 1768435200000 histogram count=1 sum=1",
                                                   "{__name__=\"d\"} 1768435200000 histogram count=1 sum=1"}))
      << "off, as in Prometheus";
  store_.rows.clear();
  limit({.start_times = true});
  ASSERT_TRUE(write_at(1).ok());
  EXPECT_EQ(store_.rows,
            (std::vector<std::string>{"{__name__=\"a\"} 1768435200001 1", "{__name__=\"b\"} 1768435200001 2 since 1768435199000",
                                      "{__name__=\"c\"} 1768435200001 histogram count=1 sum=1",
                                      "{__name__=\"d\"} 1768435200001 histogram count=1 sum=1 since 1768435198000"}));
}

TEST_F(MetricWriterTest, PlacesAndDurabilityReachTheStore) {
  ASSERT_TRUE(write({{0, 1}, {0, 1, "b"}}, {.on_refusal = OnRefusal::kCountOnly, .durability = Durability::kSoon}).ok());
  ASSERT_TRUE(write({{1, 1}}).ok());
  ASSERT_EQ(store_.options.size(), 2u);
  EXPECT_EQ(store_.options[0].durability, Durability::kSoon);
  EXPECT_EQ(store_.places[0], 2u);
  EXPECT_EQ(store_.options[1].durability, Durability::kNow) << "what is acknowledged is durable";
  EXPECT_EQ(series("a")->place.hash, hash128(series("a")->labels.bytes()));
}

}  // namespace
}  // namespace trilobite::ingest
