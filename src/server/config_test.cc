// Configuration: sources and their order, refusals by name and line, and the page that documents every key.
#include "server/config.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "server/config_keys.h"

namespace trilobite::server {
namespace {

std::string refusal(std::string_view yaml) {
  Config config;
  const auto done = apply_yaml(config, yaml, "c.yaml");
  return done.ok() ? "accepted" : done.error().message;
}

TEST(Config, FileThenEnvironment) {
  Config config;
  ASSERT_TRUE(apply_yaml(config,
                         "server:\n  listen: 0.0.0.0:80\n  body_bytes_max: 1.5MiB\n  multi_tenant: yes\n"
                         "storage: {retention_age_max: 30d, retention_disk_share_max: 0.5}\n"
                         "limits:\n  enforced_labels: [app, env]\n  max_line_size: 1KB\n"
                         "overrides:\n  team-a: {max_line_size: 2KiB}\n"
                         "query:\n",
                         "c.yaml")
                  .ok());
  EXPECT_EQ(config.http.listen, "0.0.0.0:80");
  EXPECT_EQ(config.http.body_bytes_max, 1'572'864u);
  EXPECT_TRUE(config.multi_tenant);
  EXPECT_EQ(config.storage.retention_age_max, std::chrono::hours(720));
  EXPECT_EQ(config.storage.retention_disk_share_max, 0.5);
  EXPECT_EQ(config.limits.write.enforced_labels, (std::vector<std::string>{"app", "env"}));
  EXPECT_EQ(config.limits_of("team-a").write.max_line_size, 2048u);
  EXPECT_EQ(config.limits_of("team-a").write.enforced_labels.size(), 2u);
  EXPECT_EQ(config.limits_of("other").write.max_line_size, 1000u);

  ASSERT_TRUE(apply_environment(config, {{"TRILOBITE_SERVER_LISTEN", "1.2.3.4:5"},
                                         {"TRILOBITE_LIMITS_ENFORCED_LABELS", "a,b,c"},
                                         {"TRILOBITE_DATA", "/data"},
                                         {"TRILOBITE_LISTEN", "another program's"}})
                  .ok());
  EXPECT_EQ(config.http.listen, "1.2.3.4:5");
  EXPECT_EQ(config.limits.write.enforced_labels.size(), 3u);
  EXPECT_EQ(config.data, "/data");
  const auto bad = apply_environment(config, {{"TRILOBITE_LIMITS_QUERY_TIMEOUT", "soon"}});
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().message, "TRILOBITE_LIMITS_QUERY_TIMEOUT: \"soon\" is no duration such as 30s or 1h30m");
}

TEST(Config, RefusalsNameTheLineAndTheKey) {
  struct Case {
    std::string_view yaml, want;
  };
  const Case cases[] = {
      {"server:\n  lisen: x\n", "c.yaml:2: unknown key server.lisen; did you mean server.listen?"},
      {"\nservr: {}\n", "c.yaml:2: unknown section servr"},
      {"server: 5\n", "c.yaml:1: section server must be a mapping"},
      {"- a\n", "c.yaml:1: the configuration must be a mapping of sections"},
      {"server: {listen: [a]}\n", "c.yaml:1: server.listen wants one value"},
      {"limits:\n  query_timeout: 5parsecs\n",
       "c.yaml:2: limits.query_timeout: \"5parsecs\" is no duration: units are ns, us, ms, s, m, h, d, w"},
      {"query:\n  threads: -1\n", "c.yaml:2: query.threads: \"-1\" is no whole number from 0 to 2^40"},
      {"server: {body_bytes_max: 5XB}\n",
       "c.yaml:1: server.body_bytes_max: \"5XB\" is no size: units are B, KiB, MiB, GiB, TiB, KB, MB, GB, TB"},
      {"server: {multi_tenant: maybe}\n", "c.yaml:1: server.multi_tenant: \"maybe\" is neither true nor false"},
      {"storage: {retention_disk_share_max: 1.5}\n",
       "c.yaml:1: storage.retention_disk_share_max: \"1.5\" is no number from 0 to 1"},
      {"overrides:\n  t: {max_lines: 5}\n", "c.yaml:2: unknown limit overrides.t.max_lines"},
      {"overrides:\n  t: {max_line_size: x}\n", "c.yaml:2: overrides.t.max_line_size: \"x\" is no size such as 64MiB"},
  };
  for (const Case& c : cases) EXPECT_EQ(refusal(c.yaml), c.want) << c.yaml;
  EXPECT_TRUE(
      refusal("limits: {blocked_queries: ['(']}\n").starts_with("c.yaml:1: limits.blocked_queries: error parsing"));
  EXPECT_TRUE(refusal("a: [b\n").starts_with("c.yaml:"));
  EXPECT_EQ(refusal(""), "accepted");
}

TEST(Config, ChecksOfKeysTogether) {
  const auto fault = [](auto change) {
    Config config;
    change(config);
    const auto done = check_config(config);
    return done.ok() ? std::string() : done.error().message;
  };
  EXPECT_EQ(fault([](Config&) {}), "");
  EXPECT_NE(fault([](Config& c) { c.http.listen = "nowhere"; }), "");
  EXPECT_NE(fault([](Config& c) { c.http.read_threads = 0; }), "");
  EXPECT_NE(fault([](Config& c) { c.data.clear(); }), "");
  EXPECT_NE(fault([](Config& c) { c.otlp_http_listen = "nowhere"; }), "");
  EXPECT_NE(fault([](Config& c) { c.graphite.listen = "nowhere"; }), "");
  EXPECT_NE(fault([](Config& c) { c.multi_tenant_queries = true; }), "");
}

TEST(Config, LimitsOfTenants) {
  Config config;
  ASSERT_TRUE(
      apply_yaml(config,
                 "overrides:\n  a: {max_query_length: 2d, otlp_config: {severity_text_as_label: true}}\n  b: {}\n"
                 "limits: {max_query_length: 1d, max_query_series: 7}\n",
                 "c.yaml")
          .ok());
  EXPECT_EQ(config.limits_of("a").read.length_max, std::chrono::hours(48));
  EXPECT_EQ(config.limits_of("a").read.series_max, 7u);
  EXPECT_TRUE(config.limits_of("a").write.otlp.severity_text_as_label);
  EXPECT_EQ(config.limits_of("c").read.length_max, std::chrono::hours(24));
  EXPECT_TRUE(config.write_limits().of("a").otlp.severity_text_as_label);
  EXPECT_FALSE(config.write_limits().of("c").otlp.severity_text_as_label);
  EXPECT_EQ(to_yaml_of_changes(config),
            "limits:\n  max_query_length: 24h\n  max_query_series: 7\n"
            "overrides:\n  a:\n    otlp_config: {severity_text_as_label: true}\n    max_query_length: 48h\n");
  EXPECT_EQ(to_yaml_of_changes(Config()), "");
}

TEST(Config, OtlpConfigIsLokis) {
  Config config;
  const auto done = apply_yaml(config,
                               "limits:\n"
                               "  otlp_config:\n"
                               "    resource_attributes:\n"
                               "      ignore_defaults: true\n"
                               "      attributes_config:\n"
                               "        - action: index_label\n"
                               "          attributes: [team, service.name]\n"
                               "        - {action: drop, regex: 'process\\..+'}\n"
                               "    log_attributes:\n"
                               "      - {action: drop, attributes: [secret]}\n",
                               "c.yaml");
  ASSERT_TRUE(done.ok()) << done.error().message;
  const ingest::OtlpMapping& otlp = config.limits.write.otlp;
  EXPECT_EQ(otlp.of_resource("team"), ingest::OtlpAction::kIndexLabel);
  EXPECT_EQ(otlp.of_resource("process.pid"), ingest::OtlpAction::kDrop);
  EXPECT_EQ(otlp.of_resource("k8s.pod.name"), ingest::OtlpAction::kStructuredMetadata);
  EXPECT_EQ(otlp.of_record("secret"), ingest::OtlpAction::kDrop);
  Config again;
  ASSERT_TRUE(apply_yaml(again, to_yaml(config), "printed").ok()) << to_yaml(config);
  EXPECT_EQ(to_yaml(again), to_yaml(config));
  struct Case {
    std::string_view value, want;
  };
  const Case cases[] = {
      {"5", "otlp_config must be a mapping"},
      {"{a: 1}", "unknown key a"},
      {"{log_attributes: {}}", "log_attributes must be a list"},
      {"{log_attributes: [{action: keep, attributes: [a]}]}",
       "log_attributes[0]: action \"keep\" is none of structured_metadata, index_label, drop"},
      {"{log_attributes: [{action: drop}]}",
       "log_attributes[0]: an entry of attributes_config needs either attributes or regex"},
      {"{scope_attributes: [{action: index_label, attributes: [a]}]}",
       "scope_attributes[0]: attributes of a scope cannot become labels"},
      {"{resource_attributes: {ignore_defaults: 7}}", "\"7\" is neither true nor false"},
      {"{resource_attributes: {attribute_config: []}}", "unknown key resource_attributes.attribute_config"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(refusal(fmt::format("limits: {{otlp_config: {}}}\n", c.value)),
              fmt::format("c.yaml:1: limits.otlp_config: {}", c.want));
  }
}

TEST(Config, EveryKeyPrintsWhatItReads) {
  Config config;
  const std::string yaml = to_yaml(config);
  Config again;
  const auto done = apply_yaml(again, yaml, "printed");
  ASSERT_TRUE(done.ok()) << done.error().message << "\n" << yaml;
  EXPECT_EQ(to_yaml(again), yaml);
  for (const ConfigKey& key : config_keys()) EXPECT_FALSE(key.help.empty()) << key.name;
}

TEST(Config, ThePageIsUpToDate) {
  std::ifstream in(std::string(TRILOBITE_SOURCE_DIR) + "/docs/configuration.md");
  std::stringstream page;
  page << in.rdbuf();
  EXPECT_TRUE(page.str() == configuration_page()) << "run: trilobite help configuration > docs/configuration.md";
}

TEST(ConfigValues, DurationsAndSizes) {
  for (const auto& [text, ns] : {std::pair<std::string_view, std::int64_t>{"0", 0},
                                 {"1500ms", 1'500'000'000},
                                 {"1h30m", 5'400'000'000'000},
                                 {"1.5s", 1'500'000'000},
                                 {"1w", 604'800'000'000'000}}) {
    EXPECT_EQ(parse_duration(text)->count(), ns) << text;
    EXPECT_EQ(parse_duration(format_duration(std::chrono::nanoseconds(ns)))->count(), ns);
  }
  for (const std::string_view bad : {"", "5", "s", "-5s", "5 s", "1e99h", "nan", "999999999999w"})
    EXPECT_FALSE(parse_duration(bad).ok()) << bad;
  for (const auto& [text, bytes] : {std::pair<std::string_view, std::uint64_t>{"0", 0},
                                    {"512", 512},
                                    {"64KiB", 65536},
                                    {"1.5 GiB", 1'610'612'736},
                                    {"4MB", 4'000'000}}) {
    EXPECT_EQ(*parse_bytes(text), bytes) << text;
    EXPECT_EQ(*parse_bytes(format_bytes(bytes)), bytes);
  }
  for (const std::string_view bad : {"", "x", "-1", "5XB", "1KiBs", "99999999TiB"})
    EXPECT_FALSE(parse_bytes(bad).ok()) << bad;
}

}  // namespace
}  // namespace trilobite::server
