// Cached equals uncached: random lines, many of them late, deletes, and queries that overlap in all ways.
#include "logs/cached_query.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "logs/parser.h"
#include "query/memory_store.h"

namespace trilobite::logql {
namespace {

constexpr TimeNs kSecond = kNsPerSecond;

class CachedQuery : public testing::Test {
 protected:
  CachedQuery() : pool_("query", 2), clock_(100'000 * kSecond), cache_(8 << 20) { store_.block_rows = 64; }

  struct Answer {
    Result<MetricValue> value;
    query::CacheStatistics cache;
  };
  Answer ask(const std::string& text, const query::TimeGrid& grid, query::ResultCache* cache) {
    const Expr expr = *parse(text);
    query::QueryContext context({store_, pool_, clock_}, "t", {}, nullptr);
    Result<MetricValue> value =
        cache == nullptr ? run_metric_query(context, expr, grid) : run_cached_query(context, expr, grid, *cache);
    return {std::move(value), context.statistics().cache};
  }

  query::CacheStatistics expect_same(const std::string& text, const query::TimeGrid& grid) {
    const Answer cached = ask(text, grid, &cache_), plain = ask(text, grid, nullptr);
    EXPECT_EQ(cached.value.ok(), plain.value.ok()) << text;
    if (!cached.value.ok() || !plain.value.ok()) return cached.cache;
    const auto* a = std::get_if<query::Matrix>(&*cached.value);
    const auto* b = std::get_if<query::Matrix>(&*plain.value);
    EXPECT_EQ(a == nullptr, b == nullptr) << text;
    if (a == nullptr || b == nullptr) return cached.cache;
    EXPECT_EQ(a->grid.steps(), b->grid.steps());
    EXPECT_EQ(a->series.size(), b->series.size()) << text;
    for (std::size_t s = 0; s < std::min(a->series.size(), b->series.size()); ++s) {
      EXPECT_EQ(a->series[s].labels.to_string(), b->series[s].labels.to_string()) << text;
      for (std::size_t i = 0; i < grid.steps(); ++i) {
        const double x = a->series[s].values[i], y = b->series[s].values[i];
        const bool same = query::is_absent(x) || query::is_absent(y)
                              ? query::is_absent(x) == query::is_absent(y)
                              : (std::isnan(x) && std::isnan(y)) || x == y || std::abs(x - y) <= 1e-12 * std::abs(y);
        EXPECT_TRUE(same) << text << " step " << i << ": " << x << ", not " << y;
      }
    }
    return cached.cache;
  }

  query::MemoryStore store_;
  ThreadPool pool_;
  ManualClock clock_;
  query::ResultCache cache_;
};

TEST_F(CachedQuery, ASecondTimeNothingIsReadThatDidNotChange) {
  for (int i = 0; i < 2000; ++i) store_.add({{"app", i % 2 ? "a" : "b"}}, (10'000 + i * 5) * kSecond, "n=1");
  const std::string text = R"(sum by (app) (count_over_time({app=~".+"}[1m])))";
  const query::TimeGrid grid{10'000 * kSecond, 20'000 * kSecond, 10 * kSecond};
  const auto first = expect_same(text, grid);
  EXPECT_EQ(first.slices_found, 0u);
  EXPECT_GT(first.slices_kept, 20u);
  const auto second = expect_same(text, grid);
  EXPECT_EQ(second.slices_found, second.slices_asked);
  EXPECT_EQ(second.slices_kept, 0u);
  // Spelt otherwise it is the same query; moved on by a step it finds what it has in common.
  const auto third = expect_same(R"(sum(count_over_time({app=~".+"}[1m]))by(app))",
                                 {10'010 * kSecond, 20'010 * kSecond, 10 * kSecond});
  EXPECT_GE(third.slices_found + 1, third.slices_asked);
  // A late line makes the slices near it stale, no others.
  store_.add({{"app", "a"}}, 12'345 * kSecond, "n=1");
  const auto fourth = expect_same(text, grid);
  EXPECT_LT(fourth.slices_found, fourth.slices_asked);
  EXPECT_GT(fourth.slices_found, fourth.slices_asked / 2);
  // Other steps and other queries are other results.
  EXPECT_EQ(expect_same(text, {10'000 * kSecond, 20'000 * kSecond, 20 * kSecond}).slices_found, 0u);
  EXPECT_EQ(expect_same(R"(sum by (app) (count_over_time({app=~".+"}[2m])))", grid).slices_found, 0u);
}

TEST_F(CachedQuery, TheFutureIsNotKept) {
  store_.add({{"app", "a"}}, 99'000 * kSecond, "n=1");
  const auto use =
      expect_same(R"(count_over_time({app="a"}[1h]))", {99'000 * kSecond, 120'000 * kSecond, 10 * kSecond});
  EXPECT_GT(use.slices_asked, 20u);
  EXPECT_LE(use.slices_kept, 4u);
}

TEST_F(CachedQuery, OffsetsReachElsewhere) {
  const std::string text = R"(count_over_time({app="a"}[1m] offset 1h) + count_over_time({app="a"}[1m] offset -1h))";
  const query::TimeGrid grid{20'000 * kSecond, 21'000 * kSecond, 10 * kSecond};
  for (const TimeNs at : {16'700, 20'500, 24'200}) {
    store_.add({{"app", "a"}}, (at - 3) * kSecond, "x");
    expect_same(text, grid);
    store_.add({{"app", "a"}}, at * kSecond, "x");
    expect_same(text, grid);
  }
}

TEST_F(CachedQuery, AsUncachedUnderLateLinesAndDeletes) {
  const std::vector<std::string> queries = {
      R"(sum by (app) (count_over_time({app=~".+"}[1m])))",
      R"(rate({app="a"} |= "err" [5m]))",
      R"(sum_over_time({app=~"a|b"} | logfmt | unwrap n [2m]))",
      R"(avg by (level) (avg_over_time({app=~".+"} | logfmt | unwrap n [90s])))",
      R"(quantile_over_time(0.9, {app="b"} | logfmt | unwrap n [3m]) by (app))",
      R"(topk(1, sum by (level) (count_over_time({app=~".+"} | logfmt [1m]))))",
      R"(sort_desc(sum by (level) (count_over_time({app=~".+"} | logfmt [1m]))))",
      R"(sum(rate({app="a"}[2m])) / sum(rate({app=~".+"}[2m])))",
      R"(sum by (level) (count_over_time({app="a"} | logfmt [1m])) > 2 or vector(7))",
      R"(absent_over_time({app="c"}[1m]))",
      R"q(label_replace(sum by (app) (bytes_over_time({app=~".+"}[1m] offset 10m)), "x", "$1", "app", "(.)"))q",
      R"(label_replace(sum by (app) (count_over_time({app=~".+"}[1m])), "app", "same", "app", ".*"))",
      R"(approx_topk(2, sum by (app) (count_over_time({app=~".+"}[1m]))))",
      R"(max_over_time({app="a"} | logfmt | unwrap n [10m]) by ())",
  };
  std::mt19937_64 random(5);
  const auto pick = [&](std::size_t below) { return static_cast<std::int64_t>(random() % below); };
  std::int64_t now = 20'000;
  std::uint64_t found = 0;
  for (int round = 0; round < 120; ++round) {
    now += 30 + pick(120);
    const std::int64_t lines = pick(40);
    for (std::int64_t i = 0; i < lines; ++i) {
      const std::int64_t late = pick(4) == 0 ? pick(6000) : pick(60);
      store_.add({{"app", pick(2)   ? "a"
                          : pick(2) ? "b"
                                    : "c"}},
                 (now - late) * kSecond + pick(1000),
                 "level=" + std::string(pick(3) ? "info" : "err") + " n=" + std::to_string(pick(100)) + ".25");
    }
    if (pick(10) == 0) {
      const std::int64_t start = now - pick(6000);
      store_.remove({start * kSecond, (start + pick(300)) * kSecond});
    }
    for (int q = 0; q < 4; ++q) {
      const std::int64_t step = std::vector<std::int64_t>{5, 10, 15, 60}[static_cast<std::size_t>(pick(4))];
      const std::int64_t start = (now - 600 - pick(4000)) / step * step, end = start + pick(200) * step;
      found += expect_same(queries[static_cast<std::size_t>(pick(std::size(queries)))],
                           {start * kSecond, end * kSecond, step * kSecond})
                   .slices_found;
    }
    if (HasFailure()) return;
  }
  EXPECT_GT(found, 50u);
}

}  // namespace
}  // namespace trilobite::logql
