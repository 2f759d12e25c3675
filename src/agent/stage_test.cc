// Each stage: lines in, lines out; and that a wrong configuration is named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/pipeline.h"

namespace trilobite::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr TimeNs kNow = 1'768'471'200'000'000'000;  // 2026-01-15T10:00:00Z

// Runs `lines` through the stages of a YAML list, all in one go.
class Runner {
 public:
  explicit Runner(std::string_view stages) {
    auto node = yaml::parse(stages);
    EXPECT_TRUE(node.ok()) << stages;
    auto built = Pipeline::build(*node, "pipeline_stages", {clock_, metrics_});
    EXPECT_TRUE(built.ok()) << built.error().message;
    if (built.ok()) pipeline_ = std::move(*built);
  }
  Entries run(const std::vector<std::string>& lines) {
    Entries entries;
    for (const std::string& line : lines) {
      Entry entry{.line = line, .time = clock_.now(), .read_time = clock_.now(), .labels = {{"app", "x"}}};
      entry.begin = at_;
      at_ += line.size() + 1;
      entry.end = at_;
      entries.push_back(std::move(entry));
    }
    pipeline_.start(entries);
    pipeline_.run(entries, 1);
    return entries;
  }
  Entries release(bool all) {
    Entries out;
    pipeline_.release(out, 1, clock_.steady(), all);
    return out;
  }

  ManualClock clock_{kNow};
  Metrics metrics_;
  Pipeline pipeline_;
  std::uint64_t at_ = 0;
};

std::vector<std::string> lines_of(const Entries& entries) {
  std::vector<std::string> out;
  for (const Entry& entry : entries) out.push_back(entry.line);
  return out;
}

struct LabelCase {
  std::string_view stages;
  std::string line;
  Labels want;
};

TEST(Stages, WhatTheyMakeOfLabels) {
  const std::string json =
      R"({"a":{"b":[1,{"c":"deep"}]},"s":"t\"x","n":1.50,"big":12345678901234567890,"t":true,"z":null,)"
      R"("o":{"k":1},"with.dot":"d"})";
  const LabelCase cases[] = {
      {"[{json: {expressions: {s: }}}, {labels: {s: }}]", json, {{"app", "x"}, {"s", "t\"x"}}},
      {"[{json: {expressions: {v: 'a.b[1].c'}}}, {labels: {v: }}]", json, {{"app", "x"}, {"v", "deep"}}},
      {"[{json: {expressions: {v: 'a.b[-1].c'}}}, {labels: {v: }}]", json, {{"app", "x"}, {"v", "deep"}}},
      {"[{json: {expressions: {v: '\"with.dot\"'}}}, {labels: {v: }}]", json, {{"app", "x"}, {"v", "d"}}},
      {"[{json: {expressions: {n: , big: , t: , z: , o: }}}, {labels: {n: , big: , t: , z: , o: }}]",
       json,
       {{"app", "x"}, {"n", "1.5"}, {"big", "12345678901234567890"}, {"t", "true"}, {"o", "{\"k\":1}"}}},
      {"[{json: {expressions: {s: }}}, {labels: {s: }}]", "not json", {{"app", "x"}}},
      {"[{json: {expressions: {s: }}}, {labels: {s: }}]", "{\"s\":\"x\"", {{"app", "x"}}},
      {"[{json: {expressions: {s: }}}, {labels: {s: }}]", "", {{"app", "x"}}},
      {"[{json: {expressions: {o: }}}, {json: {source: o, expressions: {k: }}}, {labels: {k: }}]",
       json,
       {{"app", "x"}, {"k", "1"}}},
      {"[{logfmt: {mapping: {l: level, m: }}}, {labels: {l: , m: }}]",
       "level=warn m=\"a b\\n\" x",
       {{"app", "x"}, {"l", "warn"}, {"m", "a b\n"}}},
      {"[{logfmt: {mapping: {l: level}}}, {labels: {l: }}]", "= level==x \"", {{"app", "x"}}},
      {"[{regex: {expression: '^(?P<l>\\w+): (?P<r>.*)'}}, {labels: {l: , rest: r}}]",
       "warn: hi",
       {{"app", "x"}, {"l", "warn"}, {"rest", "hi"}}},
      {"[{regex: {expression: '(?<l>\\d+)'}}, {labels: {l: }}]", "a 42", {{"app", "x"}, {"l", "42"}}},
      {"[{regex: {expression: '(?P<l>\\d+)'}}, {labels: {l: }}]", "none", {{"app", "x"}}},
      {"[{regex: {expression: '(?P<l>\\d)', source: app}}, {labels: {l: }}]", "1", {{"app", "x"}}},
      {"[{static_labels: {e: prod, app: y}}]", "", {{"app", "y"}, {"e", "prod"}}},
      {"[{static_labels: {e: prod}}, {labeldrop: [app]}]", "", {{"e", "prod"}}},
      {"[{static_labels: {e: prod}}, {labelallow: [app]}]", "", {{"app", "x"}}},
      {"[{tenant: {value: t}}]", "", {{"app", "x"}, {"__tenant_id__", "t"}}},
      {"[{tenant: {label: app}}]", "", {{"app", "x"}, {"__tenant_id__", "x"}}},
      {"[{template: {source: app, template: '{{ ToUpper .Value }}-{{ .Entry }}'}}, {labels: {app: }}]",
       "hi",
       {{"app", "X-hi"}}},
      {"[{template: {source: new, template: 'n{{ .app }}'}}, {labels: {new: }}]", "hi", {{"app", "x"}, {"new", "nx"}}},
      {"[{template: {source: app, template: '{{ \"\" }}'}}, {labels: {l: app}}]", "hi", {{"app", "x"}}},
      {"[{replace: {expression: '(?P<r>b)', replace: 'c'}}, {labels: {r: }}]", "abc", {{"app", "x"}, {"r", "c"}}},
      {"[{docker: {}}]",
       R"({"log":"hi\n","stream":"stderr","time":"2026-01-01T00:00:00.5Z"})",
       {{"app", "x"}, {"stream", "stderr"}}},
      {"[{cri: {}}]", "2026-01-01T00:00:00.5Z stdout F hi", {{"app", "x"}, {"stream", "stdout"}}},
  };
  for (const LabelCase& each : cases) {
    Runner runner(each.stages);
    const Entries out = runner.run({each.line});
    ASSERT_EQ(out.size(), 1u) << each.stages;
    EXPECT_EQ(out[0].labels, each.want) << each.stages << " on " << each.line;
  }
}

struct LineCase {
  std::string_view stages;
  std::vector<std::string> lines;
  std::vector<std::string> want;
};

TEST(Stages, WhatTheyMakeOfLines) {
  const LineCase cases[] = {
      {"[{json: {expressions: {m: }}}, {output: {source: m}}]", {R"({"m":"hi"})", "text"}, {"hi", "text"}},
      {"[{json: {expressions: {m: }, drop_malformed: true}}]", {R"({"m":"hi"})", "text"}, {R"({"m":"hi"})"}},
      {"[{drop: {expression: 'debug'}}]", {"a debug", "b"}, {"b"}},
      {"[{drop: {longer_than: 3b}}]", {"abc", "abcd"}, {"abc"}},
      {"[{drop: {source: app, value: x}}]", {"a"}, {}},
      {"[{drop: {source: app, value: y}}]", {"a"}, {"a"}},
      {"[{drop: {source: [app, no], expression: x}}]", {"a"}, {"a"}},
      {"[{drop: {source: [app, app], separator: '-', expression: '^x-x$'}}]", {"a"}, {}},
      {"[{drop: {source: app, longer_than: 1}}]", {"a", "ab"}, {"a"}},
      {"[{replace: {expression: 'password=(\\S+)', replace: '***'}}]",
       {"password=abc x password=d", "y"},
       {"password=*** x password=***", "y"}},
      {"[{replace: {expression: '(a)|(b)', replace: ''}}]", {"xaybz"}, {"xyz"}},
      {"[{replace: {expression: '(b+)', replace: '<{{ .Value | ToUpper }}>'}}]", {"abbc"}, {"a<BB>c"}},
      {"[{match: {selector: '{app=\"x\"} |= \"debug\"', action: drop}}]", {"a debug", "b"}, {"b"}},
      {"[{match: {selector: '{app=\"y\"}', action: drop}}]", {"a"}, {"a"}},
      {"[{match: {selector: '{app=~\"x|y\"} | json | n > 3', action: drop}}]",
       {"{\"n\":5}", "{\"n\":1}"},
       {"{\"n\":1}"}},
      {"[{match: {selector: '{app=\"x\"} |~ \"^j\"', stages: [{regex: {expression: 'j(?P<r>.*)'}}, {output: {source: "
       "r}}]}}]",
       {"k1", "j2", "j3", "k4"},
       {"k1", "2", "3", "k4"}},
      {"[{decolorize: }]", {"\x1B[1;31mred\x1B[0m \x1B"}, {"red \x1B"}},
      {"[{pack: {labels: [app]}}]", {"a\"b"}, {R"({"app":"x","_entry":"a\"b"})"}},
      {"[{sampling: {rate: 0}}]", {"a", "b"}, {}},
      {"[{sampling: {rate: 1}}]", {"a", "b"}, {"a", "b"}},
      {"[{limit: {rate: 1, burst: 2, drop: true}}]", {"a", "b", "c"}, {"a", "b"}},
      {"[{limit: {rate: 1, burst: 1, drop: true, by_label_name: none}}]", {"a", "b"}, {"a", "b"}},
      {"[{docker: {}}]",
       {R"({"log":"hi\n","stream":"stdout","time":"2026-01-01T00:00:00Z"})", "{", "[]"},
       {"hi", "{", "[]"}},
      {"[{cri: {}}]",
       {"2026-01-01T00:00:00Z stdout P one ", "2026-01-01T00:00:00Z stderr F err", "2026-01-01T00:00:01Z stdout F two",
        "broken"},
       {"err", "one two", "broken"}},
      {"[{cri: {max_partial_lines: 2}}]",
       {"2026-01-01T00:00:00Z stdout P a", "2026-01-01T00:00:00Z stdout P b", "2026-01-01T00:00:00Z stdout F c"},
       {"ab", "c"}},
      {"[{multiline: {firstline: '^\\d'}}]", {"head", "1 a", "  b", "2 c", "3"}, {"head", "1 a\n  b", "2 c"}},
      {"[{multiline: {firstline: '^\\d', max_lines: 2}}]", {"1", "a", "b", "2"}, {"1\na", "b"}},
  };
  for (const LineCase& each : cases) {
    Runner runner(each.stages);
    EXPECT_EQ(lines_of(runner.run(each.lines)), each.want) << each.stages;
  }
}

struct TimeCase {
  std::string_view stages;
  std::string line;
  TimeNs want;
};

constexpr TimeNs at(std::int64_t seconds, std::int64_t ns = 0) { return seconds * kNsPerSecond + ns; }

TEST(Stages, WhatTheyTakeForTheTime) {
  const TimeCase cases[] = {
      {"[{timestamp: {source: t, format: RFC3339}}]", "2025-12-31T23:59:58Z", at(1767225598)},
      {"[{timestamp: {source: t, format: RFC3339Nano}}]", "2025-12-31T23:59:58.123456789+02:00",
       at(1767218398, 123456789)},
      {"[{timestamp: {source: t, format: RFC1123Z}}]", "Wed, 31 Dec 2025 23:59:58 +0000", at(1767225598)},
      {"[{timestamp: {source: t, format: ANSIC}}]", "Wed Dec 31 23:59:58 2025", at(1767225598)},
      {"[{timestamp: {source: t, format: Unix}}]", "1767225598", at(1767225598)},
      {"[{timestamp: {source: t, format: Unix}}]", "1767225598.123456789", at(1767225598, 123456789)},
      {"[{timestamp: {source: t, format: UnixMs}}]", "1767225598123", at(1767225598, 123000000)},
      {"[{timestamp: {source: t, format: UnixUs}}]", "1767225598123456", at(1767225598, 123456000)},
      {"[{timestamp: {source: t, format: UnixNs}}]", "1767225598123456789", at(1767225598, 123456789)},
      {"[{timestamp: {source: t, format: '2006-01-02 15:04:05.000', location: Europe/Berlin}}]",
       "2025-07-01 12:00:00.250", at(1751364000, 250000000)},
      {"[{timestamp: {source: t, format: 'Jan _2 15:04:05'}}]", "Dec 31 23:59:58",
       at(1767225598)},  // not in the future
      {"[{timestamp: {source: t, format: 'Jan _2 15:04:05'}}]", "Jan  2 00:00:00", at(1767312000)},
      {"[{timestamp: {source: t, format: 'Jan _2 15:04:05'}}]", "Feb 29 00:00:00", at(1709164800)},  // 2024 had one
      {"[{timestamp: {source: t, format: '15:04:05'}}]", "08:00:00", at(1768464000)},
      {"[{timestamp: {source: t, format: RFC3339, fallback_formats: [Unix]}}]", "17", at(17)},
      {"[{timestamp: {source: t, format: RFC3339}}]", "yesterday", kNow},
      {"[{timestamp: {source: t, format: Unix}}]", "99999999999999999999", kNow},
      {"[{timestamp: {source: t, format: Unix}}]", "9999999999999", kNow},
      {"[{timestamp: {source: nothing, format: Unix}}]", "1", kNow},
  };
  for (const TimeCase& each : cases) {
    Runner runner(std::string("[{regex: {expression: '(?P<t>.*)'}},") + std::string(each.stages.substr(1)));
    const Entries out = runner.run({each.line});
    ASSERT_EQ(out.size(), 1u);
    EXPECT_EQ(out[0].time, each.want) << each.stages << " on " << each.line;
  }
}

TEST(Stages, AFailedTimestampFollowsTheLastOrKeepsItsOwn) {
  const std::vector<std::string> lines{"10", "x", "y"};
  Entries fudge = Runner("[{regex: {expression: '(?P<t>.*)'}}, {timestamp: {source: t, format: Unix}}]").run(lines);
  EXPECT_EQ(fudge[1].time, at(10, 1));
  EXPECT_EQ(fudge[2].time, at(10, 2));
  Entries skip =
      Runner("[{regex: {expression: '(?P<t>.*)'}}, {timestamp: {source: t, format: Unix, action_on_failure: skip}}]")
          .run(lines);
  EXPECT_EQ(skip[1].time, kNow);
}

TEST(Stages, AutoTimestampRecognisesWhatLogsHave) {
  const TimeCase cases[] = {
      {"", "2026-01-15T09:00:00.123456Z  INFO x", at(1768467600, 123456000)},
      {"", "2026-01-15T09:00:00+01:00 host sshd", at(1768464000)},
      {"", "2026-01-15T09:00:00-0130 x", at(1768473000)},
      {"", "2026-01-15 09:00:00 status installed x", at(1768467600)},
      {"", "2026-01-15 09:00:00,250 WARN java", at(1768467600, 250000000)},
      {"", "2026-01-15 09:00:00.250 UTC [12] LOG:  postgres", at(1768467600, 250000000)},
      {"", "update-alternatives 2026-01-15 09:00:00: link", at(1768467600)},
      {"", "Jan 15 09:00:00 host cron[1]: x", at(1768467600)},
      {"", "Jan  5 09:00:00 host cron[1]: x", at(1767603600)},
      {"", "<13>Jan 15 09:00:00 host x", at(1768467600)},
      {"", "Thu Jan 15 09:00:00 2026 ctime", at(1768467600)},
      {"", "10.0.0.1 - bob [15/Jan/2026:09:00:00 +0000] \"GET /\"", at(1768467600)},
      {"", "[2026-01-15 09:00:00] local.ERROR: x", at(1768467600)},
      {"", "2026/01/15 09:00:00 [error] 1#1: nginx", at(1768467600)},
      {"", "Start-Date: 2026-01-15  09:00:00", at(1768467600)},
      {"", "Log started: 2026-01-15  09:00:00", at(1768467600)},
      {"", "expires 2027-01-15 09:00:00", kNow},
      {"", "no time here", kNow},
      {"", "2026-99-15 09:00:00 nonsense", kNow},
      {"", "", kNow},
  };
  for (const TimeCase& each : cases) {
    Runner runner("[{auto_timestamp: {}}]");
    EXPECT_EQ(runner.run({each.line})[0].time, each.want) << each.line;
  }
}

TEST(Stages, AutoTimestampKeepsTheOrderWithinASecond) {
  Runner runner("[{auto_timestamp: {}}]");
  const Entries out = runner.run(
      {"2026-01-15 09:00:00 a", "2026-01-15 09:00:00 a", "  more", "2026-01-15 09:00:00 a", "2026-01-15 09:00:01 a"});
  std::vector<TimeNs> times;
  for (const Entry& entry : out) times.push_back(entry.time - at(1768467600));
  EXPECT_THAT(times, ElementsAre(0, 1, 2, 3, kNsPerSecond));
}

TEST(Stages, StructuredMetadataLeavesTheLabels) {
  Runner runner("[{structured_metadata: {app: , missing: }}]");
  const Entries out = runner.run({"a"});
  EXPECT_EQ(out[0].metadata, (Labels{{"app", "x"}}));
  EXPECT_TRUE(out[0].labels.empty());
}

TEST(Stages, MultilineHoldsTheLastBlockAndSaysWhereItBegins) {
  Runner runner("[{multiline: {firstline: '^\\d', max_wait_time: 1s}}]");
  EXPECT_THAT(lines_of(runner.run({"1", "a"})), IsEmpty());
  EXPECT_EQ(runner.pipeline_.held_from(1), 0u);
  EXPECT_THAT(lines_of(runner.release(false)), IsEmpty());
  runner.clock_.advance(std::chrono::seconds(2));
  const Entries out = runner.release(false);
  EXPECT_THAT(lines_of(out), ElementsAre("1\na"));
  EXPECT_EQ(out[0].end, 4u);
  EXPECT_EQ(runner.pipeline_.held_from(1), std::nullopt);
}

TEST(Stages, DropOlderThan) {
  Runner runner(
      "[{regex: {expression: '(?P<t>.*)'}}, {timestamp: {source: t, format: Unix}}, {drop: {older_than: 1h}}]");
  EXPECT_THAT(lines_of(runner.run({"1768467000", "1768470000"})), ElementsAre("1768470000"));
  EXPECT_EQ(runner.metrics_.dropped_lines(), 1u);
}

struct BadCase {
  std::string_view stages, message;
};

TEST(Stages, MistakesAreNamed) {
  const BadCase cases[] = {
      {"- jason: {}", "line 1: pipeline_stages[0]: unknown stage \"jason\""},
      {"- metrics: {}", "stage metrics is not supported yet"},
      {"- {json: {}, regex: {}}", "must have exactly one name"},
      {"- json", "must have exactly one name"},
      {"- json: {}", "json.expressions: must be given"},
      {"- json: {expressions: {a: 'b[?c]'}}", "only names"},
      {"- json: {expresions: {a: }}", "pipeline_stages[0].json.expresions: unknown name"},
      {"- regex: {expression: '('}", "missing )"},
      {"- regex: {expression: 'a'}", "at least one named group"},
      {"- logfmt: {}", "mapping: must be given"},
      {"- timestamp: {source: a, format: foo}", "\"foo\" is not a layout"},
      {"- timestamp: {source: a, format: Unix, location: Atlantis}", "unknown time zone \"Atlantis\""},
      {"- timestamp: {format: Unix}", "source: must be given"},
      {"- timestamp: {source: a, format: Unix, action_on_failure: cry}", "must be fudge or skip"},
      {"- labels: {}", "must be a mapping of names"},
      {"- labels: {a-b: }", "\"a-b\" is not a label name"},
      {"- drop: {}", "at least one of"},
      {"- drop: {value: x}", "needs a source"},
      {"- drop: {source: a, value: x, expression: y}", "only one of value and expression"},
      {"- limit: {rate: 1, burst: 1}", "not supported yet; set it to true"},
      {"- sampling: {rate: 2}", "from 0 to 1"},
      {"- multiline: {}", "firstline: must be given"},
      {"- replace: {expression: 'a', replace: b}", "must have at least one group"},
      {"- tenant: {source: a, value: b}", "exactly one of"},
      {"- match: {selector: '{a', action: drop}", "parse error"},
      {"- match: {selector: '{a=\"b\"}'}", "stages: must be given"},
      {"- match: {selector: '{a=\"b\"}', action: drop, stages: []}", "must not be given"},
      {"- match: {selector: 'rate({a=\"b\"}[1m])', action: drop}", "must select lines"},
      {"- match: {selector: '{a=\"b\"}', stages: [{jason: {}}]}", "match.stages[0]: unknown stage"},
      {"- template: {source: a, template: '{{ '}", "template"},
      {"- output: {}", "source: must be given"},
      {"a: b", "must be a list"},
  };
  for (const BadCase& each : cases) {
    SystemClock clock;
    Metrics metrics;
    auto node = yaml::parse(each.stages);
    ASSERT_TRUE(node.ok());
    auto built = Pipeline::build(*node, "pipeline_stages", {clock, metrics});
    ASSERT_FALSE(built.ok()) << each.stages;
    EXPECT_THAT(built.error().message, HasSubstr(std::string(each.message))) << each.stages;
  }
}

}  // namespace
}  // namespace trilobite::agent
