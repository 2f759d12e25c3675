// A selector that a query has more than once is read once, if its places look at times close together, and answers are
// those of reading it each time.
#include "metrics/shared_scans.h"

#include <gtest/gtest.h>

#include "metrics/memory_samples.h"
#include "metrics/parser.h"
#include "metrics/promql.h"

namespace trilobite::metrics {
namespace {

constexpr TimeNs kMinute = 60 * kNsPerSecond;

VectorSelector selector_of(std::vector<Matcher> matchers) {
  VectorSelector out;
  out.matchers = std::move(matchers);
  return out;
}

TEST(SharedScans, EqualMatchersAtTimesNearEachOther) {
  const Matcher name{"__name__", MatchOp::kEqual, "a"}, job{"job", MatchOp::kRegex, "x|y"};
  const VectorSelector one = selector_of({name, job}), same = selector_of({job, name}), other = selector_of({name});
  SharedScans scans;
  scans.plan(one, {0, 100});
  scans.plan(same, {50, 150});
  scans.plan(other, {0, 100});
  scans.finish_plan();
  EXPECT_EQ(scans.find(other, {0, 100}), nullptr) << "nobody else reads it";
  SharedScans::Shared* shared = scans.find(one, {0, 100});
  ASSERT_NE(shared, nullptr);
  EXPECT_EQ(shared, scans.find(same, {50, 150}));
  EXPECT_EQ(shared->range.start, 0);
  EXPECT_EQ(shared->range.end, 150);
  EXPECT_EQ(scans.find(one, {0, 151}), nullptr) << "not what was planned";
  shared->loaded = true;
  scans.used(*shared);
  EXPECT_NE(scans.find(same, {50, 150}), nullptr);
  scans.used(*shared);
  EXPECT_EQ(scans.find(same, {50, 150}), nullptr) << "given back with its last use";
}

TEST(SharedScans, TimesFarApartAreReadApart) {
  const VectorSelector now = selector_of({{"__name__", MatchOp::kEqual, "a"}});
  const VectorSelector then = selector_of({{"__name__", MatchOp::kEqual, "a"}});
  SharedScans scans;
  scans.plan(now, {1000, 1100});
  scans.plan(then, {0, 100});
  scans.finish_plan();
  EXPECT_EQ(scans.find(now, {1000, 1100}), nullptr);
}

TEST(SharedScans, SamplesAreCutByTime) {
  SeriesSamples all;
  all.labels = std::make_shared<const LabelSet>(LabelSet::from_pairs({{"a", "b"}}));
  all.times = {10, 20, 30};
  all.values = {1, 2, 3};
  for (const char* text : {"", "x", "yy"}) all.histograms.push_back(text);
  SeriesSamples out;
  ASSERT_TRUE(cut_samples(all, {20, 31}, out));
  EXPECT_EQ(out.times, (std::vector<TimeNs>{20, 30}));
  EXPECT_EQ(out.values, (std::vector<double>{2, 3}));
  ASSERT_EQ(out.histograms.size(), 2u);
  EXPECT_EQ(out.histograms[1], "yy");
  EXPECT_FALSE(cut_samples(all, {31, 50}, out));
  EXPECT_FALSE(cut_samples(all, {11, 20}, out));
}

// How often samples were asked for.
class CountingStore final : public Store {
 public:
  Result<void> append(std::string_view tenant, Signal signal, const Batch& batch, const AppendOptions& o) override {
    return samples.append(tenant, signal, batch, o);
  }
  Result<std::unique_ptr<Scan>> scan(ScanRequest request) override { return samples.scan(std::move(request)); }
  Result<std::unique_ptr<SeriesScan>> scan_series(ScanRequest request) override {
    ++scans;
    return samples.scan_series(std::move(request));
  }
  Result<std::vector<std::string>> label_names(const IndexRequest& r) override { return samples.label_names(r); }
  Result<std::vector<std::string>> label_values(const IndexRequest& r, std::string_view name) override {
    return samples.label_values(r, name);
  }
  Result<std::vector<SeriesInfo>> series(const IndexRequest& request) override { return samples.series(request); }
  Result<void> flush() override { return {}; }
  StoreStatistics statistics() const override { return samples.statistics(); }

  MemorySamples samples;
  int scans = 0;
};

class SharedQueries : public testing::Test {
 protected:
  SharedQueries() : pool_("query", 3), clock_(0) {
    for (int series = 0; series < 200; ++series) {
      const LabelSet labels = LabelSet::from_pairs({{"__name__", "a_total"}, {"i", std::to_string(series)}});
      for (int i = 0; i <= 60; ++i) store_.samples.add(labels, i * kMinute, i * (series + 1));
    }
  }

  // The number of scans, and the last values of all series added up.
  std::pair<int, double> run(std::string_view text, std::size_t memory_max = 0) {
    auto expr = parse_promql(text);
    EXPECT_TRUE(expr.ok());
    query::QueryLimits limits;
    limits.timeout = {};
    query::QueryContext context({store_, pool_, clock_}, "", limits, nullptr);
    PromqlOptions options;
    options.memory_max = memory_max;
    Annotations annotations;
    store_.scans = 0;
    const auto result = run_promql(context, **expr, {30 * kMinute, 60 * kMinute, kMinute}, options, annotations);
    EXPECT_TRUE(result.ok()) << result.error().message;
    double sum = 0;
    if (result.ok()) {
      for (const ResultSeries& series : result->series) sum += series.points.back().value;
    }
    return {store_.scans, sum};
  }

  CountingStore store_;
  ThreadPool pool_;
  ManualClock clock_;
};

TEST_F(SharedQueries, OneScanForAllPlaces) {
  constexpr double kLast = 60.0 * 200 * 201 / 2;  // of all series together
  EXPECT_EQ(run("a_total"), std::pair(1, kLast));
  EXPECT_EQ(run("a_total + a_total"), std::pair(1, 2 * kLast));
  EXPECT_EQ(run("sum(a_total) + sum(a_total offset 1m)"), std::pair(1, kLast * (1 + 59.0 / 60)));
  EXPECT_EQ(run("sum(a_total) + sum(last_over_time(a_total[10m])) + sum(max_over_time(a_total[5m:1m]))"),
            std::pair(1, 3 * kLast));
  EXPECT_EQ(run("sum(a_total) + sum({__name__=\"a_total\"})"), std::pair(1, 2 * kLast));
  EXPECT_EQ(run("sum(a_total) + sum(a_total{i!=\"\"})"), std::pair(2, 2 * kLast)) << "other matchers";
  EXPECT_EQ(run("sum(a_total) + sum(a_total @ 0)").first, 2) << "too far away";
}

TEST_F(SharedQueries, WithLittleMemoryEachPlaceReads) {
  const auto [scans, sum] = run("sum(a_total) - sum(a_total)", 200'000);
  EXPECT_EQ(scans, 3) << "one to find out that it is too much";
  EXPECT_EQ(sum, 0);
}

}  // namespace
}  // namespace trilobite::metrics
