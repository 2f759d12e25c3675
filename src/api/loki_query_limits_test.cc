// What a tenant may not ask is refused in Loki's words; limits of several tenants together are the strictest.
#include "api/loki_query_limits.h"

#include <gtest/gtest.h>

#include "logs/parser.h"

namespace trilobite::api {
namespace {

using namespace std::chrono_literals;

TEST(LokiQueryLimits, Refusals) {
  struct Case {
    std::string_view query, want;
    query::QueryLimits limits;
  };
  const Case cases[] = {
      {R"({app="x"})", "", {}},
      {R"({app="x"})", "", {.required_labels = {"app"}, .matchers_min = 1}},
      {R"({app="x", env="y"})",
       "stream selector is missing required matchers [team, zone], labels present in the query were [app, env]",
       {.required_labels = {"team", "app", "zone"}}},
      {R"(sum(rate({team="x"}[1m])) / sum(rate({app="x"}[1m])))",
       "stream selector is missing required matchers [team], labels present in the query were [app]",
       {.required_labels = {"team"}}},
      {R"({app="x"})",
       "stream selector has less label matchers than required: (present: [app], number_present: 1, "
       "required_number_label_matchers: 2)",
       {.matchers_min = 2}},
      {R"(topk(2, label_replace(rate({app="x"}[1w]), "a", "b", "c", "d")))",
       "[interval] value exceeds limit: [1w] > [1d]",
       {.interval_max = 24h}},
      {R"(rate({app="x"}[1d]))", "", {.interval_max = 24h}},
      {R"({app="x"} |= "y")", "query blocked by policy", {.blocked = {"never", R"(.*\|= "y")"}}},
      {R"({app="x"} |= "yes")", "", {.blocked = {R"(.*\|= "y")"}}},
      {R"(rate({a="1",b="2"}[1m]) + rate({c="3"}[1m]))",
       "max streams matchers per query exceeded, matchers-count > limit (3 > 2)",
       {.matchers_max = 2}},
  };
  for (const Case& c : cases) {
    const auto expr = logql::parse(c.query);
    ASSERT_TRUE(expr.ok()) << c.query;
    const auto done = check_query(*expr, c.query, c.limits);
    EXPECT_EQ(done.ok() ? "" : done.error().message, c.want) << c.query;
  }
}

TEST(LokiQueryLimits, LookbackCutsTheRange) {
  const TimeNs hour = 3600 * kNsPerSecond;
  const query::QueryLimits limits{.lookback_max = 2h};
  const auto cut = [&](TimeNs start, TimeNs end, const query::QueryLimits& by) {
    const Bounds bounds = within_lookback({start, end}, 10 * hour, by);
    return std::pair(bounds.start / hour, bounds.end / hour);
  };
  EXPECT_EQ(cut(9 * hour, 10 * hour, limits), (std::pair<TimeNs, TimeNs>(9, 10)));
  EXPECT_EQ(cut(1 * hour, 10 * hour, limits), (std::pair<TimeNs, TimeNs>(8, 10)));
  EXPECT_EQ(cut(1 * hour, 2 * hour, limits), (std::pair<TimeNs, TimeNs>(8, 8)));
  EXPECT_EQ(cut(1 * hour, 2 * hour, {}), (std::pair<TimeNs, TimeNs>(1, 2)));
}

TEST(LokiQueryLimits, TheStrictestOfTwo) {
  const query::QueryLimits both = query::strictest(
      {.length_max = 0s, .bytes_read_max = 5, .series_max = 7, .required_labels = {"a"}, .matchers_min = 2},
      {.length_max = 1h, .bytes_read_max = 0, .series_max = 9, .required_labels = {"a", "b"}, .matchers_min = 1});
  EXPECT_EQ(both.length_max, 1h);
  EXPECT_EQ(both.bytes_read_max, 5u);
  EXPECT_EQ(both.series_max, 7u);
  EXPECT_EQ(both.required_labels, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(both.matchers_min, 2u);
}

}  // namespace
}  // namespace trilobite::api
