// From discovered labels to a target, by Prometheus' rules.
#include "scrape/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trilobite::scrape {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<const ScrapeConfig> job(const std::string& fields) {
  auto config = parse_config("scrape_configs: [{job_name: j" + (fields.empty() ? "" : ", " + fields) + "}]", {});
  EXPECT_TRUE(config.ok()) << config.error().message;
  return config->scrape.at(0);
}

Result<std::optional<TargetSpec>> make(const std::string& fields, const Labels& target, const Labels& group = {}) {
  const auto config = job(fields);
  return make_target(*config, discovered_labels(*config, TargetGroup{"", group, {}}, target));
}

TargetSpec made(const std::string& fields, const Labels& target, const Labels& group = {}) {
  auto spec = make(fields, target, group);
  EXPECT_TRUE(spec.ok() && spec->has_value()) << (spec.ok() ? "dropped" : spec.error().message);
  return spec.ok() && spec->has_value() ? std::move(**spec) : TargetSpec();
}

TEST(Target, DefaultsAreFilledIn) {
  const TargetSpec spec = made("", {{"__address__", "h:80"}, {"a", "1"}}, {{"a", "2"}, {"b", "3"}});
  EXPECT_EQ(spec.labels, (Labels{{"a", "1"}, {"b", "3"}, {"instance", "h:80"}, {"job", "j"}}));
  EXPECT_EQ(spec.discovered, (Labels{{"__address__", "h:80"},
                                     {"__metrics_path__", "/metrics"},
                                     {"__scheme__", "http"},
                                     {"__scrape_interval__", "1m"},
                                     {"__scrape_timeout__", "10s"},
                                     {"a", "1"},
                                     {"b", "3"},
                                     {"job", "j"}}));
  EXPECT_EQ(spec.url, "http://h:80/metrics");
  EXPECT_EQ(made("", {{"__address__", "h"}}).url, "http://h/metrics") << "no port is added";
}

TEST(Target, RelabellingDecidesOnUrlIntervalAndParameters) {
  const TargetSpec spec = made(
      "params: {m: [one, two]}, relabel_configs: [{source_labels: [__address__], target_label: __param_target}, "
      "{target_label: __address__, replacement: 'exporter:9115'}, {target_label: __scheme__, replacement: https}, "
      "{target_label: __metrics_path__, replacement: /probe}, {target_label: __scrape_interval__, replacement: 5s}, "
      "{target_label: __scrape_timeout__, replacement: 4s}, {target_label: __tmp_x, replacement: y}, "
      "{source_labels: [__param_m], target_label: first}]",
      {{"__address__", "db 1"}, {"__meta_x", "y"}});
  EXPECT_EQ(spec.url, "https://exporter:9115/probe?m=one&m=two&target=db%201");
  EXPECT_EQ(spec.interval, std::chrono::seconds(5));
  EXPECT_EQ(spec.labels, (Labels{{"first", "one"}, {"instance", "exporter:9115"}, {"job", "j"}}));
}

TEST(Target, WhatCannotBeScrapedIsAnError) {
  struct Case {
    const char* fields;
    Labels target;
    const char* says;
  };
  const Case cases[] = {
      {"", {{"a", "b"}}, "no address"},
      {"", {{"__address__", "h/x"}}, "\"h/x\" is not a valid hostname"},
      {"", {{"__address__", "h"}, {"__scrape_interval__", "x"}}, "error parsing scrape interval: not a valid duration"},
      {"", {{"__address__", "h"}, {"__scrape_interval__", "0"}}, "scrape interval cannot be 0"},
      {"",
       {{"__address__", "h"}, {"__scrape_timeout__", "2m"}},
       "scrape timeout cannot be greater than scrape interval (\"2m\" > \"1m\")"},
  };
  for (const Case& each : cases) {
    const auto spec = make(each.fields, each.target);
    ASSERT_FALSE(spec.ok()) << each.says;
    EXPECT_THAT(spec.error().message, HasSubstr(each.says));
  }
  const auto dropped =
      make("relabel_configs: [{action: drop, source_labels: [a], regex: b}]", {{"__address__", "h"}, {"a", "b"}});
  EXPECT_TRUE(dropped.ok() && !dropped->has_value());
}

TEST(Target, EveryActionOfRelabelling) {
  struct Case {
    const char* rule;
    Labels want;  // what is left of {a: "x1", b: "y", long.name: "z"}; empty: dropped
  };
  const Labels start{{"a", "x1"}, {"b", "y"}, {"long.name", "z"}};
  const Case cases[] = {
      {"{source_labels: [a, b], target_label: c}", {{"a", "x1"}, {"b", "y"}, {"c", "x1;y"}, {"long.name", "z"}}},
      {"{source_labels: [a, b], separator: '-', regex: 'x(.)-(.*)', target_label: c, replacement: '${2}$1'}",
       {{"a", "x1"}, {"b", "y"}, {"c", "y1"}, {"long.name", "z"}}},
      {"{source_labels: [a], regex: nope, target_label: c}", start},
      {"{target_label: a, replacement: ''}", {{"b", "y"}, {"long.name", "z"}}},
      {"{source_labels: [b], target_label: 'new.name'}",
       {{"a", "x1"}, {"b", "y"}, {"long.name", "z"}, {"new.name", "y"}}},
      {"{action: keep, source_labels: [a], regex: 'x.'}", start},
      {"{action: keep, source_labels: [a], regex: x}", {}},
      {"{action: drop, source_labels: [a], regex: x}", start},
      {"{action: drop, source_labels: [missing], regex: ''}", {}},
      {"{action: keepequal, source_labels: [a], target_label: b}", {}},
      {"{action: dropequal, source_labels: [a], target_label: b}", start},
      {"{action: labelmap, regex: '(.)', replacement: 'm_$1'}",
       {{"a", "x1"}, {"b", "y"}, {"long.name", "z"}, {"m_a", "x1"}, {"m_b", "y"}}},
      {"{action: labeldrop, regex: 'a|long.*'}", {{"b", "y"}}},
      {"{action: labelkeep, regex: a}", {{"a", "x1"}}},
      {"{action: uppercase, source_labels: [b], target_label: b}", {{"a", "x1"}, {"b", "Y"}, {"long.name", "z"}}},
      {"{action: lowercase, source_labels: [a], target_label: b}", {{"a", "x1"}, {"b", "x1"}, {"long.name", "z"}}},
      // The last eight bytes of md5("y") modulo 1000, by another program.
      {"{action: hashmod, source_labels: [b], modulus: 1000, target_label: h}",
       {{"a", "x1"}, {"b", "y"}, {"h", "269"}, {"long.name", "z"}}},
  };
  for (const Case& each : cases) {
    const auto config = job(fmt::format("relabel_configs: [{}]", each.rule));
    Labels labels = start;
    const bool kept = agent::relabel(config->relabel, labels);
    EXPECT_EQ(kept, !each.want.empty()) << each.rule;
    if (kept) {
      EXPECT_EQ(labels, each.want) << each.rule;
    }
  }
}

TEST(Target, StepsOfRelabellingAreShown) {
  const auto config =
      job("relabel_configs: [{target_label: x, replacement: y}, {action: drop, source_labels: [x], regex: y}, "
          "{target_label: z, replacement: never}]");
  const auto steps = relabel_steps(config->relabel, {{"__address__", "h"}});
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_TRUE(steps[0].keep);
  EXPECT_EQ(steps[0].output.get("x"), "y");
  EXPECT_FALSE(steps[1].keep);
}

TEST(Target, EqualLabelsAreOneTarget) {
  const TargetSpec a = made("", {{"__address__", "h:80"}, {"__meta_zone", "1"}});
  const TargetSpec b = made("", {{"__address__", "h:80"}, {"__meta_zone", "2"}});
  const TargetSpec c = made("", {{"__address__", "h:81"}});
  EXPECT_EQ(a.hash, b.hash);
  EXPECT_NE(a.hash, c.hash);
}

}  // namespace
}  // namespace trilobite::scrape
