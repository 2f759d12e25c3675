// The parser accepts what Loki accepts, builds the tree that it builds (seen through the printer), and refuses the rest
// with the text that it gives.
#include "logs/parser.h"

#include <gtest/gtest.h>

#include "logs/printer.h"

namespace trilobite::logql {
namespace {

struct Case {
  std::string query;
  std::string want;
};

TEST(Parser, PrintsTheCanonicalForm) {
  const Case cases[] = {
      {R"({ app =  "audit" ,env=~"p.*"}|="x"|json)", R"({app="audit", env=~"p.*"} |= "x" | json)"},
      {"# comment\n{a=`b`} # more\n|= \"c\"", R"({a="b"} |= "c")"},
      {R"({a="b"} |= "x" or "y" != ip("1.2.3.4"))", R"({a="b"} |= "x" or "y" != ip("1.2.3.4"))"},
      {R"({a="b"} |> "<_>x" !> `y<_>` |~ "z+" !~ "w")", R"({a="b"} |> "<_>x" !> "y<_>" |~ "z+" !~ "w")"},
      {R"({a="b"} | json x="c.d", e | logfmt --strict --keep-empty f)",
       R"({a="b"} | json x="c.d",e="e" | logfmt --strict --keep-empty f="f")"},
      {R"({a="b"} | drop c, d="e" | keep f, g=~"h+")", R"({a="b"} | drop c,d="e" | keep f,g=~"h+")"},
      {R"q({a="b"} | pattern "<x> <_>" | regexp "(?P<y>z)" | unpack | decolorize)q",
       R"q({a="b"} | pattern "<x> <_>" | regexp "(?P<y>z)" | unpack | decolorize)q"},
      {R"({a="b"} | label_format c=d, e=`{{.f}}` | line_format `x "y"`)",
       R"({a="b"} | label_format c=d,e="{{.f}}" | line_format "x \"y\"")"},
      // and, or, comma and blank.
      {R"({a="b"} | a="1" or b="2" and c="3")", R"({a="b"} | ( a="1" or ( b="2" , c="3" ) ))"},
      {R"({a="b"} | a="1" and b="2", c="3")", R"({a="b"} | ( a="1" , ( b="2" , c="3" ) ))"},
      {R"({a="b"} | a="1", b="2" and c="3" or d="4")", R"({a="b"} | ( a="1" , ( ( b="2" , c="3" ) or d="4" ) ))"},
      {R"({a="b"} | a="1" b="2" or c="3")", R"({a="b"} | ( a="1" , ( b="2" or c="3" ) ))"},
      {R"({a="b"} | (a="1" or b="2") and c="3")", R"({a="b"} | ( ( a="1" or b="2" ) , c="3" ))"},
      {R"({a="b"} | a>1 and b<=2s or c!=3KB)", R"({a="b"} | ( ( a>1 , b<=2s ) or c!=3.0kB ))"},
      {R"({a="b"} | a==-1.5 | b>=1h30m | c<1234567 | d=ip("10.0.0.0/8"))",
       R"({a="b"} | a=-1.5 | b>=1h30m0s | c<1234567 | d=ip("10.0.0.0/8"))"},
      {R"({a="b"} | size > 60KiB)", R"({a="b"} | size>61440B)"},
      // Function names are labels where no parenthesis follows.
      {R"({a="b"} | count > 5 | sum="x" or rate!="y" | ip="z")",
       R"({a="b"} | count>5 | ( sum="x" or rate!="y" ) | ip="z")"},
      // Metrics.
      {R"(sum(rate({a="b"}[5m]))by(c))", R"(sum by (c)(rate({a="b"}[5m])))"},
      {R"(SUM WITHOUT (c) (COUNT_OVER_TIME({a="b"}[90s])))", R"(sum without (c)(count_over_time({a="b"}[1m30s])))"},
      {R"(rate(({a="b"} | json)[5m]))", R"(rate({a="b"} | json[5m]))"},
      {R"(rate({a="b"}[5m] offset 1m | json | unwrap x))", R"(rate({a="b"} | json | unwrap x[5m] offset 1m0s))"},
      {R"(rate(({a="b"}[5m] offset -1m)))", R"(rate({a="b"}[5m] offset -1m0s))"},
      {R"(avg_over_time({a="b"} | unwrap duration(d) | __error__="" [1d]) by (e))",
       R"(avg_over_time({a="b"} | unwrap duration(d) | __error__=""[1d]) by (e))"},
      {R"(quantile_over_time(0.95, {a="b"} | unwrap bytes(x) [1w]))",
       R"(quantile_over_time(0.95,{a="b"} | unwrap bytes(x)[1w]))"},
      {R"(topk(3, rate({a="b"}[1m])))", R"(topk(3, rate({a="b"}[1m])))"},
      {R"(sort_desc(sum(rate({a="b"}[1m]))))", R"(sort_desc(sum(rate({a="b"}[1m]))))"},
      {R"q(label_replace(rate({a="b"}[1m]), "x", "$1", "a", "(.*)"))q",
       R"q(label_replace(rate({a="b"}[1m]),"x","$1","a","(.*)"))q"},
      {R"(rate({a="b"}[1m]) > bool 5)", R"((rate({a="b"}[1m]) > bool 5))"},
      {R"(vector(1) + vector(2) * vector(3) ^ vector(4) ^ vector(5))",
       "(vector(1.000000) + (vector(2.000000) * (vector(3.000000) ^ (vector(4.000000) ^ vector(5.000000)))))"},
      {"vector(1) or vector(2) and vector(3)", "(vector(1.000000) or (vector(2.000000) and vector(3.000000)))"},
      {R"(rate({a="b"}[1m]) / on (x) group_left (y) rate({a="b"}[1m]))",
       R"((rate({a="b"}[1m]) / on (x) group_left (y) rate({a="b"}[1m])))"},
      {R"(rate({a="b"}[1m]) * ignoring () group_right rate({a="b"}[1m]))",
       R"((rate({a="b"}[1m]) * ignoring () group_right () rate({a="b"}[1m])))"},
      // Literals fold.
      {"1 + 2 * 3", "7"},
      {"2 > 1 > 0", "1"},
      {"2 ^ 3 ^ 2", "512"},
      {"-1 + 1e3", "999"},
      {"7 % 4 == 3", "1"},
      {R"(variants(rate({a="b"}[1m])) of ({a="b"}[1m]))", R"(variants(rate({a="b"}[1m])) of ({a="b"}[1m]))"},
  };
  for (const Case& c : cases) {
    const auto parsed = parse(c.query);
    ASSERT_TRUE(parsed.ok()) << c.query << ": " << parsed.error().message;
    EXPECT_EQ(to_string(*parsed), c.want) << c.query;
    const auto again = parse(to_string(*parsed));
    ASSERT_TRUE(again.ok()) << c.want << ": " << again.error().message;
    EXPECT_EQ(to_string(*again), c.want);
  }
}

TEST(Parser, RefusesWithTheTextOfLoki) {
  const Case cases[] = {
      {"", "parse error : syntax error: unexpected $end"},
      {"{", "parse error at line 1, col 2: syntax error: unexpected $end, expecting IDENTIFIER or }"},
      {"}", "parse error at line 1, col 1: syntax error: unexpected }"},
      {"{app}", "parse error at line 1, col 5: syntax error: unexpected }, expecting = or =~ or !~ or !="},
      {"{app=}", "parse error at line 1, col 6: syntax error: unexpected }, expecting STRING"},
      {R"({app="audit")", "parse error at line 1, col 13: syntax error: unexpected $end, expecting } or ,"},
      {R"({app="audit",})", "parse error at line 1, col 14: syntax error: unexpected }, expecting IDENTIFIER"},
      {R"({app=="audit"})", "parse error at line 0, col 5: syntax error: unexpected ==, expecting = or =~ or !~ or !="},
      {R"({app='audit'})", "parse error at line 1, col 6: invalid char literal"},
      {R"({app="\q"})", "parse error at line 1, col 6: invalid char escape"},
      {"{app=\"a\nb\"}", "parse error at line 1, col 6: literal not terminated"},
      {R"({app=~"a**"})", "parse error : error parsing regexp: invalid nested repetition operator: `**`"},
      {R"({app!~".+"})",
       "parse error : queries require at least one regexp or equality matcher that does not have an empty-compatible "
       "value. For instance, app=~\".*\" does not meet this requirement, but app=~\".+\" will"},
      {R"({a="b"} |)", "parse error at line 1, col 10: syntax error: unexpected $end"},
      {R"({a="b"} |=)", "parse error at line 1, col 11: syntax error: unexpected $end, expecting STRING or ip"},
      {R"({a="b"} =~ "x")", "parse error at line 0, col 9: syntax error: unexpected =~"},
      {R"({a="b"} | x="1" and)",
       "parse error at line 1, col 20: syntax error: unexpected $end, expecting IDENTIFIER or ("},
      {R"({a="b"} | (x="1")", "parse error at line 1, col 17: syntax error: unexpected $end"},
      {R"({a="b"} | by="x")", "parse error at line 1, col 11: syntax error: unexpected by"},
      {R"({a="b"} | size > 5EB)", "parse error at line 1, col 18: exponent has no digits"},
      {R"({a="b"} | logfmt --nope)",
       "parse error at line 1, col 20: syntax error: unexpected IDENTIFIER, expecting NUMBER"},
      {R"({a="b"} | pattern "no captures")", "parse error : invalid pattern parser: at least one capture is required"},
      {R"({a="b"} | pattern "<x><y>")",
       "parse error : invalid pattern parser: found consecutive capture '<x><y>': invalid expression"},
      {R"q({a="b"} | regexp "(?P<a>x")q",
       "parse error : invalid regexp parser: error parsing regexp: missing closing ): `(?P<a>x`"},
      {R"q({a="b"} | regexp "x")q", "parse error : invalid regexp parser: at least one named capture must be supplied"},
      {R"({a="b"} |> "<_><_>")",
       "parse error : stage '|> \"<_><_>\"' : found consecutive capture '<_><_>': invalid expression"},
      {R"({a="b"} |= ip("300.1.1.1"))",
       "parse error : stage '|= ip(\"300.1.1.1\")' : ip: invalid pattern: \"300.1.1.1\""},
      {R"({a="b"} | json x="a[1.5]")",
       "parse error : stage '| json x=\"a[1.5]\"' : cannot parse expression [a[1.5]]: syntax error: unexpected $end, "
       "expecting STRING or INDEX"},
      {R"({a="b"} | label_format x=y, x=z)",
       "parse error : stage '| label_format x=y,x=z' : multiple label name 'x' not allowed in a single format "
       "operation"},
      {R"({a="b"} | line_format "{{.x")",
       "parse error : stage '| line_format \"{{.x\"' : invalid line template: template: line:1: unclosed action"},
      {R"({a="b"} | line_format "{{ env \"HOME\" }}")",
       "parse error : stage '| line_format \"{{ env \\\"HOME\\\" }}\"' : invalid line template: template: line:1: "
       "function \"env\" not defined"},
      {R"(rate({a="b"}[5x]))", "parse error at line 0, col 13: unknown unit \"x\" in duration \"5x\""},
      {R"(rate({a="b"}[5]))", "parse error at line 0, col 13: not a valid duration string: \"5\""},
      {R"(rate({a="b"}[1m))", "parse error at line 0, col 13: missing closing ']' in duration"},
      {R"(rate({a="b"}[1m]) by (c))", "parse error : grouping not allowed for rate aggregation"},
      {R"(count_over_time(5, {a="b"}[1m]))", "parse error : parameter 5 not supported for operation count_over_time"},
      {R"(quantile_over_time({a="b"} | unwrap x [1m]))",
       "parse error : parameter required for operation quantile_over_time"},
      {R"(sum_over_time({a="b"}[1m]))", "parse error : invalid aggregation sum_over_time without unwrap"},
      {R"(count_over_time({a="b"} | unwrap x [1m]))", "parse error : invalid aggregation count_over_time with unwrap"},
      {R"({a="b"} | unwrap x)", "parse error at line 1, col 11: syntax error: unexpected unwrap"},
      {R"(topk(rate({a="b"}[1m])))", "parse error : parameter required for operation topk"},
      {R"(topk(0, rate({a="b"}[1m])))", "parse error : invalid parameter (must be greater than 0) topk(0"},
      {R"(topk(1.5, rate({a="b"}[1m])))", "parse error : invalid parameter topk(1.5,"},
      {R"(sum(5, rate({a="b"}[1m])))", "parse error : unsupported parameter for operation sum(5,"},
      {R"(-sum(rate({a="b"}[1m])))", "parse error at line 1, col 2: syntax error: unexpected SUM, expecting NUMBER"},
      {R"({a="b"} + 1)", "parse error : unexpected type for left leg of binary operation (+): *syntax.MatchersExpr"},
      {"vector(1) and 5",
       "parse error : unexpected literal for right leg of logical/set binary operation (and): 5.000000"},
      {"0x1F",
       "parse error : unable to parse literal as a float: strconv.ParseFloat: parsing \"0x1F\": invalid syntax"},
      {"vector(1 + 1)", "parse error at line 1, col 10: syntax error: unexpected +, expecting )"},
      {"abs(vector(1))", "parse error at line 1, col 1: syntax error: unexpected IDENTIFIER"},
      {std::string(131072, ' '), "parse error : input size too long (131072 > 131072)"},
  };
  for (const Case& c : cases) {
    const auto parsed = parse(c.query);
    ASSERT_FALSE(parsed.ok()) << c.query;
    EXPECT_EQ(parsed.error().message, c.want) << c.query;
  }
}

TEST(Parser, DepthIsLimited) {
  std::string chain = "vector(1)";
  for (int i = 0; i < 5000; ++i) chain += "+vector(1)";
  EXPECT_FALSE(parse(chain).ok());
  EXPECT_FALSE(parse(std::string(5000, '(') + "1" + std::string(5000, ')')).ok());
  std::string filters = "{a=\"b\"} | ";
  for (int i = 0; i < 5000; ++i) filters += "(";
  EXPECT_FALSE(parse(filters).ok());
}

TEST(Parser, MatchersAlone) {
  EXPECT_EQ(parse_matchers(R"q({a="b", c!~"d"})q")->size(), 2U);
  EXPECT_TRUE(parse_matchers("{}")->empty());
  EXPECT_EQ(parse_matchers(R"q({a="b"} |= "x")q").error().message, "only label matchers are supported");
  EXPECT_FALSE(parse_matchers("{").ok());
}

TEST(Parser, LongQueriesAreBrokenOverLines) {
  const auto parsed = parse(
      R"q(sum by (level) (rate({app="a rather long name of an application"} | json | level="error" [5m])) / sum(rate({app="a rather long name of an application"}[5m])))q");
  ASSERT_TRUE(parsed.ok());
  const std::string pretty = to_pretty_string(*parsed);
  EXPECT_GT(std::count(pretty.begin(), pretty.end(), '\n'), 1);
  const auto again = parse(pretty);
  ASSERT_TRUE(again.ok()) << pretty;
  EXPECT_EQ(to_string(*again), to_string(*parsed));
}

}  // namespace
}  // namespace trilobite::logql
