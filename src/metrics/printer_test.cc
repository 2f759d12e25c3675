// Long queries over several lines, in Prometheus' form; and nodes alone.
#include "metrics/printer.h"

#include <gtest/gtest.h>

#include "metrics/ast_json.h"
#include "metrics/parser.h"

namespace trilobite::metrics {
namespace {

constexpr std::string_view kLong =
    "a_very_long_metric_name_seconds_bucket{cluster=\"a-cluster\",namespace=\"a-namespace\"}";

std::string filled(std::string_view text) {
  std::string out(text);
  for (std::size_t at = out.find('$'); at != std::string::npos; at = out.find('$', at)) out.replace(at, 1, kLong);
  return out;
}

TEST(PromqlPrinter, BreaksWhatIsTooLong) {
  const struct {
    std::string_view query, want;  // $ stands for kLong
  } kCases[] = {
      {"a+b", "a + b"},
      {"histogram_quantile(0.9, sum by (le) (rate($[5m])))",
       "histogram_quantile(\n  0.9,\n  sum by (le) (\n    rate($[5m])\n  )\n)"},
      {"$ + on(a) group_left(b) $", "  $\n+ on (a) group_left (b)\n  $"},
      {"($ > bool 5) * -sum($ + 1234567)", "  ($ > bool 5)\n*\n  -sum($ + 1234567)"},
      {"-sum($ + 1234567890123)", "-sum(\n  $ + 1234567890123\n)"},
      {"($ + 12345678901234567)", "(\n    $\n  +\n    12345678901234568\n)"},
      {"topk(5, sum($) + 1)", "topk(\n  5,\n  sum($) + 1\n)"},
      {"max_over_time(rate($[5m])[1h:1m])", "max_over_time(\n  rate($[5m])[1h:1m]\n)"},
      {"label_replace(max_over_time(up[1h:]), \"$\", \"b\", \"c\", \"d\")", ""},
  };
  for (const auto& [query, want] : kCases) {
    const auto parsed = parse_promql(filled(query));
    if (want.empty()) {
      EXPECT_FALSE(parsed.ok());  // quotes in quotes
      continue;
    }
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    const std::string pretty = to_pretty_string(**parsed);
    const auto again = parse_promql(pretty);
    ASSERT_TRUE(again.ok()) << pretty;
    EXPECT_EQ(to_string(**again), to_string(**parsed));
    if (query.find("max_over_time") == std::string_view::npos) {
      EXPECT_EQ(pretty, filled(want));
    }
  }
}

TEST(PromqlPrinter, NamesNodes) {
  const struct {
    std::string_view query, want;
  } kCases[] = {
      {"sum by (job) (up)", "sum by (job)"},
      {"rate(up[5m])", "rate"},
      {"a * on (x) group_left b", "* on (x) group_left ()"},
      {"-a", "-"},
      {"(a)", "()"},
      {"rate(a[1m])[5m:1m] offset 1m", "[5m:1m] offset 1m"},
      {"up{job=\"a\"}[5m]", "up{job=\"a\"}[5m]"},
      {"1", "1"},
  };
  for (const auto& [query, want] : kCases) {
    const auto parsed = parse_promql(query);
    ASSERT_TRUE(parsed.ok()) << query;
    EXPECT_EQ(node_text(**parsed), want);
  }
}

TEST(PromqlJson, WritesTrees) {
  const struct {
    std::string_view query, want;  // part of it
  } kCases[] = {
      {"foo[5m] offset 1m", "\"offset\":60000,\"offsetExpr\":null,\"timestamp\":null,\"startOrEnd\":null"},
      {"foo[5m]", "\"range\":300000,\"rangeExpr\":null"},
      {"foo @ 5", "\"timestamp\":5000"},
      {"foo @ end()", "\"startOrEnd\":\"end\""},
      {"foo[5m:1m]", "\"type\":\"subquery\",\"expr\":{\"type\":\"vectorSelector\""},
      {"foo[step() + 1]", "\"range\":0,\"rangeExpr\":{\"type\":\"durationExpr\",\"op\":\"+\""},
      {"a and b", "\"card\":\"many-to-many\""},
      {"a + fill_left(2) b", "\"fillValues\":{\"lhs\":2,\"rhs\":null}"},
      {"topk(3, a)", "\"param\":{\"type\":\"numberLiteral\",\"val\":\"3\"}"},
      {"round(a)", "\"func\":{\"name\":\"round\",\"argTypes\":[\"vector\",\"scalar\"],\"variadic\":1,"},
  };
  for (const auto& [query, want] : kCases) {
    const auto parsed = parse_promql(query);
    ASSERT_TRUE(parsed.ok()) << query;
    std::string json;
    append_ast_json(json, **parsed);
    EXPECT_NE(json.find(want), std::string::npos) << json;
  }
}

}  // namespace
}  // namespace trilobite::metrics
