// Kept results over the embedded store: samples that come late, in any order and twice, flushes and merges between
// queries. What is kept never shows.
#include <gtest/gtest.h>

#include <random>

#include "base/simulated_file_system.h"
#include "metrics/cached_promql.h"
#include "metrics/durations.h"
#include "metrics/parser.h"
#include "storage/embedded_store.h"

namespace trilobite::metrics {
namespace {

constexpr TimeNs kStart = 1'768'435'200 * kNsPerSecond;
constexpr TimeNs kStep = 15 * kNsPerSecond;

class CachedOverStore : public testing::Test {
 protected:
  CachedOverStore() : pool_("query", 2), clock_(kStart + 86'400 * kNsPerSecond) {
    StorageOptions options;
    options.directory = "data";
    options.background = false;
    auto opened = EmbeddedStore::open({files_, clock_}, options);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    store_ = std::move(*opened);
  }

  // Samples of one series at these steps.
  void append(int series, const std::vector<int>& steps) {
    Batch batch;
    batch.label_sets.push_back(std::make_shared<LabelSet>(
        LabelSet::from_pairs({{"__name__", "a_total"}, {"instance", std::to_string(series)}})));
    std::vector<double> values;
    for (const int step : steps) {
      batch.label_set_of_row.push_back(0);
      batch.times.push_back(kStart + step * kStep);
      values.push_back(series * 100 + step);
    }
    batch.columns.push_back({std::string(kValueColumn), Column(std::move(values))});
    const Result<void> done = store_->append("fake", Signal::kMetrics, batch, {});
    ASSERT_TRUE(done.ok()) << done.error().message;
  }

  std::string ask(std::string_view text, const query::TimeGrid& grid, query::ResultCache* cache) {
    auto expr = parse_promql(text);
    if (!expr.ok() || !resolve_durations(**expr, grid).ok()) return "bad query";
    query::QueryContext context({*store_, pool_, clock_}, "fake", query::QueryLimits(), nullptr);
    Annotations annotations;
    auto result = cache == nullptr ? run_promql(context, **expr, grid, {}, annotations)
                                   : run_cached_promql(context, **expr, grid, {}, annotations, *cache);
    found_ += context.statistics().cache.slices_found;
    if (!result.ok()) return "error: " + result.error().message;
    std::string out;
    for (const ResultSeries& series : result->series) {
      out += series.labels.to_string();
      for (const Point& point : series.points) out += fmt::format(" {}:{}", point.time, point.value);
      out += '\n';
    }
    return out;
  }

  SimulatedFileSystem files_;
  ThreadPool pool_;
  ManualClock clock_;
  std::unique_ptr<EmbeddedStore> store_;
  query::ResultCache cache_{4u << 20};
  std::uint64_t found_ = 0;
};

TEST_F(CachedOverStore, NeverShows) {
  std::mt19937 random(7);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  const std::string_view kQueries[] = {"sum(rate(a_total[2m]))", "a_total", "max(a_total offset 3m)",
                                       "count(count_over_time(a_total[5m]))", "sum(sum_over_time(a_total[4m:30s]))"};
  for (int round = 0; round < 60; ++round) {
    for (int i = 0; i < 4; ++i) {
      // Mostly what is newest, now and then something late or a repeat.
      const int first = below(4) == 0 ? below(round * 5 + 1) : round * 5;
      std::vector<int> steps;
      for (int step = first; step < first + 1 + below(8); ++step) steps.push_back(step);
      append(i, steps);
    }
    if (below(9) == 0) {
      ASSERT_TRUE(store_->flush().ok());
    }
    if (below(12) == 0) {
      ASSERT_TRUE(store_->merge_once().ok());
    }
    const TimeNs from = below(2) == 0 ? 0 : 32 * below(round / 8 + 1);
    const query::TimeGrid grid{kStart + from * kStep, kStart + (from + 40 + below(260)) * kStep, kStep};
    const std::string_view text = kQueries[below(std::size(kQueries))];
    EXPECT_EQ(ask(text, grid, &cache_), ask(text, grid, nullptr)) << text << " in round " << round;
  }
  EXPECT_GT(found_, 0u);
}

}  // namespace
}  // namespace trilobite::metrics
