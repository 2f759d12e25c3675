// The rules of order go on where they were when the program is started again: the newest sample of a series counts,
// whether it is in the WAL or in a part. So it does for a series that was silent for so long that it was forgotten.
#include <gtest/gtest.h>

#include "base/simulated_file_system.h"
#include "ingest/metric_writer.h"
#include "storage/embedded_store.h"

namespace trilobite::ingest {
namespace {

constexpr TimeNs kMs = 1'000'000;
constexpr TimeNs kStart = 1'768'435'200'000 * kMs;

metrics::Histogram make_histogram(double sum) {
  metrics::Histogram out;
  out.count = 3, out.sum = sum, out.whole_numbers = true;
  out.positive_spans = {{0, 2}};
  out.positive = {1, 2};
  return out;
}

class RestartTest : public testing::Test {
 protected:
  RestartTest() { restart(); }

  void restart() {
    writer_.reset();
    store_.reset();
    StorageOptions options;
    options.directory = "data";
    options.background = false;
    options.reserve_bytes = 0;
    store_ = EmbeddedStore::open({files_, clock_}, options).value();
    writer_ = std::make_unique<MetricWriter>(*store_, metadata_, clock_, MetricLimitsByTenant{limits_, {}});
  }

  std::string send(MetricPush push, const MetricRules& rules = {}) {
    const auto written = writer_->write("t", std::move(push), rules);
    if (!written.ok()) return written.error().message;
    return written->refused ? written->refused->message : "";
  }
  std::string write(const std::string& name, std::int64_t ms, double value, const MetricRules& rules = {}) {
    MetricPush push;
    push.series.push_back(series(name));
    push.add(0, kStart + ms * kMs, value);
    return send(std::move(push), rules);
  }
  std::string write_histogram(const std::string& name, std::int64_t ms, double sum) {
    MetricPush push;
    push.series.push_back(series(name));
    push.add(0, kStart + ms * kMs, make_histogram(sum), kStart - 1000 * kMs);
    return send(std::move(push));
  }
  MetricSeriesRef series(const std::string& name) {
    return writer_->table("t")->get(LabelSet::from_pairs({{"__name__", name}, {"job", "a"}})).value();
  }
  std::size_t samples() const { return static_cast<std::size_t>(store_->statistics().rows_stored); }

  void flush() { ASSERT_TRUE(store_->flush().ok()); }
  // Where the samples are when the program starts again.
  enum class Place : std::uint8_t { kWal, kPart, kBoth };
  void fill(Place place) {
    ASSERT_EQ(write("a", 10, 1), "");
    ASSERT_EQ(write_histogram("h", 20, 5), "");
    if (place == Place::kBoth) flush();
    ASSERT_EQ(write("a", 20, 2), "");
    ASSERT_EQ(write("z", 30, 1), "");
    if (place == Place::kPart) flush();
    restart();
  }

  SimulatedFileSystem files_;
  ManualClock clock_{kStart};
  MetadataTable metadata_;
  MetricLimits limits_;
  std::unique_ptr<EmbeddedStore> store_;
  std::unique_ptr<MetricWriter> writer_;
};

class EveryPlace : public RestartTest, public testing::WithParamInterface<int> {
 protected:
  Place place() const { return static_cast<Place>(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Places, EveryPlace, testing::Range(0, 3));

TEST_P(EveryPlace, TimeOnlyGoesForward) {
  limits_.start_times = true;
  restart();
  fill(place());
  const std::size_t before = samples();
  EXPECT_EQ(write("a", 15, 3), "out of order sample");
  EXPECT_EQ(write("a", 10, 1), "out of order sample") << "not even a repeat, unless of the newest";
  EXPECT_EQ(write("a", 20, 3),
            "duplicate sample for timestamp 1768435200020; overrides not allowed: existing 2, new value 3");
  EXPECT_EQ(write("a", 20, 2), "") << "a repeat is no fault";
  EXPECT_EQ(write_histogram("h", 19, 5), "out of order sample");
  EXPECT_EQ(write_histogram("h", 20, 6), "duplicate sample for timestamp");
  EXPECT_EQ(write_histogram("h", 20, 5), "");
  EXPECT_EQ(write("h", 20, 7),
            "duplicate sample for timestamp 1768435200020; overrides not allowed: existing is a histogram, new value 7");
  EXPECT_EQ(samples(), before) << "nothing of this is stored, nor stored again";
  EXPECT_EQ(write("a", 25, 3), "") << "older than the newest of other series is no fault";
  EXPECT_EQ(write("new", 5, 3), "") << "a series without samples takes old ones";
  EXPECT_EQ(samples(), before + 2);
}

TEST_P(EveryPlace, RequestsOfManySeriesAreHeldToEach) {
  fill(place());
  MetricPush push;
  for (const char* name : {"a", "h", "new", "z"}) push.series.push_back(series(name));
  for (std::uint32_t i = 0; i < 4; ++i) push.add(i, kStart + 20 * kMs, 9);
  EXPECT_EQ(send(std::move(push), {OnRefusal::kKeepRest}),
            "duplicate sample for timestamp 1768435200020; overrides not allowed: existing 2, new value 9 for series "
            "{__name__=\"a\", job=\"a\"}\n"
            "duplicate sample for timestamp 1768435200020; overrides not allowed: existing is a histogram, new value 9 "
            "for series {__name__=\"h\", job=\"a\"}\n"
            "out of order sample for series {__name__=\"z\", job=\"a\"}");
}

TEST_P(EveryPlace, TheWindowIsMeasuredFromTheNewest) {
  limits_.out_of_order_window = std::chrono::milliseconds(8);
  restart();
  fill(place());
  EXPECT_EQ(write("a", 12, 3), "");
  EXPECT_EQ(write("a", 11, 3), "too old sample");
}

TEST_P(EveryPlace, ImportsComeInAnyOrder) {
  fill(place());
  EXPECT_EQ(write("a", 5, 3, {OnRefusal::kKeepRest, true, false}), "");
}

TEST_F(RestartTest, WhatWasSilentForMoreThanADayIsNew) {
  constexpr std::int64_t kHourMs = 3'600'000;
  ASSERT_EQ(write("long", -25 * kHourMs, 1), "");
  ASSERT_EQ(write("short", -23 * kHourMs, 1), "");
  fill(Place::kPart);
  EXPECT_EQ(write("long", -26 * kHourMs, 2), "");
  EXPECT_EQ(write("short", -26 * kHourMs, 2), "out of order sample");
}

TEST_F(RestartTest, LabelsMustBeTheSame) {
  fill(Place::kPart);
  MetricPush push;
  push.series.push_back(writer_->table("t")->get(LabelSet::from_pairs({{"__name__", "a"}})).value());
  push.add(0, kStart + 5 * kMs, 1);
  EXPECT_EQ(send(std::move(push)), "") << "a series with fewer labels is another";
}

TEST_F(RestartTest, WhatWasDeletedIsNotTheNewest) {
  fill(Place::kPart);
  ASSERT_TRUE(store_->delete_samples("t", {{"__name__", MatchOp::kEqual, "a"}}, {kStart, kStart + 1000 * kMs}).ok());
  EXPECT_EQ(write("a", 15, 3), "");
}

TEST_F(RestartTest, OtherTenantsDoNotMatter) {
  fill(Place::kWal);
  MetricPush push;
  push.series.push_back(writer_->table("u")->get(LabelSet::from_pairs({{"__name__", "a"}, {"job", "a"}})).value());
  push.add(0, kStart + 5 * kMs, 1);
  EXPECT_TRUE(writer_->write("u", std::move(push)).ok());
}

TEST_F(RestartTest, SeriesThatWereForgotten) {
  ASSERT_EQ(write("silent", 10, 1), "");
  const auto forgotten = series("silent");
  for (int minutes = 0; minutes <= 80; minutes += 10) {
    ASSERT_EQ(write("a", minutes * 60'000 + 1, 1), "");
    clock_.advance(std::chrono::minutes(10));
  }
  ASSERT_NE(series("silent"), forgotten) << "the table has made it anew";
  EXPECT_EQ(write("silent", 5, 2), "out of order sample");
  EXPECT_EQ(write("silent", 11, 2), "");
}

}  // namespace
}  // namespace trilobite::ingest
