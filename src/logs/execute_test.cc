// Log and metric queries from text to answer, over a store of small blocks and two workers. What each stage does to a
// line is tested with the pipeline; here it is scanning, limits, windows, grouping and algebra.
#include <gtest/gtest.h>

#include <random>

#include "logs/log_query.h"
#include "logs/metric_query.h"
#include "logs/parser.h"
#include "logs/query_script_test.h"
#include "logs/rate_counter.h"

namespace trilobite::logql {
namespace {

// Every script runs with a store that applies predicates and with one that leaves them to the pipeline.
void expect_script(std::string_view script) {
  for (const bool apply : {false, true}) {
    for (const std::size_t block_rows : {1u, 3u, 1000u}) {
      QueryScript runner({apply, block_rows});
      for (const std::string& difference : runner.run(script)) {
        ADD_FAILURE() << (apply ? "store applies predicates: " : "pipeline applies predicates: ") << difference;
      }
    }
  }
}

constexpr std::string_view kWeb = R"(
  load {app="web", host="a"} from 1s every 1s
    {"level":"error","ms":12,"user":"u1"}
    {"level":"info","ms":3,"user":"u1"} x4
    {"level":"error","ms":30,"user":"u2"}
  load {app="web", host="b"} from 1s every 2s
    {"level":"info","ms":5,"user":"u2"} x3
  load {app="db"} from 2s every 2s
    slow query @ {trace="t1"}
    fast query @ {trace="t2"}
    slow query @ {trace="t1"}
)";

TEST(LogQuery, DirectionAndLimit) {
  expect_script(std::string(kWeb) + R"(
    eval logs forward limit 2 {app="db"}
      {app="db", trace="t1"} 2s slow query
      {app="db", trace="t2"} 4s fast query
    eval logs backward limit 2 {app="db"}
      {app="db", trace="t1"} 6s slow query
      {app="db", trace="t2"} 4s fast query
    eval logs backward limit 1 {app="web"} |= "error"
      {app="web", host="a"} 6s {"level":"error","ms":30,"user":"u2"}
    eval logs forward limit 3 {app="web"} | json | ms < 5 | line_format "{{.ms}}" | keep host
      {host="a"} 2s 3
      {host="a"} 3s 3
      {host="a"} 4s 3
    eval logs backward limit 10 {app="db"} != "fast"
      {app="db", trace="t1"} 6s slow query
      {app="db", trace="t1"} 2s slow query
    eval logs backward limit 10 {app="db"} |= "nothing"
    eval logs backward limit 10 {app="none"}
    eval logs forward limit 5 interval 3s {app="db"}
      {app="db", trace="t1"} 2s slow query
      {app="db", trace="t1"} 6s slow query
    eval logs backward limit 5 interval 3s {app="db"}
      {app="db", trace="t1"} 6s slow query
      {app="db", trace="t1"} 2s slow query
    eval logs backward limit 5 {app=
      expect fail parse error at line 1, col 6
  )");
}

TEST(MetricQuery, CountsAndRates) {
  expect_script(std::string(kWeb) + R"(
    eval instant at 10s sum(count_over_time({app="web"}[10s]))
      {} 9
    eval instant at 10s sum by (host) (count_over_time({app="web"}[10s]))
      {host="a"} 6
      {host="b"} 3
    eval instant at 10s count_over_time({app="db"}[10s])
      {app="db", trace="t1"} 2
      {app="db", trace="t2"} 1
    eval instant at 10s sum by (trace) (count_over_time({app="db"} |= "slow" [10s]))
      {trace="t1"} 2
    eval range 0s to 6s step 2s sum(count_over_time({app="web"}[2s]))
      {} _ 3 3 3
    eval range 0s to 6s step 2s sum(count_over_time({app="web", host="a"}[4s]))
      {} _ 2 4 4
    eval range 1s to 7s step 3s sum(count_over_time({app="web", host="a"}[1s]))
      {} 1 1 _
    eval instant at 10s sum(rate({app="web"}[10s]))
      {} 0.9
    eval instant at 10s sum(bytes_over_time({app="db"}[10s]))
      {} 30
    eval instant at 10s sum(bytes_rate({app="db"} |= "slow" [10s]))
      {} 2
    eval instant at 16s sum(count_over_time({app="web"}[10s] offset 6s))
      {} 9
    eval instant at 10s sum by (level) (count_over_time({app="web"} | json [10s]))
      {level="error"} 2
      {level="info"} 7
    eval instant at 10s sum(count_over_time({app="none"}[10s]))
    # Stages that look at labels only do not need the line, and still drop rows and give errors.
    eval instant at 10s sum by (trace) (count_over_time({app=~"web|db"} |= "query" | trace="t1" | drop __error__ [10s]))
      {trace="t1"} 2
    eval instant at 10s sum(bytes_over_time({app=~"web|db"} | host!="a" | trace!="t2" [10s]))
      {} 125
    eval instant at 10s sum(count_over_time({app="db"} | trace > 5 [10s]))
      expect fail pipeline error: 'LabelFilterErr' for series:
    eval range 20s to 40s step 20s sum(count_over_time({app="db"} | trace > 5 [1s]))
    eval instant at 10s count_over_time({app="db"} | keep app [10s])
      {app="db"} 3
    eval instant at 10s absent_over_time({app="none", host=~"x"}[10s])
      {app="none"} 1
    eval range 0s to 12s step 4s absent_over_time({app="db"}[4s])
      {app="db"} 1 _ _ 1
  )");
}

TEST(MetricQuery, UnwrappedValues) {
  expect_script(std::string(kWeb) + R"(
    eval instant at 10s sum by (user) (sum_over_time({app="web"} | json | unwrap ms [10s]))
      {user="u1"} 24
      {user="u2"} 45
    eval instant at 10s avg_over_time({app="web"} | json | unwrap ms [10s]) by (level)
      {level="error"} 21
      {level="info"} 3.857142857142857
    eval instant at 10s max_over_time({app="web"} | json | unwrap ms [10s]) by (host)
      {host="a"} 30
      {host="b"} 5
    eval instant at 10s min_over_time({app="web"} | json | unwrap ms [10s]) by ()
      {} 3
    eval instant at 10s quantile_over_time(0.5, {app="web"} | json | unwrap ms [10s]) by (host)
      {host="a"} 3
      {host="b"} 5
    eval range 2s to 6s step 2s quantile_over_time(1, {app="web", host="a"} | json | unwrap ms [4s]) by ()
      {} 12 12 30
    eval instant at 10s first_over_time({app="web"} | json | unwrap ms [10s]) by (host)
      {host="a"} 12
      {host="b"} 5
    eval instant at 10s last_over_time({app="web"} | json | unwrap ms [10s]) by (host)
      {host="a"} 30
      {host="b"} 5
    eval instant at 10s sum(rate({app="web"} | json | unwrap ms [10s]))
      {} 6.9
    eval instant at 10s sum(sum_over_time({app=~"web|db"} | json | unwrap ms [10s]))
      {} 69
    eval instant at 10s sum(sum_over_time({app="web"} | json | unwrap user [10s]))
      expect fail pipeline error: 'SampleExtractionErr' for series:
    eval instant at 10s sum(sum_over_time({app="web"} | json | unwrap user | __error__="" [10s]))
    # Between windows nothing counts, not even an error.
    eval range 20s to 40s step 20s sum(sum_over_time({app="web"} | json | unwrap user [1s]))
    eval instant at 10s count_over_time({app="db"} | json [10s])
      expect fail pipeline error: 'JSONParserErr' for series:
  )");
}

TEST(MetricQuery, AlgebraOfVectors) {
  expect_script(std::string(kWeb) + R"x(
    eval instant at 10s topk(1, sum by (host) (count_over_time({app="web"}[10s])))
      {host="a"} 6
    eval instant at 10s topk(2, sum by (host) (count_over_time({app="web"}[10s])))
      {host="a"} 6
      {host="b"} 3
    eval instant at 10s sort(sum by (host) (count_over_time({app="web"}[10s])))
      {host="b"} 3
      {host="a"} 6
    eval instant at 10s sort_desc(sum by (host) (count_over_time({app="web"}[10s])))
      {host="a"} 6
      {host="b"} 3
    eval instant at 10s sum by (host) (count_over_time({app="web"}[10s])) > 4
      {host="a"} 6
    eval instant at 10s sum by (host) (count_over_time({app="web"}[10s])) / on() group_left vector(9)
      {host="a"} 0.6666666666666666
      {host="b"} 0.3333333333333333
    eval instant at 10s sum(count_over_time({app="web"}[10s])) / 0
      {} NaN
    eval instant at 10s sum(count_over_time({app="none"}[10s])) or vector(0)
      {} 0
    eval instant at 10s 1 + 2
      3
    eval range 0s to 4s step 2s vector(7)
      {} 7 7 7
    eval instant at 10s label_replace(sum by (host) (count_over_time({app="web"}[10s])), "node", "n-$1", "host", "(.*)")
      {host="a", node="n-a"} 6
      {host="b", node="n-b"} 3
    eval instant at 10s max(sum by (host) (count_over_time({app="web"}[10s])))
      {} 6
    eval range 0s to 4s step 2s approx_topk(1, sum by (host) (count_over_time({app="web"}[10s])))
      expect fail count min sketches are only supported on instant queries
  )x");
}

TEST(RateCounter, MatchesLoki) {
  const auto of = [](std::vector<query::Sample> samples) { return rate_counter(samples, 60 * kNsPerSecond); };
  EXPECT_EQ(of({{0, 5}}), 0);
  // No extrapolation when the first value is zero.
  EXPECT_DOUBLE_EQ(of({{0, 0}, {30 * kNsPerSecond, 60}}), 1);
  // A reset adds what was counted before it.
  EXPECT_NEAR(of({{0, 10}, {10 * kNsPerSecond, 20}, {20 * kNsPerSecond, 5}}), 15.0 / 60, 1e-6);
}

// A store of many rows against a model that filters and counts by hand.
TEST(LogQuery, EqualsTheModelOnRandomRows) {
  const unsigned seed = 42;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  query::MemoryStore store;
  struct Row {
    TimeNs time;
    std::string line;
  };
  std::vector<Row> rows;
  for (int i = 0; i < 3000; ++i) {
    rows.push_back(
        {static_cast<TimeNs>(random() % 100'000), (random() % 3 == 0 ? "hit " : "miss ") + std::to_string(i)});
    store.add({{"app", "x"}, {"host", std::to_string(random() % 7)}}, rows.back().time, rows.back().line);
  }
  ThreadPool pool("query", 4);
  ManualClock clock;
  const auto expr = parse("{app=\"x\"} |~ \"h[i]t\"");
  ASSERT_TRUE(expr.ok());
  for (int round = 0; round < 20; ++round) {
    store.block_rows = 1 + random() % 200;
    const TimeRange range{static_cast<TimeNs>(random() % 50'000), static_cast<TimeNs>(50'000 + random() % 60'000)};
    const bool forward = random() % 2 == 0;
    const std::size_t limit = 1 + random() % 400;
    std::vector<TimeNs> want;
    for (const Row& row : rows) {
      if (row.time >= range.start && row.time < range.end && row.line.starts_with("hit")) want.push_back(row.time);
    }
    std::sort(want.begin(), want.end());
    if (!forward) std::reverse(want.begin(), want.end());
    if (want.size() > limit) want.resize(limit);

    query::QueryContext context({store, pool, clock}, "t", {}, nullptr);
    const auto got = run_log_query(context, std::get<LogExpr>(expr->node),
                                   {range, forward ? Direction::kForward : Direction::kBackward, limit, 0});
    ASSERT_TRUE(got.ok());
    std::vector<TimeNs> times;
    for (const LogRow& row : *got) times.push_back(row.time);
    ASSERT_EQ(times, want) << "round " << round;
  }
}

TEST(Limits, EndQueries) {
  query::MemoryStore store;
  for (int i = 0; i < 40; ++i) store.add({{"app", "x"}, {"n", std::to_string(i)}}, i, "line");
  ThreadPool pool("query", 2);
  ManualClock clock;
  const auto expr = parse("count_over_time({app=\"x\"}[1m])");
  ASSERT_TRUE(expr.ok());
  const query::TimeGrid grid = query::TimeGrid::instant(kNsPerSecond);
  const auto run = [&](const query::QueryLimits& limits, std::shared_ptr<CancelToken> cancel) {
    query::QueryContext context({store, pool, clock}, "t", limits, std::move(cancel));
    const auto value = run_metric_query(context, *expr, grid);
    return value.ok() ? std::string() : value.error().message;
  };
  query::QueryLimits limits;
  EXPECT_EQ(run(limits, nullptr), "");
  limits.series_max = 39;
  EXPECT_TRUE(run(limits, nullptr).starts_with("maximum number of series (39) reached for a single query"));
  limits = {};
  limits.bytes_read_max = 1;
  EXPECT_TRUE(run(limits, nullptr).starts_with("the query would read too many bytes"));
  limits = {};
  limits.memory_max = 100;
  EXPECT_TRUE(run(limits, nullptr).starts_with("the query needs more memory"));
  auto cancel = std::make_shared<CancelToken>();
  cancel->cancel();
  EXPECT_EQ(run({}, cancel), "request was cancelled");
}

}  // namespace
}  // namespace trilobite::logql
