// Promtail's YAML: what is taken from it, and that every mistake is named with its line.
#include "agent/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/agent.h"
#include "agent/default_config.h"

namespace trilobite::agent {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kFull = R"(
server:
  http_listen_port: 9081
  grpc_listen_port: 0
positions:
  filename: /tmp/positions.yaml
clients:
  - url: http://a:3100/loki/api/v1/push
    tenant_id: team
    batchwait: 2s
    batchsize: 102400
    timeout: 3s
    backoff_config: {min_period: 100ms, max_period: 1m, max_retries: 5}
    external_labels: {cluster: c1}
    headers: {X-One: "1"}
    basic_auth: {username: u, password: p}
  - url: https://b/push
    name: second
    batchwait: 500ms
    external_labels: {cluster: c1}
    bearer_token_file: /token
    tls_config: {insecure_skip_verify: true}
limits_config:
  readline_rate_enabled: true
  readline_rate: 5
  max_line_size: 256KB
target_config: {sync_period: 3s}
scrape_configs:
  - job_name: system
    static_configs:
      - targets: [localhost]
        labels: {job: varlogs, __path__: "/var/log/*.log", __path_exclude__: "/var/log/x.log"}
      - targets: [localhost]
        labels: {job: other, __host__: elsewhere, __path__: /x}
    relabel_configs:
      - source_labels: [job]
        target_label: service
        replacement: "s-$1"
    pipeline_stages:
      - regex: {expression: '(?P<level>\w+)'}
      - labels: {level: }
  - job_name: journal
    journal: {max_age: 1h, json: true, labels: {job: systemd}, matches: "A=b", path: /j}
)";

TEST(Config, TakesWhatPromtailTakes) {
  auto config = parse_config(kFull, {.host = "here"});
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->http_port, 9081);
  EXPECT_EQ(config->positions.filename, "/tmp/positions.yaml");
  ASSERT_EQ(config->clients.size(), 2u);
  const ClientConfig& first = config->clients[0];
  EXPECT_EQ(first.name, first.url);
  EXPECT_EQ(first.tenant_id, "team");
  EXPECT_EQ(first.timeout, std::chrono::seconds(3));
  EXPECT_EQ(first.backoff.max_retries, 5);
  EXPECT_EQ(first.basic_user, "u");
  EXPECT_EQ(config->clients[1].name, "second");
  EXPECT_TRUE(config->clients[1].tls.insecure_skip_verify);
  EXPECT_EQ(config->batch.wait, std::chrono::milliseconds(500));
  EXPECT_EQ(config->batch.bytes, 102400u);
  EXPECT_EQ(config->batch.external_labels.get("cluster"), "c1");
  EXPECT_EQ(config->limits.max_line_size, 256u * 1024);
  EXPECT_EQ(config->sync_period, std::chrono::seconds(3));
  ASSERT_EQ(config->scrape.size(), 2u);
  ASSERT_EQ(config->scrape[0].targets.size(), 1u);  // the other is for another host
  const StaticTarget& target = config->scrape[0].targets[0];
  EXPECT_EQ(target.path, "/var/log/*.log");
  EXPECT_EQ(target.path_exclude, "/var/log/x.log");
  EXPECT_EQ(target.labels, (Labels{{"job", "varlogs"}, {"service", "s-varlogs"}}));
  EXPECT_TRUE(check_pipelines(*config, SystemClock()).ok());
  ASSERT_TRUE(config->scrape[1].journal.has_value());
  EXPECT_TRUE(config->scrape[1].journal->json);
  EXPECT_EQ(config->scrape[1].journal->matches, "A=b");
}

struct BadCase {
  std::string_view text, message;
};

TEST(Config, NamesEveryMistakeWithItsLine) {
  const BadCase cases[] = {
      {"clientz: []", "line 1: clientz: unknown name; known are client, clients,"},
      {"clients:\n- url: http://a\n  urll: x", "line 3: clients[0].urll: unknown name"},
      {"clients:\n- tenant_id: x", "clients[0].url: must be given"},
      {"clients:\n- url: ftp://a", "line 2: clients[0].url: must be given and start with http"},
      {"clients:\n- url: http://a\n  batchwait: soon", "line 3: clients[0].batchwait: \"soon\" is not a duration"},
      {"clients:\n- url: http://a\n  batchwait: -1s", "must not be negative"},
      {"clients:\n- url: http://a\n  batchsize: 0", "must be positive"},
      {"clients:\n- url: http://a\n  oauth2: {}", "clients[0].oauth2: is not supported yet"},
      {"clients: {}", "clients: must be a list"},
      {"clients:\n- url: [a]", "clients[0].url: must be a single value"},
      {"clients:\n- url: http://a\n  tls_config: {min: 1}", "clients[0].tls_config.min: unknown name"},
      {"scrape_configs:\n- job_name: j\n  kafka: {}", "line 3: scrape_configs[0].kafka: is not supported yet"},
      {"scrape_configs:\n- static_configs:\n  - labels: {job: x}", "__path__ must say which files"},
      {"scrape_configs:\n- static_configs:\n  - labels: {__path__: '/a['}", "'[' is not closed"},
      {"scrape_configs:\n- static_configs:\n  - labels: {a-b: x}", "\"a-b\" is not a label name"},
      {"scrape_configs:\n- static_configs:\n  - labelz: {}",
       "scrape_configs[0].static_configs[0].labelz: unknown name"},
      {"scrape_configs:\n- relabel_configs:\n  - action: dance", "unknown action \"dance\""},
      {"scrape_configs:\n- relabel_configs:\n  - {regex: '(', target_label: a}", "missing )"},
      {"scrape_configs:\n- relabel_configs:\n  - {}", "target_label: must be given"},
      {"scrape_configs:\n- encoding: utf-16", "utf-16 is not supported yet"},
      {"scrape_configs:\n- decompression: {format: bz2}", "bz2 is not supported yet"},
      {"limits_config: {max_streams: 5}", "limits_config.max_streams: is not supported yet"},
      {"limits_config: {readline_burst: 0}", "0 is not within 1 and"},
      {"limits_config: {readline_rate_drop: maybe}", "neither true nor false"},
      {"limits_config: {max_line_size: 5 apples}", "is not a size"},
      {"server: {http_listen_port: 70000}", "70000 is not within 0 and 65535"},
      {"queue: {bytes_max: 10}", "must be at least 1MB"},
      {"a: 1\na: 2", "line 2: \"a\" is given twice"},
      {"a: [", "line "},
      {"- 1", "must be a mapping"},
  };
  for (const BadCase& each : cases) {
    auto config = parse_config(each.text, {});
    ASSERT_FALSE(config.ok()) << each.text;
    EXPECT_THAT(config.error().message, HasSubstr(std::string(each.message))) << each.text;
  }
}

TEST(Config, EmptyIsFine) { EXPECT_TRUE(parse_config("", {}).ok()); }

TEST(Config, MergeKeysAndAliases) {
  auto config = parse_config(
      "scrape_configs:\n- job_name: a\n  static_configs:\n  - labels: &l {x: '1', __path__: /a}\n"
      "  - labels: {<<: *l, x: '2'}\n",
      {});
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->scrape[0].targets[1].labels.get("x"), "2");
  EXPECT_EQ(config->scrape[0].targets[1].path, "/a");
}

TEST(Config, AnAliasBombIsRefused) {
  std::string text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    text += fmt::format("a{0}: &a{0} [*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1}]\n", i, i - 1);
  }
  auto config = parse_config(text, {});
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.error().code, Code::kLimit);
}

TEST(Config, JobNamesAreMadeUnique) {
  auto config = parse_config("scrape_configs:\n- job_name: a\n- job_name: a\n- {}\n", {});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->scrape[1].job_name, "a#2");
  EXPECT_EQ(config->scrape[2].job_name, "default");
}

TEST(Config, ExpandsTheEnvironment) {
  const std::map<std::string, std::string> environment{{"A", "1"}, {"EMPTY", ""}};
  EXPECT_EQ(*expand_environment("x${A}y${B:-d}${B}${EMPTY:-e}", environment), "x1yde");
  EXPECT_EQ(*expand_environment("\\\\w $1 $", environment), "\\w $1 $");
  EXPECT_THAT(expand_environment("a\n${A", environment).error().message, HasSubstr("line 2"));
}

TEST(DefaultConfig, IsValidWhateverThePathsAre) {
  const Config config = default_config({.host = "h", .own_log = "/data/o'w\"n: #.log"});
  ASSERT_EQ(config.scrape.size(), 3u);
  EXPECT_EQ(config.scrape[2].targets[0].path, "/data/o'w\"n: #.log");
  EXPECT_TRUE(check_pipelines(config, SystemClock()).ok());
}

struct RelabelCase {
  std::string_view rules;
  Labels before, after;
  bool kept = true;
};

TEST(Relabel, Actions) {
  const RelabelCase cases[] = {
      {"- {source_labels: [a, b], target_label: c}", {{"a", "1"}, {"b", "2"}}, {{"a", "1"}, {"b", "2"}, {"c", "1;2"}}},
      {"- {source_labels: [a], regex: 'x(.*)', target_label: c, replacement: '${1}z'}",
       {{"a", "xy"}},
       {{"a", "xy"}, {"c", "yz"}}},
      {"- {source_labels: [a], regex: 'no', target_label: c}", {{"a", "xy"}}, {{"a", "xy"}}},
      {"- {source_labels: [a], regex: '.*', target_label: a, replacement: ''}", {{"a", "xy"}}, {}},
      {"- {action: keep, source_labels: [a], regex: x}", {{"a", "y"}}, {{"a", "y"}}, false},
      {"- {action: drop, source_labels: [a], regex: y}", {{"a", "y"}}, {{"a", "y"}}, false},
      {"- {action: labelmap, regex: 'm_(.+)'}", {{"m_x", "1"}}, {{"m_x", "1"}, {"x", "1"}}},
      {"- {action: labeldrop, regex: 'm_.+'}", {{"m_x", "1"}, {"y", "2"}}, {{"y", "2"}}},
      {"- {action: labelkeep, regex: 'm_.+'}", {{"m_x", "1"}, {"y", "2"}}, {{"m_x", "1"}}},
      {"- {action: uppercase, source_labels: [a], target_label: a}", {{"a", "xY"}}, {{"a", "XY"}}},
      {"- {action: hashmod, source_labels: [a], target_label: h, modulus: 8}",
       {{"a", "foo"}},
       {{"a", "foo"}, {"h", "0"}}},
      {"- {action: keepequal, source_labels: [a], target_label: b}",
       {{"a", "1"}, {"b", "2"}},
       {{"a", "1"}, {"b", "2"}},
       false},
  };
  for (const RelabelCase& each : cases) {
    auto nodes = yaml::parse(each.rules);
    ASSERT_TRUE(nodes.ok());
    std::vector<RelabelRule> rules;
    for (const yaml::Node& node : nodes->list) rules.push_back(*parse_relabel_rule(node, "rule"));
    Labels labels = each.before;
    EXPECT_EQ(relabel(rules, labels), each.kept) << each.rules;
    EXPECT_EQ(labels, each.after) << each.rules;
  }
}

}  // namespace
}  // namespace trilobite::agent
