// What each stage makes of a line, with its labels; errors; lazy parsing against full parsing.
#include "logs/pipeline.h"

#include <gtest/gtest.h>

#include <map>

#include "logs/parser.h"

namespace trilobite::logql {
namespace {

const LabelSet& stream() {
  static const LabelSet kSet = LabelSet::from_pairs({{"app", "x"}, {"env", "prod"}});
  return kSet;
}

// "line {a=1, b=2}" without the stream's own labels, or "dropped".
std::string run(const std::string& stages, std::string_view line,
                const std::vector<std::pair<std::string, std::string>>& metadata = {}) {
  const auto parsed = parse("{app=\"x\"} " + stages);
  if (!parsed.ok()) return parsed.error().message;
  const auto pipeline = Pipeline::compile(std::get<LogExpr>(parsed->node), {.now = 1'768'435'200'000'000'000});
  if (!pipeline.ok()) return pipeline.error().message;
  PipelineWorker worker(*pipeline);
  worker.begin_stream(stream());
  const LabelSet set = LabelSet::from_pairs(metadata);
  if (!worker.process(1'768'436'967'100'501'248, line, set.bytes())) return "dropped";
  std::string out(worker.line());
  out += " {";
  std::string_view glue;
  bool app = false;
  for (const RowLabel& label : worker.labels()) {
    app = app || label.name == "app";
    if (label.category == LabelCategory::kStream || label.name == kErrorDetailsLabel) continue;
    out += std::string(glue) + std::string(label.name) + "=" + std::string(label.value);
    glue = ", ";
  }
  return out + "}" + (app ? "" : " no app");
}

struct Case {
  std::string stages;
  std::string line;
  std::string want;
};

void check(const std::vector<Case>& cases) {
  for (const Case& c : cases) EXPECT_EQ(run(c.stages, c.line), c.want) << c.stages << "\n" << c.line;
}

TEST(Pipeline, LineFilters) {
  check({
      {R"(|= "b")", "abc", "abc {}"},
      {R"(|= "x" or "c")", "abc", "abc {}"},
      {R"(!= "x" or "c")", "abc", "dropped"},
      {R"(|= "")", "abc", "abc {}"},
      {R"(!= "")", "abc", "dropped"},
      {R"(|~ "a.c")", "abc", "abc {}"},
      {R"(|~ "a.c")", "a\nc", "dropped"},
      {R"(|~ "error|b")", "abc", "abc {}"},
      {R"(!~ "^b")", "abc", "abc {}"},
      {R"(|~ "ab?x?c|nothing")", "ac", "ac {}"},
      {R"(|~ "colou?r")", "color", "color {}"},
      {R"(|~ "\\x41b+")", "Ab", "Ab {}"},
      {R"q(|~ "(foo|bar)baz")q", "barbaz", "barbaz {}"},
      {R"(|~ "ab{0,1}cd")", "acd", "acd {}"},
      {R"(|> "<_> b <_>")", "a b c", "a b c {}"},
      {R"(|> "<_> b <_>")", " b c", "dropped"},
      {R"(|> "a<_>c")", "ac", "dropped"},
      {R"(|> "a<_>c")", "abcd", "dropped"},
      {R"(|> "")", "", " {}"},
      {R"(!> "a<_>")", "abc", "dropped"},
      {R"(|= ip("10.0.0.0/8"))", "from 10.1.2.3 port 4", "from 10.1.2.3 port 4 {}"},
      {R"(|= ip("10.0.0.0/8"))", "from 11.1.2.3 port 4", "dropped"},
      {R"(|= ip("2001:db8::1-2001:db8::f"))", "x 2001:db8::a y", "x 2001:db8::a y {}"},
      {R"(!= ip("192.168.4.7"))", "at 192.168.4.7", "dropped"},
      {R"(|= ip("::ffff:192.0.2.0/120"))", "from ::ffff:192.0.2.8 port", "from ::ffff:192.0.2.8 port {}"},
  });
}

TEST(Pipeline, FiltersMoveToTheFront) {
  check({
      {"| decolorize |= \"ERROR step\"", "\x1b[31mERROR\x1b[0m step", "dropped"},
      {"| decolorize | env=\"prod\" |= \"ERROR step\"", "\x1b[31mERROR\x1b[0m step", "ERROR step {}"},
      {"| line_format \"new\" |= \"new\"", "old", "new {}"},
  });
}

TEST(Pipeline, Json) {
  check({
      {"| json", R"({"a":"1","b":2,"c":true,"d":null,"e":[1],"f":1e3})",
       R"({"a":"1","b":2,"c":true,"d":null,"e":[1],"f":1e3} {a=1, b=2, c=true, f=1e3})"},
      {"| json", R"({"a":{"b":{"c":"d"}}})", R"({"a":{"b":{"c":"d"}}} {a_b_c=d})"},
      {"| json", R"({"dup":"first","dup":"second"})", R"({"dup":"first","dup":"second"} {dup=first})"},
      {"| json", R"({"a b":"x","a.b":"y","9a":"z","é":"e","":"n"})",
       R"({"a b":"x","a.b":"y","9a":"z","é":"e","":"n"} {_=e, _9a=z, a_b=x})"},
      {"| json", R"({"s":"l1\nl2 \u00e9 \ud83d\ude00 \/"})",
       "{\"s\":\"l1\\nl2 \\u00e9 \\ud83d\\ude00 \\/\"} {s=l1\nl2 é 😀 /}"},
      {"| json", R"({"a":"\x"})", R"({"a":"\x"} {a=})"},
      {"| json", R"({"a":1}} x)", R"({"a":1}} x {a=1})"},
      {"| json", R"({"a":1,})", R"({"a":1,} {a=1})"},
      {"| json", R"({"a":1)", R"({"a":1 {__error__=JSONParserErr, a=1})"},
      {"| json", R"({"a":1,"b":{"c":2)", R"({"a":1,"b":{"c":2 {__error__=JSONParserErr, a=1})"},
      {"| json", R"({"a":"x)", R"({"a":"x {__error__=JSONParserErr})"},
      {"| json", "[1]", "[1] {__error__=JSONParserErr}"},
      {"| json", "", " {__error__=JSONParserErr}"},
      {"| json", "{}", "{} {}"},
      {"| json", R"({"app":"y","a":""})", R"({"app":"y","a":""} {a=, app_extracted=y})"},
      {"| json", R"({"__error__":"fake"})", R"({"__error__":"fake"} {__error__=fake})"},
      {R"(| json | __error__="")", R"({"__error__":"fake"})", R"({"__error__":"fake"} {__error__=fake})"},
      {R"(| json x="a.b[1]", y="[\"q r\"]", z="n", w)", R"({"a":{"b":[1,{"c":2}]},"q r":"s","n":null})",
       R"({"a":{"b":[1,{"c":2}]},"q r":"s","n":null} {w=, x={"c":2}, y=s, z=})"},
      {R"(| json a)", "text", "text {__error__=JSONParserErr}"},
      {R"(| json a)", "", " {}"},
      {R"(| json a)", R"({"a":"x)", R"({"a":"x {__error__=JSONParserErr, a=})"},
      {R"(| json b)", R"({"a":"x)", R"({"a":"x {b=})"},
      {R"(| json app)", R"({"app":"y"})", R"({"app":"y"} {app_extracted=y})"},
  });
  const std::string deep(5000, '[');
  EXPECT_NE(run("| json", "{\"a\":" + deep).find("JSONParserErr"), std::string::npos);
  std::string nested;
  for (int i = 0; i < 5000; ++i) nested += "{\"a\":";
  EXPECT_NE(run("| json", nested + std::string(5000, '}')).find("JSONParserErr"), std::string::npos);
}

TEST(Pipeline, Logfmt) {
  check({
      {"| logfmt", R"(a=1 b="x y" c d= e="" f="q\"r" a=2)",
       R"(a=1 b="x y" c d= e="" f="q\"r" a=2 {a=1, b=x y, f=q"r})"},
      {"| logfmt --keep-empty", "a= b", "a= b {a=, b=}"},
      {"| logfmt", R"(x=1 bad"k=1 =v y=/a?b=c z=2)", R"(x=1 bad"k=1 =v y=/a?b=c z=2 {x=1, z=2})"},
      {"| logfmt --strict", "x=1 =v z=2", "x=1 =v z=2 {__error__=LogfmtParserErr, x=1}"},
      {"| logfmt", R"(a="open b=1)", R"(a="open b=1 {})"},
      {"| logfmt --strict", R"(a="open b=1)", R"(a="open b=1 {__error__=LogfmtParserErr})"},
      {"| logfmt", R"(path=C:\temp http.status=200)",
       R"(path=C:\temp http.status=200 {http_status=200, path=C:\temp})"},
      {R"(| logfmt s="http_status", m)", "http.status=200 x=1", "http.status=200 x=1 {m=, s=200}"},
      {"| logfmt app", "app=y", "app=y {app_extracted=y}"},
      {"| logfmt app", "b=y", "b=y {}"},
  });
}

TEST(Pipeline, OtherParsers) {
  check({
      {R"(| pattern "<ip> - <_> <rest>")", "1.2.3.4 - x y z", "1.2.3.4 - x y z {ip=1.2.3.4, rest=y z}"},
      {R"(| pattern "<a>from<b>")", "no match", "no match {a=no match}"},
      {R"(| pattern "x<a>")", "yz", "yz {}"},
      {R"q(| regexp "(?P<a>\\d+)-(?P<b>x)?")q", "n 12-", "n 12- {a=12, b=}"},
      {R"q(| regexp "(?P<a>q)")q", "n 12-", "n 12- {}"},
      {"| unpack", R"({"pod":"p","bad name":"n","n":1,"_entry":"the \"line\""})", R"(the "line" {bad_name=n, pod=p})"},
      {"| unpack", R"({"pod":"p"})", R"({"pod":"p"} {})"},
      {"| unpack", "text", "text {__error__=JSONParserErr}"},
      {"| unpack", R"({"a":1)", R"({"a":1 {__error__=JSONParserErr})"},
      {"| json | logfmt", R"({"a":"1"} a=2 b=3)", R"({"a":"1"} a=2 b=3 {a=1, b=3})"},
      {"| decolorize", "\x1b[1mstep\x1b[22m \x1b[38;5;208m5\x1b[0m", "step 5 {}"},
  });
}

TEST(Pipeline, LabelFilters) {
  const std::string line = "s=abc n=5 d=1.5s b=10KB ip=10.0.0.7";
  const auto with = [&](const std::string& filter) {
    return run("| logfmt | " + filter + " | keep app, __error__", line);
  };
  const auto pass = line + " {}", invalid = line + " {__error__=LabelFilterErr}";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"(s="abc")", pass},
      {R"(s!="abc")", "dropped"},
      {R"(s=~"a.*")", pass},
      {R"(s=~"a")", "dropped"},
      {R"(missing="")", pass},
      {R"(missing!="")", "dropped"},
      {"missing>1", "dropped"},
      {"n=5", pass},
      {"n==5.0", pass},
      {"n!=5", "dropped"},
      {"n>4e0", pass},
      {"n<5", "dropped"},
      {"d>1s", pass},
      {"d<=1s", "dropped"},
      {"d>1.4s", pass},
      {"b>=10KB", pass},
      {"b>10KiB", "dropped"},
      {"s>1", invalid},
      {"s>1s", invalid},
      {"s>1KB", invalid},
      {"s>1 | n>100", invalid},
      {"s>1 | n=\"6\"", "dropped"},
      {R"(ip=ip("10.0.0.0/24"))", pass},
      {R"(ip!=ip("10.0.0.0/24"))", "dropped"},
      {R"(missing=ip("10.0.0.0/24"))", "dropped"},
      {"s=\"x\" or n=5", pass},
      {"s=\"x\" and n=5", "dropped"},
      {"n=5 or s>1", pass},
      {R"(app="x")", pass},
      {"s>1 | __error__=\"\"", "dropped"},
      {"s>1 | __error__=\"LabelFilterErr\"", invalid},
  };
  for (const auto& [filter, want] : cases) EXPECT_EQ(with(filter), want) << filter;
}

TEST(Pipeline, Formats) {
  check({
      {"| logfmt | line_format `{{.a}}-{{.nope}}-{{.app}}`", "a=1", "1--x {a=1}"},
      {"| logfmt | label_format b=a", "a=1", "a=1 {b=1}"},
      {"| logfmt | label_format b=nope", "a=1", "a=1 {a=1}"},
      {"| logfmt | label_format b=a, c=`{{.a}}`", "a=1", "a=1 {b=1, c=}"},
      {"| logfmt | label_format c=`{{.a}}`, b=a", "a=1", "a=1 {b=1, c=1}"},
      {"| label_format app=`new`", "l", "l {app=new}"},
      {"| logfmt | label_format a=b, b=a", "a=1 b=2", "a=1 b=2 {b=2}"},
      {"| logfmt | line_format `{{ div .a 0 }}`", "a=1", "a=1 {__error__=TemplateFormatErr, a=1}"},
      {"| logfmt | drop a, b=\"2\", c=\"x\"", "a=1 b=2 c=3", "a=1 b=2 c=3 {c=3}"},
      {"| logfmt | keep a, b=\"x\", c=~\"3\"", "a=1 b=2 c=3", "a=1 b=2 c=3 {a=1, c=3} no app"},
      {"| json | drop __error__", "x", "x {}"},
      {"| json | keep nothing", "x", "x {__error__=JSONParserErr} no app"},
  });
}

TEST(Pipeline, StructuredMetadata) {
  const std::vector<std::pair<std::string, std::string>> metadata = {{"trace", "t1"}, {"env", "shadow"}};
  EXPECT_EQ(run("", "l", metadata), "l {env_extracted=shadow, trace=t1}");
  EXPECT_EQ(run("| json", R"q({"trace":"t2"})q", metadata),
            R"q({"trace":"t2"} {env_extracted=shadow, trace=t1, trace_extracted=t2})q");
  EXPECT_EQ(run(R"(| trace="t1")", "l", metadata), "l {env_extracted=shadow, trace=t1}");
  EXPECT_EQ(run("| label_format other=trace", "l", metadata), "l {env_extracted=shadow, other=t1}");
}

TEST(Pipeline, PredicatesAreNecessaryConditions) {
  const auto parsed =
      parse(R"q({app="x"} |= "a" or "b" != "c" |~ "foo.*barbaz|qux1" | json |= "d" | line_format "z" |= "e")q");
  ASSERT_TRUE(parsed.ok());
  const auto pipeline = Pipeline::compile(std::get<LogExpr>(parsed->node), {});
  ASSERT_TRUE(pipeline.ok());
  std::string got;
  for (const Predicate& predicate : pipeline->predicates()) {
    got += predicate.op == Predicate::Op::kContainsAny ? "any(" : "none(";
    for (const std::string& needle : predicate.needles) got += needle + ",";
    got += ")";
  }
  EXPECT_EQ(got, "any(a,b,)none(c,)any(barbaz,qux1,)any(d,)");
  // What the store has applied is not looked at again.
  PipelineWorker worker(*pipeline, {true, true, false, true});
  worker.begin_stream(stream());
  EXPECT_FALSE(worker.process(0, "qux1", ""));
  EXPECT_FALSE(pipeline->only_predicates());
}

// ---- Samples ----

struct Sample {
  bool kept = false;
  double value = 0;
  std::string group;
  std::string error;
};

Sample sample(const std::string& query, std::string_view line, std::string_view metadata = {}) {
  const auto parsed = parse(query);
  EXPECT_TRUE(parsed.ok()) << query << parsed.error().message;
  const auto* outer = std::get_if<VectorAggregation>(&parsed->node);
  const auto& range = std::get<RangeAggregation>(outer != nullptr ? outer->inner->node : parsed->node);
  const auto pipeline = Pipeline::compile(range, sample_grouping(range, outer), {});
  EXPECT_TRUE(pipeline.ok());
  PipelineWorker worker(*pipeline);
  worker.begin_stream(stream());
  Sample out;
  out.kept = worker.process(0, line, metadata);
  if (!out.kept) return out;
  out.value = worker.value();
  out.group = LabelSet::from_bytes(std::string(worker.group()))->to_string();
  out.error = worker.error();
  return out;
}

TEST(Pipeline, Samples) {
  EXPECT_EQ(sample(R"(count_over_time({app="x"}[1m]))", "abc").value, 1);
  EXPECT_EQ(sample(R"(bytes_over_time({app="x"}[1m]))", "abc").value, 3);
  EXPECT_EQ(sample(R"q(count_over_time({app="x"}[1m]))q", "abc").group, R"q({app="x", env="prod"})q");
  EXPECT_EQ(sample(R"(sum(count_over_time({app="x"}[1m])))", "abc").group, "{}");
  EXPECT_EQ(sample(R"q(sum by (env, q) (count_over_time({app="x"}[1m])))q", "abc").group, R"q({env="prod"})q");
  EXPECT_EQ(sample(R"q(sum without (env) (count_over_time({app="x"}[1m])))q", "abc").group, R"q({app="x"})q");
  EXPECT_EQ(sample(R"q(max by (env) (count_over_time({app="x"}[1m])))q", "abc").group, R"q({app="x", env="prod"})q");
  const Sample unwrapped = sample(R"(sum_over_time({app="x"} | logfmt | unwrap duration(d) [1m]))", "d=1.5s a=1");
  EXPECT_EQ(unwrapped.value, 1.5);
  EXPECT_EQ(unwrapped.group, R"q({a="1", app="x", env="prod"})q");
  EXPECT_FALSE(sample(R"(sum_over_time({app="x"} | logfmt | unwrap d [1m]))", "a=1").kept);
  EXPECT_EQ(sample(R"(sum_over_time({app="x"} | logfmt | unwrap d [1m]))", "d=x").error, "SampleExtractionErr");
  EXPECT_FALSE(sample(R"(sum_over_time({app="x"} | logfmt | unwrap d | __error__="" [1m]))", "d=x").kept);
  EXPECT_EQ(sample(R"(max_over_time({app="x"} | logfmt | unwrap bytes(b) [1m]) by (app))", "b=2KiB").value, 2048);
}

TEST(Pipeline, ErrorsCountOnlyWhereSomebodyLooks) {
  EXPECT_EQ(sample(R"(sum(count_over_time({app="x"} | json [1m])))", "broken").error, "");
  EXPECT_EQ(sample(R"(sum by (a) (count_over_time({app="x"} | json [1m])))", "broken").error, "JSONParserErr");
  EXPECT_EQ(sample(R"q(sum by (a) (count_over_time({app="x"} | json [1m])))q", R"q({"a":1,"b":)q").error, "");
  EXPECT_EQ(sample(R"q(sum by (b) (count_over_time({app="x"} | json [1m])))q", R"q({"a":1)q").error, "JSONParserErr");
  EXPECT_EQ(
      sample(R"(count_over_time({app="x"} | json [1m]))", "broken").group,
      R"q({__error__="JSONParserErr", __error_details__="Value looks like object, but can't find closing '}' symbol", app="x", env="prod"})q");
}

// Grouping by some labels with lazy parsers gives what picking them from all labels gives.
TEST(Pipeline, LazyParsersFindTheSame) {
  const std::vector<std::string> lines = {
      R"({"a":"1","b":"2","c":"3","n":{"x":"4","y":"5"},"app":"inner"})", R"({"c":"3","b":"2","a":"1"})",
      R"({"a":"1","a":"9","n":{"x":"4"}})", R"({"n":{"n":{"x":"1"}},"n_x":"2"})", "{}", R"({"trace":"t2","a":"7"})",
      "a=1 b=2 c=3 app=inner a=9 trace=t9", "b=\"q r\" c a=", "plain text here", R"({"b":"2","a":"\u0041"})"};
  const std::string metadata(LabelSet::from_pairs({{"trace", "t1"}, {"env", "shadow"}}).bytes());
  const std::vector<std::string> parsers = {"| json",
                                            "| logfmt",
                                            "| json | logfmt",
                                            R"(| json a, x="n.x")",
                                            R"(| pattern "<a> <b>")",
                                            R"q(| regexp "(?P<a>\\w+) (?P<b>\\w+)")q",
                                            R"q(| json | b="2")q",
                                            R"q(| json | label_format z=a)q",
                                            R"(| json | label_format b=`{{.a}}{{.c}}`)",
                                            R"(| json | drop a | logfmt)",
                                            "| logfmt | b!=\"2\" | json"};
  const std::vector<std::vector<std::string>> groups = {{"a"},
                                                        {"b", "a"},
                                                        {"n_x"},
                                                        {"app"},
                                                        {"app_extracted"},
                                                        {"trace"},
                                                        {"trace_extracted", "c"},
                                                        {"env_extracted", "z"}};
  for (const std::string& parser : parsers) {
    const auto all = parse("count_over_time({app=\"x\"} " + parser + " | __error__=~\".*\" [1m])");
    ASSERT_TRUE(all.ok()) << parser;
    const auto& range = std::get<RangeAggregation>(all->node);
    const auto full = Pipeline::compile(range, std::nullopt, {});
    PipelineWorker full_worker(*full);
    full_worker.begin_stream(stream());
    for (const std::vector<std::string>& group : groups) {
      const auto lazy = Pipeline::compile(range, Grouping{false, group}, {});
      PipelineWorker lazy_worker(*lazy);
      lazy_worker.begin_stream(stream());
      for (const std::string& line : lines) {
        const bool kept = full_worker.process(0, line, metadata);
        ASSERT_EQ(lazy_worker.process(0, line, metadata), kept) << parser << line;
        if (!kept) continue;
        EXPECT_EQ(full_worker.error(), lazy_worker.error()) << parser << line;
        std::map<std::string, std::string> want, got;
        for (const RowLabel& label : full_worker.labels()) want[std::string(label.name)] = label.value;
        for (const RowLabel& label : lazy_worker.labels()) got[std::string(label.name)] = label.value;
        for (const std::string& name : group) EXPECT_EQ(want[name], got[name]) << parser << " " << name << " " << line;
      }
    }
  }
}

TEST(Pipeline, ManyNamesAreForgottenNotLost) {
  const auto parsed = parse(R"q(sum by (want) (count_over_time({app="x"} | json | want!="no" [1m])))q");
  const auto& range = std::get<RangeAggregation>(std::get<VectorAggregation>(parsed->node).inner->node);
  const auto pipeline = Pipeline::compile(range, Grouping{false, {"want", "app"}}, {});
  PipelineWorker worker(*pipeline);
  worker.begin_stream(stream());
  for (int i = 0; i < 120'000; ++i) {
    const std::string line = "{\"k" + std::to_string(i) + "\":1,\"want\":\"yes\"}";
    ASSERT_TRUE(worker.process(i, line, ""));
    if (i % 10'000 == 0) {
      EXPECT_EQ(LabelSet::from_bytes(std::string(worker.group()))->to_string(), R"q({app="x", want="yes"})q");
    }
  }
  EXPECT_EQ(worker.group_version(), 1U);
}

}  // namespace
}  // namespace trilobite::logql
