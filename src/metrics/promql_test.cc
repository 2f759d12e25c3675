// What queries answer, on a store in memory: one row per query. The suite of scripts says the rest.
#include "metrics/promql.h"

#include <gtest/gtest.h>

#include <cmath>

#include "metrics/memory_samples.h"
#include "metrics/parser.h"
#include "query/number_format.h"

namespace trilobite::metrics {
namespace {

constexpr TimeNs kSecond = kNsPerSecond;

class PromqlTest : public testing::Test {
 protected:
  // Samples every `step` seconds from zero on; NaN as "no sample".
  void load(const std::string& series, TimeNs step, const std::vector<double>& values) {
    const LabelSet labels = parse_series(series).value();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!std::isnan(values[i])) store_.add(labels, static_cast<TimeNs>(i) * step * kSecond, values[i]);
    }
  }

  Result<QueryResult> run(std::string_view text, const query::TimeGrid& grid) {
    TRY(expr, parse_promql(text));
    query::QueryLimits limits;
    limits.timeout = {};
    query::QueryContext context({store_, pool_, clock_}, "", limits, nullptr);
    return run_promql(context, *expr, grid, options_, annotations_);
  }

  // "{a="b"} 1 2@20 | ..." in order of labels; times of points only where they are not those of the grid in order.
  std::string answer(std::string_view text, const query::TimeGrid& grid) {
    Result<QueryResult> result = run(text, grid);
    if (!result.ok()) return "error: " + result.error().message;
    if (result->type == ValueType::kScalar) return query::number_text(result->scalar.at(0).value);
    std::vector<std::string> lines;
    for (const ResultSeries& series : result->series) {
      std::string line = series.labels.to_string();
      for (const Point& point : series.points) {
        line += " " + query::number_text(point.value);
        if (grid.step > 0) line += "@" + query::number_text(static_cast<double>(point.time) / 1e9);
      }
      lines.push_back(line);
    }
    std::sort(lines.begin(), lines.end());
    std::string out;
    for (const std::string& line : lines) out += (out.empty() ? "" : " | ") + line;
    return out;
  }
  std::string at(TimeNs seconds, std::string_view text) {
    return answer(text, query::TimeGrid::instant(seconds * kSecond));
  }
  std::string range(TimeNs start, TimeNs end, TimeNs step, std::string_view text) {
    return answer(text, {start * kSecond, end * kSecond, step * kSecond});
  }

  MemorySamples store_;
  ThreadPool pool_{"promql", 3};
  ManualClock clock_;
  PromqlOptions options_;
  Annotations annotations_;
};

TEST_F(PromqlTest, SelectorsLookBackAndLeaveTheOldestMomentOut) {
  load("m{a=\"x\"}", 60, {1, 2});
  EXPECT_EQ(at(60, "m"), "{__name__=\"m\", a=\"x\"} 2");
  EXPECT_EQ(at(359, "m"), "{__name__=\"m\", a=\"x\"} 2");
  EXPECT_EQ(at(360, "m"), "");
  EXPECT_EQ(range(0, 120, 60, "m"), "{__name__=\"m\", a=\"x\"} 1@0 2@60 2@120");
  EXPECT_EQ(range(0, 120, 60, "m @ 0"), "{__name__=\"m\", a=\"x\"} 1@0 1@60 1@120");
  EXPECT_EQ(at(120, "m offset 1m"), "{__name__=\"m\", a=\"x\"} 2");
  EXPECT_EQ(at(60, "m[1m]"), "{__name__=\"m\", a=\"x\"} 2");
  EXPECT_EQ(at(60, "m[61s]"), "{__name__=\"m\", a=\"x\"} 1 2");
}

TEST_F(PromqlTest, RatesUndoResetsAndReachTheEdges) {
  load("c_total", 10, {0, 10, 20, 5, 15, 25});
  EXPECT_EQ(at(50, "increase(c_total[50s])"), "{} 43.75");
  EXPECT_EQ(at(50, "delta(c_total[50s])"), "{} 18.75");
  EXPECT_EQ(at(30, "irate(c_total[50s])"), "{} 0.5");
  EXPECT_EQ(at(50, "resets(c_total[1m])"), "{} 1");
  EXPECT_EQ(range(20, 40, 10, "rate(c_total[20s])"), "{} 1@20 0.5@30 0.75@40");
  options_.whole_number_increase = true;
  EXPECT_EQ(at(50, "increase(c_total[50s])"), "{} 45");
}

TEST_F(PromqlTest, AggregationsFoldWhatWorkersRead) {
  for (int i = 0; i < 40; ++i) {
    load("m{g=\"" + std::to_string(i % 2) + "\", i=\"" + std::to_string(i) + "\"}", 10, {double(i), double(i + 1)});
  }
  EXPECT_EQ(at(0, "sum(m)"), "{} 780");
  EXPECT_EQ(at(0, "sum by (g) (m)"), "{g=\"0\"} 380 | {g=\"1\"} 400");
  EXPECT_EQ(at(0, "avg without (i) (m)"), "{g=\"0\"} 19 | {g=\"1\"} 20");
  EXPECT_EQ(at(0, "count(m)"), "{} 40");
  EXPECT_EQ(at(0, "max(m) - min(m)"), "{} 39");
  // Which worker read which series decides the last digit.
  EXPECT_EQ(at(0, "round(stdvar(m), 0.0001)"), "{} 133.25");
  EXPECT_EQ(at(0, "quantile(0.5, m)"), "{} 19.5");
  EXPECT_EQ(at(0, "topk(1, m)"), "{__name__=\"m\", g=\"1\", i=\"39\"} 39");
  EXPECT_EQ(at(0, "count(limitk(7, m))"), "{} 7");
  EXPECT_EQ(at(0, "count(limit_ratio(0.3, m)) + count(limit_ratio(-0.7, m))"), "{} 40");
  EXPECT_EQ(at(0, "count_values(\"v\", m > bool 30)"), "{v=\"0\"} 31 | {v=\"1\"} 9");
  EXPECT_EQ(range(0, 10, 10, "sum(increase(m[20s]))"), "{} 79@10");
}

TEST_F(PromqlTest, VectorsMatch) {
  load("a{x=\"1\"}", 10, {2, 3});
  load("a{x=\"2\"}", 10, {4, 5});
  load("b{x=\"1\"}", 10, {10, 10});
  load("b{x=\"3\"}", 10, {10, 10});
  load("one{k=\"v\"}", 10, {7, 7});
  EXPECT_EQ(at(0, "a * b"), "{x=\"1\"} 20");
  EXPECT_EQ(at(0, "a > 3"), "{__name__=\"a\", x=\"2\"} 4");
  EXPECT_EQ(at(0, "a > bool 3"), "{x=\"1\"} 0 | {x=\"2\"} 1");
  EXPECT_EQ(at(0, "3 < a"), "{__name__=\"a\", x=\"2\"} 4");
  EXPECT_EQ(at(0, "a and b"), "{__name__=\"a\", x=\"1\"} 2");
  EXPECT_EQ(at(0, "a unless b"), "{__name__=\"a\", x=\"2\"} 4");
  EXPECT_EQ(at(0, "a or b"),
            "{__name__=\"a\", x=\"1\"} 2 | {__name__=\"a\", x=\"2\"} 4 | {__name__=\"b\", x=\"3\"} 10");
  EXPECT_EQ(at(0, "a + on () group_left (k) one"), "{k=\"v\", x=\"1\"} 9 | {k=\"v\", x=\"2\"} 11");
  EXPECT_EQ(at(0, "a + fill(0) b"), "{x=\"1\"} 12 | {x=\"2\"} 4 | {x=\"3\"} 10");
  EXPECT_EQ(at(0, "-a"), "{x=\"1\"} -2 | {x=\"2\"} -4");
  EXPECT_EQ(at(0, "one + on () a"),
            "error: found duplicate series for the match group {} on the right hand-side of the operation: "
            "[{__name__=\"a\", x=\"2\"}, {__name__=\"a\", x=\"1\"}];many-to-many matching not allowed: matching labels "
            "must be unique on one side");
  EXPECT_EQ(at(0, "a + on () one"),
            "error: multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)");
  EXPECT_EQ(at(0, "a + on () group_left (x) one"),
            "error: multiple matches for labels: grouping labels must ensure unique matches");
  EXPECT_EQ(range(0, 10, 10, "a or b * 2"),
            "{__name__=\"a\", x=\"1\"} 2@0 3@10 | {__name__=\"a\", x=\"2\"} 4@0 5@10 | {x=\"3\"} 20@0 20@10");
}

TEST_F(PromqlTest, EqualLabelsAreRefusedAtOneStepOnly) {
  load("a", 60, {1, std::nan(""), std::nan("")});
  load("b", 60, {std::nan(""), 5, 6});
  options_.lookback = 30 * kSecond;
  EXPECT_EQ(range(0, 120, 60, "abs({__name__=~\"a|b\"})"), "{} 1@0 5@60 6@120");
  EXPECT_EQ(range(0, 120, 60, "rate({__name__=~\"a|b\"}[3m])"), "{} 0.008333333333333333@120");
  options_.lookback = 300 * kSecond;
  const std::string refused = "error: vector cannot contain metrics with the same labelset";
  EXPECT_EQ(range(0, 120, 60, "abs({__name__=~\"a|b\"})"), refused);
  EXPECT_EQ(range(0, 120, 60, "sum(-{__name__=~\"a|b\"})"), refused);
  options_.delayed_name_removal = true;
  EXPECT_EQ(at(60, "label_replace(-a, \"__name__\", \"new\", \"\", \"\")"), "{__name__=\"new\"} -1");
  EXPECT_EQ(at(60, "sum(-{__name__=~\"a|b\"})"), "{} -6");
}

TEST_F(PromqlTest, SubqueriesStandOnTheAbsoluteGrid) {
  load("m", 10, {0, 1, 2, 3, 4, 5, 6});
  EXPECT_EQ(at(55, "count_over_time(m[30s:10s])"), "{} 3");
  EXPECT_EQ(at(60, "sum_over_time(m[30s:10s])"), "{} 15");
  EXPECT_EQ(at(60, "max_over_time(rate(m[20s])[40s:20s])"), "{} 0.1");
  EXPECT_EQ(range(40, 60, 20, "sum_over_time((m * 2)[20s:10s] offset 10s)"), "{} 10@40 18@60");
  EXPECT_EQ(at(5, "sum_over_time(m[1s:10s])"), "");
}

TEST_F(PromqlTest, FarTimesAndFineGridsAreBounded) {
  load("m", 10, {0, 1, 2});
  EXPECT_EQ(at(20, "count_over_time(m[290y])"), "{} 3");
  EXPECT_EQ(at(20, "m offset -290y"), "");
  EXPECT_EQ(at(20, "m @ -9e9"), "");
  EXPECT_EQ(at(-9'000'000'000, "count_over_time(m[290y] offset 290y)"), "");
  EXPECT_EQ(at(20, "count_over_time(vector(1)[200y:1ms])"),
            "error: query processing would load too many samples into memory in query execution");
}

TEST_F(PromqlTest, FunctionsOfTimeAndScalars) {
  load("m", 10, {0, 1, 2});
  EXPECT_EQ(at(15, "time()"), "15");
  EXPECT_EQ(at(15, "timestamp(m)"), "{} 10");
  EXPECT_EQ(range(10, 20, 10, "timestamp(m @ 10)"), "{} 10@10 10@20");
  EXPECT_EQ(at(1'136'239'445, "year() * 10000 + month() * 100 + day_of_month()"), "{} 20060102");
  EXPECT_EQ(at(0, "day_of_week()"), "{} 4");
  EXPECT_EQ(at(20, "scalar(m) + pi() - pi()"), "2");
  EXPECT_EQ(at(20, "absent(m{a=\"b\",c=~\"d\"})"), "{a=\"b\"} 1");
  EXPECT_EQ(range(0, 20, 10, "vector(time()) > 5"), "{} 10@10 20@20");
  EXPECT_EQ(at(20, "sort_desc(clamp(m, 0, 1))"), "{} 1");
  EXPECT_EQ(at(20, "double_exponential_smoothing(m[1m], 2, 0.5)"),
            "error: invalid smoothing factor. Expected: 0 < sf < 1, got: 2.000000");
}

TEST_F(PromqlTest, LimitsEndQueries) {
  load("m{a=\"1\"}", 10, {0, 1, 2});
  load("m{a=\"2\"}", 10, {0, 1, 2});
  options_.samples_max = 5;
  EXPECT_EQ(range(0, 20, 10, "m"),
            "error: query processing would load too many samples into memory in query execution");
  options_.samples_max = 100;
  options_.memory_max = 100;
  EXPECT_EQ(range(0, 20, 10, "m").find("error: the query would need about"), 0u);
  options_.memory_max = 600;
  EXPECT_EQ(range(0, 20, 10, "m + m + m + m + m"),
            "error: the query needs more than 600 bytes of memory, the limit of one query");
  EXPECT_EQ(range(0, 20, 10, "sum(m)"), "{} 0@0 2@10 4@20");
}

}  // namespace
}  // namespace trilobite::metrics
