// The syntax that Loki does not have: an error without the option, and what is printed is read back as the same. What
// it does is in tests/logql/extensions.test.
#include <gtest/gtest.h>

#include "logs/parser.h"
#include "logs/pipeline.h"
#include "logs/printer.h"

namespace trilobite::logql {
namespace {

constexpr ParseOptions kOn{.extensions = true};

TEST(Extensions, AreReadBackAsPrintedAndErrorsWithoutTheOption) {
  for (const char* query : {
           R"({} |= "x")",
           R"({a="b"} |= i"x")",
           R"({a="b"} != i"x" or "y" or i"z")",
           R"({a="b"} | json | unroll items)",
           R"({a="b"} | unroll item="a.b[0]" | item_x="1")",
           R"({a="b"} | distinct a)",
           R"({a="b"} | distinct a, b | sort by (c) desc)",
           R"({a="b"} | sort by (c, d))",
           R"(count_distinct_over_time(user, {a="b"} | json [5m]))",
           R"(sum(count_distinct_over_time(user, {} [5m] offset 1m) by (a, b)) > 3)",
       }) {
    const auto plain = parse(query);
    EXPECT_FALSE(plain.ok()) << query;
    const auto first = parse(query, kOn);
    ASSERT_TRUE(first.ok()) << query << ": " << first.error().message;
    const std::string text = to_string(*first);
    const auto second = parse(text, kOn);
    ASSERT_TRUE(second.ok()) << text << ": " << second.error().message;
    EXPECT_EQ(to_string(*second), text);
    const auto pretty = parse(to_pretty_string(*first), kOn);
    ASSERT_TRUE(pretty.ok()) << to_pretty_string(*first);
    EXPECT_EQ(to_string(*pretty), text);
  }
}

TEST(Extensions, ChangeNothingThatLokiReads) {
  for (const char* query : {
           R"({a="b"} | unroll="x")",
           R"({a="b"} | distinct="x" | sort="y" | i="z")",
           R"({a="b"} | json unroll, distinct, i | line_format "{{.i}}")",
           R"({a="b"} | count_distinct_over_time > 3)",
           R"(sort(sum by (i) (rate({i="x"}[1m]))))",
           R"(sum by (unroll, distinct, count_distinct_over_time) (rate({unroll="x"}[1m])))",
       }) {
    const auto plain = parse(query);
    ASSERT_TRUE(plain.ok()) << query << ": " << plain.error().message;
    const auto with = parse(query, kOn);
    ASSERT_TRUE(with.ok()) << query << ": " << with.error().message;
    EXPECT_EQ(to_string(*with), to_string(*plain));
  }
}

TEST(Extensions, SayWhatIsWrong) {
  for (const char* query : {R"({a="b"} | unroll)", R"({a="b"} | unroll x=)", R"({a="b"} | unroll x="a[")",
                            R"({a="b"} | distinct)", R"({a="b"} | distinct a,)", R"({a="b"} | sort by)", R"({a="b"} | sort by ())",
                            R"({a="b"} | sort by (a) down)", R"({a="b"} | sort (a))", R"({a="b"} |= i)",
                            R"({a="b"} |> i"x")", R"({a="b"} | distinct a |= "x")", R"({a="b"} | sort by (a) | a="b")",
                            R"(count_distinct_over_time(a))", R"(count_distinct_over_time({a="b"}[5m]))",
                            R"(count_distinct_over_time(a, {a="b"}))",
                            R"(count_distinct_over_time(a, {a="b"}[5m]) without (b))", R"({} | {)"}) {
    const auto parsed = parse(query, kOn);
    ASSERT_FALSE(parsed.ok()) << query;
    EXPECT_TRUE(parsed.error().message.starts_with("parse error")) << parsed.error().message;
  }
}

// Arrays that end early, and lines of any kind: no row too many, no error lost.
TEST(Unroll, SurvivesBrokenArrays) {
  struct Case {
    std::string line;
    std::size_t rows;
    bool error;
  };
  const Case cases[] = {{R"({"v":[1,2,3]})", 3, false}, {R"({"v":[]})", 0, false},     {R"({"v":[ ]})", 0, false},
                        {R"({"v":null})", 0, false},    {R"({"v":7})", 1, false},      {R"({"v":{"a":1}})", 1, false},
                        {R"({"w":[1]})", 0, false},     {"text", 0, false},            {"", 0, false},
                        {R"({"v":[1 2]})", 1, true},    {R"({"v":[1,]})", 2, true},    {R"({"v":[[1],[2]]})", 2, false},
                        {R"({"v":["a\"b",null]})", 2, false}};
  const auto expr = parse(R"({a="b"} | unroll v)", kOn);
  ASSERT_TRUE(expr.ok());
  const auto pipeline = Pipeline::compile(std::get<LogExpr>(expr->node), {});
  ASSERT_TRUE(pipeline.ok());
  const LabelSet labels = LabelSet::from_pairs({{"a", "b"}});
  PipelineWorker worker(*pipeline);
  worker.begin_stream(labels);
  for (const Case& c : cases) {
    std::size_t rows = 0;
    bool error = false;
    bool passes = worker.process(1, c.line, "");
    do {
      if (passes) ++rows;
      error = error || (passes && !worker.error().empty());
    } while (worker.process_next(passes));
    EXPECT_EQ(rows, c.rows) << c.line;
    EXPECT_EQ(error, c.error) << c.line;
  }
}

}  // namespace
}  // namespace trilobite::logql
