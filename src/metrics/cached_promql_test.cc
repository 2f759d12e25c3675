// Queries with kept results answer what queries without them do, whatever was asked before and whatever was written
// or deleted since; how far a query looks; what it would cost.
#include "metrics/cached_promql.h"

#include <gtest/gtest.h>

#include "metrics/durations.h"
#include "metrics/memory_samples.h"
#include "metrics/parser.h"
#include "metrics/query_estimate.h"
#include "metrics/query_reach.h"

namespace trilobite::metrics {
namespace {

constexpr TimeNs kStep = 15 * kNsPerSecond;
constexpr TimeNs kStart = 1'768'435'200 * kNsPerSecond;

// Samples that tell when they changed: of the whole time at once, or of one time only.
class VersionedSamples final : public Store {
 public:
  void add(const LabelSet& labels, TimeNs time, double value) {
    samples_.add(labels, time, value);
    changes_.push_back(time);
  }
  Result<void> append(std::string_view tenant, Signal signal, const Batch& batch,
                      const AppendOptions& options) override {
    return samples_.append(tenant, signal, batch, options);
  }
  Result<std::unique_ptr<Scan>> scan(ScanRequest request) override { return samples_.scan(std::move(request)); }
  Result<std::unique_ptr<SeriesScan>> scan_series(ScanRequest request) override {
    ++scans;
    return samples_.scan_series(std::move(request));
  }
  Result<std::vector<std::string>> label_names(const IndexRequest& request) override {
    return samples_.label_names(request);
  }
  Result<std::vector<std::string>> label_values(const IndexRequest& request, std::string_view name) override {
    return samples_.label_values(request, name);
  }
  Result<std::vector<SeriesInfo>> series(const IndexRequest& request) override { return samples_.series(request); }
  std::optional<std::uint64_t> version(std::string_view, Signal, TimeRange range) const override {
    return static_cast<std::uint64_t>(std::count_if(
        changes_.begin(), changes_.end(), [&](TimeNs time) { return time >= range.start && time < range.end; }));
  }
  Result<void> flush() override { return {}; }
  StoreStatistics statistics() const override { return samples_.statistics(); }

  int scans = 0;

 private:
  MemorySamples samples_;
  std::vector<TimeNs> changes_;
};

std::string text_of(const QueryResult& result) {
  std::string out;
  for (const ResultSeries& series : result.series) {
    out += series.labels.to_string();
    for (const Point& point : series.points) out += fmt::format(" {}:{}", (point.time - kStart) / kStep, point.value);
    out += "\n";
  }
  return out;
}

class CachedPromql : public testing::Test {
 protected:
  CachedPromql() : pool_("query", 2), clock_(kStart + 1000 * kStep) {
    for (int i = 0; i <= 300; ++i) {
      store_.add(LabelSet::from_pairs({{"__name__", "a_total"}, {"job", "x"}}), kStart + i * kStep, i * 3);
      if (i % 50 < 30) store_.add(LabelSet::from_pairs({{"__name__", "b"}, {"job", "y"}}), kStart + i * kStep, i % 7);
    }
  }

  query::QueryContext context() {
    return query::QueryContext({store_, pool_, clock_}, "fake", query::QueryLimits(), nullptr);
  }
  std::string cached(std::string_view text, TimeNs from, TimeNs to) { return run(text, from, to, &cache_); }
  std::string plain(std::string_view text, TimeNs from, TimeNs to) { return run(text, from, to, nullptr); }

  VersionedSamples store_;
  ThreadPool pool_;
  ManualClock clock_;
  query::ResultCache cache_{1u << 20};

 private:
  std::string run(std::string_view text, TimeNs from, TimeNs to, query::ResultCache* cache) {
    auto expr = parse_promql(text);
    const query::TimeGrid grid{kStart + from * kStep, kStart + to * kStep, kStep};
    if (!expr.ok() || !resolve_durations(**expr, grid).ok()) return "bad query";
    query::QueryContext query = context();
    Annotations annotations;
    const PromqlOptions options;
    auto result = cache == nullptr ? run_promql(query, **expr, grid, options, annotations)
                                   : run_cached_promql(query, **expr, grid, options, annotations, *cache);
    return result.ok() ? text_of(*result) : "error: " + result.error().message;
  }
};

TEST_F(CachedPromql, AnswersAsWithout) {
  for (const std::string_view text :
       {"a_total", "rate(a_total[2m])", "sum(b) + on() group_right() a_total", "max_over_time(b[5m:30s] offset 1m)",
        "b offset -2m", "topk(1, {__name__=~\"a_total|b\"})", "b @ 1768435500", "count_over_time(b[range()])",
        "absent(b)", "time() - timestamp(b)", "rate(a_total[1m] smoothed)"}) {
    for (const auto& [from, to] : {std::pair{0, 100}, {40, 140}, {0, 300}, {33, 34}, {100, 299}}) {
      EXPECT_EQ(cached(text, from, to), plain(text, from, to)) << text << " " << from << " " << to;
    }
  }
}

TEST_F(CachedPromql, ReadsOnlyWhatIsNew) {
  cached("sum(a_total)", 0, 191);
  const int before = store_.scans;
  cached("sum(a_total)", 0, 191);
  EXPECT_LE(store_.scans - before, 2);  // the ends that are no whole slice
  EXPECT_GT(cache_.bytes(), 0u);
}

TEST_F(CachedPromql, SeesLateSamples) {
  const std::string old = cached("sum(last_over_time({job=~\".+\"}[1m]))", 0, 300);
  for (const int at : {31, 32, 150, 299}) {
    store_.add(LabelSet::from_pairs({{"__name__", "late"}, {"job", "z"}}), kStart + at * kStep, 1000);
    const std::string now = cached("sum(last_over_time({job=~\".+\"}[1m]))", 0, 300);
    EXPECT_NE(now, old);
    EXPECT_EQ(now, plain("sum(last_over_time({job=~\".+\"}[1m]))", 0, 300)) << at;
  }
}

TEST_F(CachedPromql, DoesNotKeepTheFuture) {
  ManualClock early(kStart + 10 * kStep);
  query::QueryContext query({store_, pool_, early}, "fake", query::QueryLimits(), nullptr);
  auto expr = parse_promql("a_total");
  ASSERT_TRUE(expr.ok());
  Annotations annotations;
  ASSERT_TRUE(run_cached_promql(query, **expr, {kStart, kStart + 200 * kStep, kStep}, {}, annotations, cache_).ok());
  EXPECT_EQ(cache_.bytes(), 0u);
}

TEST(QueryReach, KnowsHowFarAQueryLooks) {
  const struct {
    std::string_view query;
    TimeNs oldest, newest;  // seconds; -1: tied to fixed times
  } kCases[] = {
      {"a", 300, 0},
      {"a offset 1m", 360, 60},
      {"a offset -1m", 240, -60},
      {"rate(a[5m]) + b", 300, 0},
      {"rate(a[10m] offset 1m)", 660, 60},
      {"max_over_time(rate(a[5m])[1h:1m] offset 1m)", 3960, 60},
      {"rate(a[5m] anchored)", 600, 0},
      {"rate(a[5m] smoothed)", 600, -300},
      {"a @ 5", -1, 0},
      {"a @ end()", -1, 0},
      {"a + start()", -1, 0},
      {"count_over_time(a[range()])", -1, 0},
  };
  for (const auto& [text, oldest, newest] : kCases) {
    auto expr = parse_promql(text);
    ASSERT_TRUE(expr.ok()) << text;
    ASSERT_TRUE(resolve_durations(**expr, {0, 600 * kNsPerSecond, 60 * kNsPerSecond}).ok());
    const auto reach = reach_of(**expr, {});
    EXPECT_EQ(reach ? reach->oldest : -1 * kNsPerSecond, oldest * kNsPerSecond) << text;
    EXPECT_EQ(reach ? reach->newest : 0, newest * kNsPerSecond) << text;
  }
  EXPECT_FALSE(reach_of(**parse_promql("1 + time()"), {})->any);
}

TEST_F(CachedPromql, EstimatesWithoutReading) {
  auto expr = parse_promql("sum(a_total) + b");
  ASSERT_TRUE(expr.ok());
  query::QueryContext query = context();
  const auto estimate = estimate_promql(query, **expr, {kStart, kStart + 300 * kStep, kStep}, {});
  ASSERT_TRUE(estimate.ok());
  EXPECT_EQ(estimate->selectors, 2u);
  EXPECT_EQ(estimate->series, 2u);
  EXPECT_GE(estimate->samples, 480u);
  EXPECT_GE(estimate->bytes, 301 * sizeof(double));  // b is held, a_total is summed while it is read
  EXPECT_LT(estimate->bytes, 2 * 301 * sizeof(double));
}

}  // namespace
}  // namespace trilobite::metrics
