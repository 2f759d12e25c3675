// A file of rules is read as Prometheus reads it, and each mistake is told with its line.
#include "alerting/rule_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trilobite::alerting {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(RuleFile, TakesWhatIsRight) {
  const RuleFileReport report = check_rule_file(R"(
groups:
- name: a
  interval: 30s
  query_offset: 1m
  limit: 10
  labels: {team: x}
  rules:
  - record: job:up:sum
    expr: sum by (job) (up)
    labels: {kind: "total"}
  - alert: Down
    expr: |
      up == 0
    for: 5m
    keep_firing_for: 10m
    annotations: {summary: "{{ $labels.instance }} is down"}
- name: empty
)");
  EXPECT_THAT(report.errors, IsEmpty());
  EXPECT_THAT(report.doubts, IsEmpty());
  EXPECT_EQ(report.groups, 2u);
  EXPECT_EQ(report.rules, 2u);
  EXPECT_THAT(check_rule_file("").errors, IsEmpty());
}

TEST(RuleFile, SaysWhatIsWrongAndWhere) {
  struct Case {
    std::string rule;
    std::string want;
  };
  const Case cases[] = {
      {"{record: a, expr: sum(}", "line 4: groups[0].rules[0]: could not parse expression: 1:5: parse error:"},
      {"{record: a, alert: b, expr: up}", "only one of 'record' and 'alert' must be set"},
      {"{expr: up}", "one of 'record' or 'alert' must be set"},
      {"{record: a}", "field 'expr' must be set in rule"},
      {"{record: a, expr: up, for: 5m}", "invalid field 'for' in recording rule"},
      {"{record: a, expr: up, annotations: {a: b}}", "invalid field 'annotations' in recording rule"},
      {"{record: 'a{b}', expr: up}", "invalid recording rule name: a{b}"},
      {"{alert: a, expr: up, for: soon}", "groups[0].rules[0].for: "},
      {"{alert: a, expr: up, labels: {1a: b}}", "\"1a\" is no name of a label"},
      {"{alert: a, expr: up, labels: {__name__: b}}", "\"__name__\" is no name of a label"},
      {"{alert: a, expr: up, labels: [b]}", "groups[0].rules[0].labels: must be a map"},
      {"{alert: a, expression: up, expr: up}", "unknown name \"expression\"; known are record, alert"},
      {"{alert: [a], expr: up}", "groups[0].rules[0].alert: must be a text"},
      {"text", "groups[0].rules[0]: must be a map"},
  };
  for (const Case& c : cases) {
    const auto report = check_rule_file("groups:\n- name: a\n  rules:\n  - " + c.rule + "\n");
    ASSERT_FALSE(report.errors.empty()) << c.rule;
    EXPECT_THAT(report.errors.front(), HasSubstr(c.want)) << c.rule;
    EXPECT_THAT(report.errors.front(), HasSubstr("line 4: ")) << c.rule;
  }
}

TEST(RuleFile, ChecksGroups) {
  EXPECT_THAT(check_rule_file("groups: [{name: a}, {name: a}]").errors,
              ElementsAre(HasSubstr("groupname: \"a\" is repeated in the same file")));
  EXPECT_THAT(check_rule_file("groups: [{rules: []}]").errors, ElementsAre(HasSubstr("a group needs a name")));
  EXPECT_THAT(check_rule_file("groups: [{name: a, limit: x}]").errors, ElementsAre(HasSubstr("a whole number")));
  EXPECT_THAT(check_rule_file("groups: {}").errors, ElementsAre(HasSubstr("groups: must be a list")));
  EXPECT_THAT(check_rule_file("rules: []").errors, ElementsAre(HasSubstr("unknown name \"rules\"; known are groups")));
  EXPECT_THAT(check_rule_file("groups: [").errors, ElementsAre(HasSubstr("line")));
}

TEST(RuleFile, DoubtsWhatStandsTwice) {
  const auto report = check_rule_file(
      "groups:\n- name: a\n  rules:\n"
      "  - {record: a, expr: up, labels: {b: c, d: e}}\n"
      "  - {record: a, expr: down, labels: {d: e, b: c}}\n"
      "  - {record: a, expr: down, labels: {b: x}}\n");
  EXPECT_THAT(report.errors, IsEmpty());
  EXPECT_THAT(report.doubts, ElementsAre(HasSubstr("line 5: groups[0].rules[1]: the same record")));
}

TEST(RuleFile, GivesWhatItSays) {
  const auto report = check_rule_file(
      "groups:\n- name: a\n  interval: 30s\n  limit: 3\n  labels: {team: x, kind: y}\n  rules:\n"
      "  - {record: r, expr: 'sum  by(job)(up)', labels: {kind: total}}\n"
      "  - {alert: b, expr: up==0, for: 5m, keep_firing_for: 1m, annotations: {summary: s}}\n");
  ASSERT_THAT(report.errors, IsEmpty());
  ASSERT_EQ(report.content.size(), 1u);
  const RuleGroup& group = report.content[0];
  EXPECT_EQ(group.name, "a");
  EXPECT_EQ(group.interval, std::chrono::seconds(30));
  EXPECT_EQ(group.limit, 3);
  ASSERT_EQ(group.rules.size(), 2u);
  EXPECT_EQ(group.rules[0].kind, Rule::Kind::kRecording);
  EXPECT_EQ(group.rules[0].expr, "sum by (job) (up)");
  EXPECT_EQ(group.rules[0].labels, (RuleLabels{{"kind", "total"}, {"team", "x"}}));
  EXPECT_EQ(group.rules[1].kind, Rule::Kind::kAlerting);
  EXPECT_EQ(group.rules[1].hold, std::chrono::minutes(5));
  EXPECT_EQ(group.rules[1].keep_firing, std::chrono::minutes(1));
  EXPECT_EQ(group.rules[1].annotations, (RuleLabels{{"summary", "s"}}));
  // What is printed of a group is the group.
  const auto again = check_rule_group(group.yaml);
  EXPECT_THAT(again.errors, IsEmpty()) << group.yaml;
  ASSERT_EQ(again.content.size(), 1u);
  EXPECT_EQ(again.content[0].yaml, group.yaml);
}

TEST(RuleFile, OneGroupBegunAnywhere) {
  EXPECT_THAT(check_rule_group("name: a\nrules:\n- record: b\n  expr: sum(\n").errors,
              ElementsAre(HasSubstr("line 4: rules[0]: could not parse expression: 1:5: parse error")));
  EXPECT_THAT(check_rule_group("").errors, ElementsAre(HasSubstr("must be a map")));
  EXPECT_THAT(check_rule_group("[a]").errors, ElementsAre(HasSubstr("must be a map")));
  EXPECT_THAT(check_rule_group("{\"name\": \"a\", \"rules\": []}").errors, IsEmpty());
  EXPECT_THAT(check_rule_group("name: a\nlimit: 99999999999999999999").errors, ElementsAre(HasSubstr("whole number")));
}

TEST(RuleFile, AnythingElseIsAnError) {
  for (const char* odd : {"- a", "5", "groups: \"\xff\xfe\"", "{a: &b [*b]}", "groups: [[[]]]"}) {
    EXPECT_FALSE(check_rule_file(odd).errors.empty()) << odd;
  }
}

}  // namespace
}  // namespace trilobite::alerting
