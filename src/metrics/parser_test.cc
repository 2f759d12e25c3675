// What parses, into which tree, and what the errors are that clients of Prometheus see.
#include "metrics/parser.h"

#include <gtest/gtest.h>

#include <cmath>

#include "metrics/annotations.h"
#include "metrics/durations.h"
#include "metrics/functions.h"
#include "metrics/printer.h"

namespace trilobite::metrics {
namespace {

// The tree with its structure in view: (left op right), and so on down.
std::string shape(const Expr& expr) {
  if (const auto* binary = std::get_if<Binary>(&expr.node)) {
    return "(" + shape(*binary->left) + " " + node_text(expr) + " " + shape(*binary->right) + ")";
  }
  if (const auto* unary = std::get_if<Unary>(&expr.node)) return "(" + node_text(expr) + shape(*unary->expr) + ")";
  if (const auto* paren = std::get_if<Paren>(&expr.node)) return "[" + shape(*paren->expr) + "]";
  return to_string(expr);
}

TEST(PromqlParser, BindsOperatorsByPrecedence) {
  const struct {
    std::string_view query, want;
  } kCases[] = {
      {"1 + 2 * 3", "(1 + (2 * 3))"},
      {"1 * 2 + 3", "((1 * 2) + 3)"},
      {"a - b - c", "((a - b) - c)"},
      {"2 ^ 3 ^ 4", "(2 ^ (3 ^ 4))"},
      {"-2 ^ 2", "(-(2 ^ 2))"},
      {"-a * b", "((-a) * b)"},
      {"a ^ -b * c", "((a ^ (-b)) * c)"},
      {"a or b and c unless d or e", "((a or ((b and c) unless d)) or e)"},
      {"a == b + c > d", "((a == (b + c)) > d)"},
      {"a atan2 b % c", "((a atan2 b) % c)"},
      {"a </ b >/ c", "((a </ b) >/ c)"},
      {"--1", "1"},
      {"-(1)", "(-[1])"},
      {"-a offset 5m", "(-a offset 5m)"},
      {"a + b @ 5 offset -1m", "(a + b @ 5.000 offset -1m)"},
      {"a offset 100 + 2", "(a offset 1m40s + 2)"},
      {"a offset -2 ^ 2", "(a offset -2s ^ 2)"},
      {"a offset step()*0", "(a offset step() * 0)"},
      {"a offset -(min_of(step(), 2s)-5)+8", "(a offset -(min_of(step(), 2s) - 5) + 8)"},
      {"a offset (1h) / b", "(a offset (1h) / b)"},
      {"and and and", "(and and and)"},
      {"sum + by * offset", "(sum + (by * offset))"},
      {"fill + fill_left", "(fill + fill_left)"},
  };
  for (const auto& [query, want] : kCases) {
    const auto parsed = parse_promql(query);
    ASSERT_TRUE(parsed.ok()) << query << ": " << parsed.error().message;
    EXPECT_EQ(shape(**parsed), want) << query;
  }
}

TEST(PromqlParser, ReadsNumbersAndStrings) {
  const struct {
    std::string_view query;
    double want;
  } kNumbers[] = {
      {"1", 1},        {"1.5", 1.5},     {".5", 0.5},       {"5.", 5},         {"1e3", 1000},
      {"1E-2", 0.01},  {"0x1F", 31},     {"0X1f", 31},      {"017", 15},       {"089", 89},
      {"1_000", 1000}, {"0x_f", 15},     {"1_0.5_0", 10.5}, {"Inf", INFINITY}, {"-iNf", -INFINITY},
      {"1h30m", 5400}, {"-5ms", -0.005}, {"1y", 31536000},  {"1e-400", 0},     {"99999999999999999999", 1e20},
  };
  for (const auto& [query, want] : kNumbers) {
    const auto parsed = parse_promql(query);
    ASSERT_TRUE(parsed.ok()) << query << ": " << parsed.error().message;
    const auto* literal = std::get_if<NumberLiteral>(&(*parsed)->node);
    ASSERT_NE(literal, nullptr) << query;
    EXPECT_EQ(literal->value, want) << query;
  }
  const auto nan = parse_promql("nan");
  ASSERT_TRUE(nan.ok());
  EXPECT_TRUE(std::isnan(std::get<NumberLiteral>((*nan)->node).value));

  const struct {
    std::string_view query, want;
  } kStrings[] = {
      {R"("a\n\t\\\"")", "a\n\t\\\""},
      {R"('it\'s "x"')", "it's \"x\""},
      {R"("\x41\101\u00e9\U0001F600")", "AA\xc3\xa9\xf0\x9f\x98\x80"},
      {"`raw\\n\n\"`", "raw\\n\n\""},
      {R"('\\')", "\\"},
      {R"("")", ""},
  };
  for (const auto& [query, want] : kStrings) {
    const auto parsed = parse_promql(query);
    ASSERT_TRUE(parsed.ok()) << query << ": " << parsed.error().message;
    EXPECT_EQ(std::get<StringLiteral>((*parsed)->node).value, want) << query;
  }
}

TEST(PromqlParser, PrintsWhatItRead) {
  const struct {
    std::string_view query, want;  // "": as written
  } kCases[] = {
      {"up  offset   5m", "up offset 5m"},
      {"foo @ start()", ""},
      {"foo{a='b',c!~`d`}", "foo{a=\"b\",c!~\"d\"}"},
      {"foo{}", "foo"},
      {"{\"quoted.name\", \"a.b\"=\"c\"}", "{\"a.b\"=\"c\",__name__=\"quoted.name\"}"},
      {"rate(foo[5m:1m] @ 100 offset 10m)", "rate(foo[5m:1m] @ 100.000 offset 10m)"},
      {"sum by(a,b,)(x)", "sum by (a, b) (x)"},
      {"sum(x) by ()", "sum(x)"},
      {"sum without() (x)", "sum without () (x)"},
      {"quantile(0.5, foo) without (\"a.b\", x)", "quantile without (\"a.b\", x) (0.5, foo)"},
      {"x and on(a,b) y", "x and on (a, b) y"},
      {"x * on(a) group_left(c,d) y", "x * on (a) group_left (c, d) y"},
      {"x * ignoring() group_right y", "x * ignoring () group_right () y"},
      {"x > bool on() fill(0) y", "x > bool on () fill (0) y"},
      {"x + fill_right(-1e30) fill_left(5m) y", "x + fill_left (300) fill_right (-1e+30) y"},
      {"rate(foo[300] anchored @ end())", "rate(foo[5m] anchored @ end())"},
      {"foo smoothed offset 1m", ""},
      {"foo[(5m + step()) * 2:min_of(1m, range() / 7)] offset -(1m)", ""},
      {"foo[0.0005]", ""},
      {"foo[1e-30]", "foo[0.000000001]"},
      {"foo[90d] offset 2w", "foo[90d] offset 2w"},
      {"# comment\nfoo # more", "foo"},
      {"Inf", "+Inf"},
      {"Inf ^ 2 * -Inf", ""},
      {"+1", "1"},
      {"label_join(up, \"a\", \",\")", ""},
      {"time()", ""},
      {"start() + end() + step() + range() + min_of(1, 2)", ""},
      {"up:", ""},
      {"a:b{c=~\"x|y\"}", ""},
      {"info(up, {a=~\".*\"})", ""},
      {"info(up, {})", ""},
      {"sum by (bool, on, group_left, atan2, inf_) (x)", ""},
      {"{on=\"x\",sum!=\"y\"}", "{on=\"x\",sum!=\"y\"}"},
  };
  for (const auto& [query, want] : kCases) {
    const auto parsed = parse_promql(query);
    ASSERT_TRUE(parsed.ok()) << query << ": " << parsed.error().message;
    const std::string text = to_string(**parsed);
    EXPECT_EQ(text, want.empty() ? query : want);
    const auto again = parse_promql(text);
    ASSERT_TRUE(again.ok()) << text << ": " << again.error().message;
    EXPECT_EQ(to_string(**again), text);
  }
}

TEST(PromqlParser, ReportsErrorsAsPrometheusDoes) {
  const struct {
    std::string_view query, want;
  } kCases[] = {
      {"", "unknown position: parse error: no expression found in input"},
      {" ", "1:1: parse error: no expression found in input"},
      {"1 + ", "1:5: parse error: unexpected end of input"},
      {"1 +\n\n  up up", "3:6: parse error: unexpected identifier \"up\""},
      {"1 2", "1:3: parse error: unexpected number \"2\""},
      {"up = 1", "1:4: parse error: unexpected \"=\""},
      {"up == == 1", "1:7: parse error: unexpected <op:==>"},
      {"up == bool", "1:11: parse error: unexpected end of input"},
      {"up and group_left up", "1:8: parse error: unexpected <group_left>"},
      {"@ 5", "1:1: parse error: unexpected <op:@>"},
      {"on", "1:1: parse error: unexpected <on>"},
      {"atan2", "1:1: parse error: unexpected <op:atan2>"},
      {"up sum", "1:4: parse error: unexpected <aggr:sum>"},
      {"by (job) (up)", "1:4: parse error: unexpected \"(\""},
      {"up \"a long string here\"", "1:4: parse error: unexpected string \"\\\"a long st\"..."},
      {"up up:x", "1:4: parse error: unexpected metric identifier \"up:x\""},
      {"!up", "1:1: parse error: unexpected character after '!': 'u'"},
      {"up =~ \"a\"", "1:4: parse error: unexpected character after '=': '~'"},
      {"up $ 1", "1:4: parse error: unexpected character: '$'"},
      {"(up", "1:4: parse error: unclosed left parenthesis"},
      {"sum(up))", "1:9: parse error: unexpected right parenthesis ')'"},
      {"sum(up up)", "1:8: parse error: unexpected identifier \"up\" in aggregation"},
      {"rate(up[5m] 1)", "1:13: parse error: unexpected number \"1\""},
      {"up[5]]", "1:6: parse error: unexpected right bracket ']'"},
      {"up{job=\"\"}[5m", "1:14: parse error: unclosed left bracket"},
      {"up[", "1:4: parse error: unexpected end of input in duration expression"},
      {"up[:1m]", "1:5: parse error: unexpected colon before duration in duration expression"},
      {"up[x]", "1:4: parse error: unexpected character in duration expression: 'x'"},
      {"up[5m x]", "1:7: parse error: unexpected character: 'x', expected ':'"},
      {"up[5m 5m]", "1:7: parse error: unexpected duration \"5m\" in subquery or range, expected \":\" or \"]\""},
      {"up[5m:1m:1m]", "1:9: parse error: unexpected colon ':'"},
      {"up[5m:*]",
       "1:7: parse error: unexpected <op:*> in subquery selector, expected number, duration, step(), range(), or "
       "\"]\""},
      {"up[*5m]",
       "1:4: parse error: unexpected <op:*> in subquery or range selector, expected number, duration, step(), or "
       "range()"},
      {"up[0s]", "1:4: parse error: duration must be greater than 0"},
      {"up[-5m]", "1:4: parse error: duration must be greater than 0"},
      {"up[5m:0]", "1:7: parse error: duration must be greater than 0"},
      {"up[5m/0]", "1:6: parse error: division by zero"},
      {"up[5m%0]", "1:6: parse error: modulo by zero"},
      {"up[1e12]", "1:4: parse error: duration out of range"},
      {"up offset 300y", "1:11: parse error: duration out of range"},
      {"5m1h", "1:1: parse error: not a valid duration string: \"5m1h\""},
      {"1e", "1:1: parse error: bad number or duration syntax: \"1e\""},
      {"1.5h", "1:1: parse error: unknown unit \".\" in duration \"1.5h\""},
      {"1__0", "1:1: parse error: bad number or duration syntax: \"1__\""},
      {"1e309", "1:1: parse error: error parsing number: strconv.ParseFloat: parsing \"1e309\": value out of range"},
      {"0x", "1:1: parse error: error parsing number: strconv.ParseFloat: parsing \"0x\": invalid syntax"},
      {"time()[5m]", "1:7: parse error: ranges only allowed for vector selectors"},
      {"(up)[5m]", "1:5: parse error: ranges only allowed for vector selectors"},
      {"up offset 5m [5m]", "1:14: parse error: no offset modifiers allowed before range"},
      {"up @ 5 [5m]", "1:8: parse error: no @ modifiers allowed before range"},
      {"up offset",
       "1:10: parse error: unexpected end of input in offset, expected number, duration, step(), or range()"},
      {"up offset 5m offset 5m", "1:1: parse error: offset may not be set multiple times"},
      {"1 offset 5m",
       "1:1: parse error: offset modifier must be preceded by an instant vector selector or range vector selector or a "
       "subquery"},
      {"1 @ 5",
       "1:1: parse error: @ modifier must be preceded by an instant vector selector or range vector selector or a "
       "subquery"},
      {"up @ start", "1:11: parse error: unexpected end of input in @, expected timestamp"},
      {"up @ x", "1:6: parse error: unexpected identifier \"x\" in @, expected timestamp"},
      {"up @ 5 @ 5", "1:1: parse error: @ <timestamp> may not be set multiple times"},
      {"up @ Inf", "1:1: parse error: timestamp out of bounds for @ modifier: +Inf"},
      {"up{", "1:4: parse error: unexpected end of input inside braces"},
      {"up{1=\"a\"}", "1:4: parse error: unexpected character inside braces: '1'"},
      {"up{job~\"a\"}", "1:7: parse error: unexpected character inside braces: '~'"},
      {"up{job!x}", "1:7: parse error: unexpected character after '!' inside braces: 'x'"},
      {"up{job=}", "1:8: parse error: unexpected \"}\" in label matching, expected string"},
      {"up{job}", "1:7: parse error: unexpected \"}\" in label matching, expected label matching operator"},
      {"up{job=\"a\",,}", "1:12: parse error: unexpected \",\" in label matching, expected identifier or \"}\""},
      {"up{job=\"a\" b=\"c\"}",
       "1:12: parse error: unexpected identifier \"b\" in label matching, expected \",\" or \"}\""},
      {"up{job=\"x\"} {a=\"b\"}", "1:13: parse error: unexpected \"{\""},
      {"up{job=~\"(\"}", "1:4: parse error: error parsing regexp: missing closing ): `(`"},
      {"{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
      {"{job=~\".*\",a!~\"x\"}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
      {"foo{__name__=\"bar\"}", "1:1: parse error: metric name must not be set twice: \"foo\" or \"bar\""},
      {"foo{\"bar\"}", "1:1: parse error: metric name must not be set twice: \"foo\" or \"bar\""},
      {"\"abc", "1:1: parse error: unterminated quoted string"},
      {"`abc", "1:1: parse error: unterminated raw string"},
      {R"("\xZZ")", "1:1: parse error: illegal character U+005A 'Z' in escape sequence"},
      {R"("\q")", "1:1: parse error: unknown escape sequence U+0071 'q'"},
      {R"(up{a="\ud800"})", "1:6: parse error: escape sequence is an invalid Unicode code point"},
      {"\"\xff\"", "1:1: parse error: invalid UTF-8 rune"},
      {"sum by job (up)", "1:8: parse error: unexpected identifier \"job\" in grouping opts, expected \"(\""},
      {"sum by (job up", "1:13: parse error: unexpected identifier \"up\" in grouping opts, expected \",\" or \")\""},
      {"up + on(1) up", "1:9: parse error: unexpected number \"1\" in grouping opts, expected label"},
      {"up * on(a) group_left", "1:22: parse error: unexpected end of input in grouping opts, expected \"(\""},
      {"sum by (\"\") (up)", "1:9: parse error: invalid label name for grouping: \"\""},
      {"sum()", "1:1: parse error: no arguments for aggregate expression provided"},
      {"sum(up, up)",
       "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 1, got 2"},
      {"topk(up)", "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1"},
      {"sum(1)", "1:5: parse error: expected type instant vector in aggregation expression, got scalar"},
      {"topk(up, up)", "1:6: parse error: expected type scalar in aggregation parameter, got instant vector"},
      {"nofunc(up)", "1:1: parse error: unknown function with name \"nofunc\""},
      {"nofunc(up", "1:10: parse error: unclosed left parenthesis"},
      {"abs(up,)", "1:7: parse error: trailing commas not allowed in function call args"},
      {"rate()", "1:1: parse error: expected 1 argument(s) in call to \"rate\", got 0"},
      {"round()", "1:1: parse error: expected at least 1 argument(s) in call to \"round\", got 0"},
      {"round(up, 1, 2)", "1:1: parse error: expected at most 2 argument(s) in call to \"round\", got 3"},
      {"rate(up)", "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector"},
      {"label_join(up, \"a\", \"b\", 1)",
       "1:26: parse error: expected type string in call to function \"label_join\", got scalar"},
      {"info(up, foo)", "1:10: parse error: expected label selectors only, got vector selector instead"},
      {"info(up, ({a=\"b\"}))", "1:10: parse error: expected label selectors only"},
      {"-\"a\"",
       "1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got "
       "\"string\""},
      {"-up[5m]",
       "1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got \"range "
       "vector\""},
      {"\"a\"[5m:1m]", "1:1: parse error: subquery is only allowed on instant vector, got string instead"},
      {"up[5m][5m:]", "1:1: parse error: subquery is only allowed on instant vector, got matrix instead"},
      {"1 == 1", "1:3: parse error: comparisons between scalars must use BOOL modifier"},
      {"up + bool 1", "1:4: parse error: bool modifier can only be used on comparison operators"},
      {"up and bool up", "1:4: parse error: bool modifier can only be used on comparison operators"},
      {"\"a\" + 1", "1:1: parse error: binary expression must contain only scalar and instant vector types"},
      {"up + \"a\"", "1:6: parse error: binary expression must contain only scalar and instant vector types"},
      {"up and 1", "1:1: parse error: set operator \"and\" not allowed in binary scalar expression"},
      {"up and on(a) group_left up", "1:1: parse error: no grouping allowed for \"and\" operation"},
      {"up + on(a) 1", "1:1: parse error: vector matching only allowed between instant vectors"},
      {"up * on(a,b) group_left(b) up", "1:4: parse error: label \"b\" must not occur in ON and GROUP clause at once"},
      {"up and fill(0) up", "1:1: parse error: filling in missing series not allowed for set operators"},
      {"up + fill(0) 1", "1:1: parse error: filling in missing series only allowed between instant vectors"},
      {"up + fill_left(1) fill_left(2) up", "1:28: parse error: unexpected \"(\""},
      {"rate(up[5m] anchored smoothed)", "1:6: parse error: anchored and smoothed modifiers cannot be used together"},
      {"rate(up[5m:1m] anchored)", "1:6: parse error: anchored modifier is not supported for subqueries"},
  };
  for (const auto& [query, want] : kCases) {
    const auto parsed = parse_promql(query);
    ASSERT_FALSE(parsed.ok()) << query << " is " << to_string(**parsed);
    EXPECT_EQ(parsed.error().message, want) << query;
    EXPECT_EQ(parsed.error().code, Code::kInvalid) << query;
  }
}

TEST(PromqlParser, RefusesWhatIsSwitchedOff) {
  const ParseOptions off{false, false, false, false};
  const struct {
    std::string_view query, want;
  } kCases[] = {
      {"info(up)", "1:1: parse error: function \"info\" is not enabled"},
      {"limitk(1, up)",
       "1:1: parse error: limitk() is experimental and must be enabled with "
       "--enable-feature=promql-experimental-functions"},
      {"up[5m + 1m]", "1:4: parse error: experimental duration expression is not enabled"},
      {"up[step()]", "1:4: parse error: experimental duration expression is not enabled"},
      {"up offset (1m)", "1:12: parse error: experimental duration expression is not enabled"},
      {"rate(up[5m] anchored)", "1:6: parse error: anchored modifier is experimental and not enabled"},
      {"up smoothed", "1:1: parse error: smoothed modifier is experimental and not enabled"},
      {"a + fill(0) b", "1:1: parse error: binop fill modifiers are experimental and not enabled"},
  };
  for (const auto& [query, want] : kCases) {
    EXPECT_TRUE(parse_promql(query).ok()) << query;
    const auto parsed = parse_promql(query, off);
    ASSERT_FALSE(parsed.ok()) << query;
    EXPECT_EQ(parsed.error().message, want);
  }
}

TEST(PromqlParser, BoundsDepthAndLength) {
  const auto repeat = [](std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
  };
  EXPECT_TRUE(parse_promql(repeat("(", 200) + "1" + repeat(")", 200)).ok());
  for (const std::string& query : {repeat("(", 100'000) + "1", repeat("-", 100'000) + "a", "a" + repeat("+a", 100'000),
                                   "a" + repeat("^a", 100'000), repeat("sum(", 100'000), "up[" + repeat("(", 100'000),
                                   "up[1" + repeat("+1", 100'000) + "]", "up[1" + repeat("^1", 100'000) + "]",
                                   "a" + repeat("[5m:]", 100'000), repeat("a", 2'000'000)}) {
    const auto parsed = parse_promql(query);
    ASSERT_FALSE(parsed.ok()) << query.substr(0, 20);
    EXPECT_LT(parsed.error().message.size(), 200u);
  }
}

TEST(PromqlParser, ReadsSelectorsAndSeries) {
  const auto matchers = parse_selector("up{job=~\"a|b\",\"x.y\"!=\"\"}");
  ASSERT_TRUE(matchers.ok());
  ASSERT_EQ(matchers->size(), 3u);
  EXPECT_EQ((*matchers)[0].op, MatchOp::kRegex);
  EXPECT_EQ((*matchers)[1].name, "x.y");
  EXPECT_EQ((*matchers)[2].name, "__name__");
  EXPECT_TRUE(parse_selector("{a=\"\"}").ok());  // the caller asks whether it may match everything
  const struct {
    std::string_view text, want;
  } kRefused[] = {
      {"up[5m]", "1:3: parse error: unexpected \"[\""},
      {"sum(up)", "1:4: parse error: unexpected \"(\""},
      {"up{", "1:4: parse error: unexpected end of input inside braces"},
      {"", "unknown position: parse error: unexpected end of input"},
      {"5", "1:1: parse error: unexpected number \"5\""},
  };
  for (const auto& [text, want] : kRefused) {
    const auto refused = parse_selector(text);
    ASSERT_FALSE(refused.ok()) << text;
    EXPECT_EQ(refused.error().message, want);
  }

  const auto series = parse_series("up{job=\"a\", \"x.y\"='b',}");
  ASSERT_TRUE(series.ok());
  EXPECT_EQ(*series, LabelSet::from_pairs({{"__name__", "up"}, {"job", "a"}, {"x.y", "b"}}));
  EXPECT_EQ(*parse_series("{\"a.b\", c=\"d\"}"), LabelSet::from_pairs({{"__name__", "a.b"}, {"c", "d"}}));
  EXPECT_EQ(*parse_series("{}"), LabelSet());
  EXPECT_EQ(parse_series("up{a=~\"b\"}").error().message,
            "1:5: parse error: unexpected <op:=~> in label set, expected \"=\"");
  EXPECT_EQ(parse_series("up{a=\"b\" c=\"d\"}").error().message,
            "1:10: parse error: unexpected identifier \"c\" in label set, expected \",\" or \"}\"");
}

TEST(PromqlDurations, ResolveOnTheGrid) {
  const query::TimeGrid grid{0, 600 * kNsPerSecond, 60 * kNsPerSecond};
  const struct {
    std::string_view query, want;  // an error begins with a digit
  } kCases[] = {
      {"up[step() * 2 + 5m]", "7m"},
      {"up[range() / 4]", "2m30s"},
      {"up[2 ^ 3 * 15s]", "2m"},
      {"up[7m % 4m]", "3m"},
      {"up[5m + 0.5]", "5m500ms"},
      {"up[max_of(step(), 2m)]", "2m"},
      {"up[min_of(step(), 2m)]", "1m"},
      {"up[-(1m - 3m)]", "2m"},
      {"up[1m - 2m]", "3:10: duration must be greater than 0"},
      {"up[1m / (step() - 60)]", "3:20: division by zero"},
      {"up[10 ^ 300]", "3:11: duration is out of range"},
  };
  for (const auto& [query, want] : kCases) {
    auto parsed = parse_promql(query);
    ASSERT_TRUE(parsed.ok()) << query << ": " << parsed.error().message;
    const auto resolved = resolve_durations(**parsed, grid);
    const auto& range = std::get<MatrixSelector>((*parsed)->node).range;
    EXPECT_EQ(resolved.ok() ? duration_text(range.value) : resolved.error().message, want) << query;
  }
  auto instant = parse_promql("up[step()]");
  ASSERT_TRUE(instant.ok());
  EXPECT_EQ(resolve_durations(**instant, query::TimeGrid::instant(0)).error().message,
            "3:9: duration must be greater than 0");
  auto offset = parse_promql("up offset -(step() * 2)");
  ASSERT_TRUE(offset.ok());
  ASSERT_TRUE(resolve_durations(**offset, grid).ok());
  EXPECT_EQ(std::get<VectorSelector>((*offset)->node).modifiers.offset->value, -120 * kNsPerSecond);
}

TEST(PromqlDurations, AreWrittenAsPrometheusDoes) {
  const struct {
    TimeNs duration;
    std::string_view want;
  } kCases[] = {{0, "0s"},
                {5'400 * kNsPerSecond, "1h30m"},
                {90 * 86'400 * kNsPerSecond, "90d"},
                {14 * 86'400 * kNsPerSecond, "2w"},
                {365 * 86'400 * kNsPerSecond, "1y"},
                {1'001'500'000, "1s1ms"},
                {-5 * kNsPerSecond, "-5s"},
                {999, "0s"}};
  for (const auto& [duration, want] : kCases) EXPECT_EQ(duration_text(duration), want);
  EXPECT_EQ(time_minus(INT64_MIN, 1), INT64_MIN);
  EXPECT_EQ(time_plus(INT64_MAX, 1), INT64_MAX);
  EXPECT_EQ(time_minus(5, 7), -2);
}

TEST(PromqlAnnotations, CarryPlacesAndAreBounded) {
  Annotations annotations;
  annotations.warn("b", {4, 5});
  annotations.warn("b", {2, 3});
  annotations.warn("a", {0, 1});
  annotations.info("c", {3, 4});
  EXPECT_EQ(annotations.warnings("1\n+ 2"),
            (std::vector<std::string>{"PromQL warning: a (1:1)", "PromQL warning: b (2:3)"}));
  EXPECT_EQ(annotations.infos("1\n+ 2"), std::vector<std::string>{"PromQL info: c (2:2)"});
  EXPECT_EQ(annotations.warnings("1\n+ 2", 1),
            (std::vector<std::string>{"PromQL warning: a (1:1)", "1 more warning annotations omitted"}));
}

TEST(PromqlFunctions, AreSortedAndFound) {
  std::string_view before;
  for (const FunctionSignature& function : functions()) {
    EXPECT_LT(before, function.name);
    before = function.name;
    EXPECT_EQ(find_function(function.name), &function);
  }
  EXPECT_EQ(find_function("holt_winters"), nullptr);
}

}  // namespace
}  // namespace trilobite::metrics
