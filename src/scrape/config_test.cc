// What of Prometheus' configuration is understood, what is refused and in which words, and that no secret is shown.
#include "scrape/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "agent/test_support.h"

namespace trilobite::scrape {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Config parsed(std::string_view text) {
  auto config = parse_config(text, {.folder = "/etc/prometheus", .environment = {{"SITE", "paris"}}});
  EXPECT_TRUE(config.ok()) << config.error().message;
  return config.ok() ? std::move(*config) : Config();
}

// As a platform of inference servers has it: several jobs, each with an interval of its own.
constexpr std::string_view kPlatform = R"(
global:
  scrape_interval: 10s
  evaluation_interval: 10s

scrape_configs:
  - job_name: 'nats-exporter'
    scrape_interval: 2s
    static_configs:
      - targets: ['nats-exporter:7777']  # a comment

  - job_name: 'dcgm-exporter'
    scrape_interval: 5s
    static_configs:
      - targets: ['dcgm-exporter:9401', 'other:9401']
        labels: {rack: r1}

  - job_name: 'frontend'
    static_configs:
      - targets: ['host.docker.internal:8000']
)";

TEST(ScrapeConfig, ThePlatformsFileLoads) {
  const Config config = parsed(kPlatform);
  ASSERT_EQ(config.scrape.size(), 3u);
  EXPECT_EQ(config.scrape[0]->interval, 2s);
  EXPECT_EQ(config.scrape[0]->timeout, 2s) << "the default of ten seconds is cut to the interval";
  EXPECT_EQ(config.scrape[1]->interval, 5s);
  EXPECT_EQ(config.scrape[2]->interval, 10s);
  EXPECT_EQ(config.scrape[2]->timeout, 10s);
  const TargetGroup& group = config.scrape[1]->sources.fixed.at(0);
  EXPECT_EQ(group.targets.size(), 2u);
  EXPECT_EQ(group.labels.get("rack"), "r1");
  EXPECT_EQ(config.global.evaluation_interval, 10s);
}

// The files themselves, where they are at hand.
TEST(ScrapeConfig, RealFilesLoadUnchanged) {
  const auto fixtures = std::filesystem::path(TRILOBITE_SOURCE_DIR) / "../shared/fixtures";
  std::error_code missing;
  int seen = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(fixtures, missing)) {
    if (entry.path().filename() != "prometheus.yml") continue;
    std::ifstream in(entry.path());
    const std::string text(std::istreambuf_iterator<char>(in), {});
    const auto config = parse_config(text, {});
    EXPECT_TRUE(config.ok()) << entry.path() << ": " << config.error().message;
    ++seen;
  }
  if (seen == 0) GTEST_SKIP() << "no fixtures here";
}

TEST(ScrapeConfig, DefaultsAreThoseOfPrometheus) {
  const Config config = parsed("scrape_configs: [{job_name: a}]");
  const ScrapeConfig& job = *config.scrape.at(0);
  EXPECT_EQ(job.interval, 1min);
  EXPECT_EQ(job.timeout, 10s);
  EXPECT_EQ(job.metrics_path, "/metrics");
  EXPECT_EQ(job.scheme, "http");
  EXPECT_TRUE(job.honor_timestamps && job.enable_compression && job.http.follow_redirects && job.http.http2);
  EXPECT_FALSE(job.honor_labels || job.native_histograms || job.extra_metrics || job.track_timestamps_staleness);
  EXPECT_THAT(job.protocols, ElementsAre(ScrapeProtocol::kOpenMetricsText1_0_0, ScrapeProtocol::kOpenMetricsText0_0_1,
                                         ScrapeProtocol::kPrometheusText1_0_0, ScrapeProtocol::kPrometheusText0_0_4));
  EXPECT_EQ(job.escaping, "allow-utf-8");
  EXPECT_EQ(parsed("").scrape.size(), 0u);
}

TEST(ScrapeConfig, EveryFieldIsRead) {
  const Config config = parsed(R"(
global:
  scrape_interval: 30s
  scrape_timeout: 5s
  scrape_protocols: [PrometheusText0.0.4]
  body_size_limit: 10MB
  sample_limit: 100
  external_labels: {site: "${SITE}", cost: "5$$", none: "x$NOTHING"}
  query_log_file: q.log
rule_files: ["rules/*.yml"]
runtime: {gogc: 60}
alerting: {alertmanagers: [{static_configs: [{targets: [am]}]}]}
remote_write: [{url: "http://other/write"}]
remote_read: [{url: "http://other/read"}]
otlp: {promote_resource_attributes: [a]}
storage: {tsdb: {out_of_order_time_window: 10m}}
tracing: {endpoint: x}
scrape_configs:
- job_name: all
  honor_labels: true
  honor_timestamps: false
  track_timestamps_staleness: true
  scrape_interval: 15s
  scrape_timeout: 14s
  scrape_protocols: [PrometheusProto, OpenMetricsText1.0.0]
  fallback_scrape_protocol: PrometheusText1.0.0
  scrape_native_histograms: true
  always_scrape_classic_histograms: true
  convert_classic_histograms_to_nhcb: true
  native_histogram_bucket_limit: 160
  native_histogram_min_bucket_factor: 1.1
  extra_scrape_metrics: true
  metrics_path: /m
  scheme: https
  params: {collect: [cpu, memory], name: [x]}
  enable_compression: false
  body_size_limit: 1MB
  sample_limit: 7
  target_limit: 8
  label_limit: 9
  label_name_length_limit: 10
  label_value_length_limit: 11
  keep_dropped_targets: 12
  metric_name_validation_scheme: legacy
  relabel_configs:
  - {source_labels: [__address__], regex: '(.*):\d+', target_label: host, replacement: '${1}'}
  metric_relabel_configs:
  - {action: labeldrop, regex: pod_.*}
  - {action: hashmod, source_labels: [a, b], modulus: 8, target_label: shard}
  basic_auth: {username: u, password_file: secrets/p}
  tls_config: {ca_file: ca.pem, server_name: n, insecure_skip_verify: true, min_version: TLS12}
  proxy_url: http://proxy:3128
  no_proxy: a,b
  follow_redirects: false
  enable_http2: false
  http_headers: {X-Team: {values: [red], secrets: [s3cret], files: [h]}}
  file_sd_configs: [{files: [targets/*.json], refresh_interval: 1m}]
  http_sd_configs: [{url: "http://sd/", refresh_interval: 20s}]
  dns_sd_configs: [{names: [a.b], type: A, port: 80}]
  kubernetes_sd_configs: [{role: pod, namespaces: {names: [a]}, selectors: [{role: pod, label: "app=x"}]}]
  docker_sd_configs: [{host: "unix:///var/run/docker.sock", filters: [{name: label, values: [a=b]}]}]
  consul_sd_configs: [{server: "c:8500", services: [web], tags: [prod]}]
  static_configs: [{targets: ["a:1"], labels: {x: y}}]
)");
  EXPECT_EQ(config.global.external_labels.get("site"), "paris");
  EXPECT_EQ(config.global.external_labels.get("cost"), "5$");
  EXPECT_EQ(config.global.external_labels.get("none"), "x");
  EXPECT_THAT(config.rule_files, ElementsAre("/etc/prometheus/rules/*.yml"));
  const ScrapeConfig& job = *config.scrape.at(0);
  EXPECT_EQ(job.limits.body_bytes, 1u << 20);
  EXPECT_EQ(job.limits.samples, 7u);
  EXPECT_EQ(job.limits.dropped_targets_kept, 12u);
  EXPECT_EQ(job.limits.histogram_buckets, 160u);
  EXPECT_EQ(job.escaping, "underscores");
  EXPECT_EQ(job.fallback_protocol, ScrapeProtocol::kPrometheusText1_0_0);
  EXPECT_EQ(job.http.basic_password.file, "/etc/prometheus/secrets/p");
  EXPECT_EQ(job.http.tls.ca_file, "/etc/prometheus/ca.pem");
  EXPECT_EQ(job.http.headers.at(0).files.at(0), "/etc/prometheus/h");
  EXPECT_EQ(job.params.at(0).second.size(), 2u);
  EXPECT_EQ(job.relabel.size(), 1u);
  EXPECT_EQ(job.metric_relabel.size(), 2u);
  EXPECT_EQ(job.sources.discovered.size(), 6u);
  EXPECT_EQ(std::get<FileDiscoveryConfig>(job.sources.discovered[0]).files.at(0), "/etc/prometheus/targets/*.json");
  EXPECT_THAT(config.yaml, Not(HasSubstr("s3cret")));
  EXPECT_THAT(job.yaml, Not(HasSubstr("s3cret")));
  EXPECT_THAT(job.identity, HasSubstr("s3cret"));
}

TEST(ScrapeConfig, WhatIsWrongIsRefusedWithItsPlace) {
  struct Case {
    std::string_view text, says;
  };
  const Case cases[] = {
      {"global:\n  scrape_intervall: 1s", "line 2: global.scrape_intervall: unknown name"},
      {"scrape_configs:\n- job_name: a\n  metrics_paht: /x", "line 3: scrape_configs[0].metrics_paht: unknown name"},
      {"nonsense: 1", "line 1: nonsense: unknown name"},
      {"scrape_configs: [{}]", "job_name is empty"},
      {"scrape_configs: [{job_name: a}, {job_name: a}]", "found multiple scrape configs with job name \"a\""},
      {"scrape_configs: [{job_name: a, scrape_interval: 5s, scrape_timeout: 6s}]",
       "scrape timeout greater than scrape interval for scrape config with job name \"a\""},
      {"global: {scrape_interval: 5s, scrape_timeout: 6s}", "global scrape timeout greater than scrape interval"},
      {"global: {scrape_interval: 1.5s}", "not a valid duration string: \"1.5s\""},
      {"global: {scrape_interval: 1s1h}", "not a valid duration string"},
      {"global: {scrape_protocols: [Nope]}", "unknown scrape protocol Nope"},
      {"global: {scrape_protocols: [PrometheusProto, PrometheusProto]}", "duplicated protocol"},
      {"global: {sample_limit: -1}", "is not within"},
      {"scrape_configs: [{job_name: a, static_configs: [{targets: ['http://x/y']}]}]",
       "\"http://x/y\" is not a valid hostname"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{action: nope}]}]", "unknown action"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{action: labeldrop, target_label: x}]}]",
       "target_label: has no meaning for action labeldrop"},
      {"scrape_configs: [{job_name: a, relabel_configs: [{regex: '('}]}]", "regex"},
      {"scrape_configs: [{job_name: a, basic_auth: {username: a}, authorization: {credentials: x}}]",
       "at most one of basic_auth"},
      {"scrape_configs: [{job_name: a, authorization: {type: Basic, credentials: x}}]", "use \"basic_auth\" instead"},
      {"scrape_configs: [{job_name: a, http_headers: {Host: {values: [x]}}}]",
       "setting header \"Host\" is not allowed"},
      {"scrape_configs: [{job_name: a, tls_config: {min_version: TLS9}}]", "unknown TLS version: TLS9"},
      {"scrape_configs: [{job_name: a, oauth2: {client_id: x}}]", "token_url must be configured"},
      {"scrape_configs: [{job_name: a, dns_sd_configs: [{names: [x], type: A}]}]", "a port is required"},
      {"scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: pods}]}]", "unknown Kubernetes SD role \"pods\""},
      {"scrape_configs: [{job_name: a, file_sd_configs: [{files: [a.txt]}]}]", "is not valid for file discovery"},
      {"scrape_configs: [{job_name: a, http_sd_configs: [{url: 'ftp://x'}]}]", "URL scheme must be 'http' or 'https'"},
      {"scrape_configs: [{job_name: a, ec2_sd_configs: [{region: x}]}]", "is not supported yet"},
      {"scrape_configs: [{job_name: a, metric_name_validation_scheme: x}]", "must be either"},
      {"global: {external_labels: {__x: y}}", "\"__x\" is not a valid label name"},
      {"scrape_configs: {", "line"},
  };
  for (const Case& each : cases) {
    const auto config = parse_config(each.text, {});
    ASSERT_FALSE(config.ok()) << each.text;
    EXPECT_THAT(config.error().message, HasSubstr(each.says)) << each.text;
  }
}

TEST(ScrapeConfig, WhatIsShownIsTheSameConfigurationWithoutSecrets) {
  const Config config = parsed(R"(
scrape_configs:
- job_name: a
  basic_auth: {username: u, password: hidden1}
  static_configs: [{targets: ["a:1"], labels: {odd: "yes: no", empty: ""}}]
- job_name: b
  authorization: {credentials: hidden2}
  proxy_url: http://user:hidden3@proxy:1
- job_name: c
  oauth2: {client_id: i, client_secret: hidden4, token_url: "http://t"}
remote_write: [{url: "http://u:hidden5@h/w", basic_auth: {username: u, password: hidden6}}]
)");
  EXPECT_THAT(config.yaml, Not(HasSubstr("hidden")));
  EXPECT_THAT(config.yaml, HasSubstr("password: <secret>"));
  const Config again = parsed(config.yaml);
  EXPECT_EQ(again.yaml, config.yaml);
  EXPECT_EQ(again.scrape.at(0)->sources.fixed, config.scrape.at(0)->sources.fixed);
}

TEST(ScrapeConfig, AJobIsKeptAsItWasWritten) {
  const Config config = parsed(R"(global: {scrape_interval: 5s}
scrape_configs:
# Machines.
- job_name: a   # short

  static_configs:
    # The first rack,
    - targets: ["a:1"]
# and the second.
    - {targets: [b:1]}

# With a password. It was password: hidden0
-   job_name: 'b'
    basic_auth: {username: u, password: "hidden1"}  # hidden1, that is
    proxy_url: http://user:hidden2@proxy:1

-
  # No more than a name.
  job_name: c
# Something else.
rule_files: []
)");
  const char* want[] = {
      "# Machines.\njob_name: a   # short\n\nstatic_configs:\n  # The first rack,\n  - targets: [\"a:1\"]\n"
      "# and the second.\n  - {targets: [b:1]}\n",
      "# With a password. It was password: <secret>\njob_name: 'b'\nbasic_auth: {username: u, password: \"<secret>\"}"
      "  # <secret>, that is\nproxy_url: http://user:xxxxx@proxy:1\n",
      "# No more than a name.\njob_name: c\n",
  };
  ASSERT_EQ(config.scrape.size(), std::size(want));
  for (std::size_t i = 0; i < std::size(want); ++i) EXPECT_EQ(config.scrape[i]->written, want[i]);
}

// Where the text cannot be shown safely, or is no text that people write, the configuration is printed.
TEST(ScrapeConfig, AJobIsPrintedWhereItsTextWillNotDo) {
  for (const char* text : {
           "scrape_configs: [{job_name: a}]",
           "scrape_configs:\n- {job_name: a}",
           "scrape_configs:\n- job_name: a\n  basic_auth: {password: \"hid\\x64en\"}",  // written with an escape
           "scrape_configs:\n- job_name: a\n  basic_auth: {password: a}",               // also part of other words
           "scrape_configs:\n- job_name: a\n  basic_auth:\n    password: |\n      hidden\n      2",
           "scrape_configs:\n- job_name: a\n  scrape_interval: &i 3s\n- job_name: b\n  scrape_interval: *i",
           "scrape_configs:\n- job_name: a\n  bearer_token: tok\n  params: {x: [tokyo]}",
       }) {
    SCOPED_TRACE(text);
    const auto last = parsed(text).scrape.back();
    EXPECT_EQ(last->written, last->yaml);
    EXPECT_THAT(last->written, Not(HasSubstr("hidden")));
  }
}

TEST(ScrapeConfig, FilesOfScrapeConfigurationsAreIncluded) {
  agent::testing::TempFolder folder;
  agent::testing::overwrite(folder / "one.yml", "scrape_configs: [{job_name: one}]");
  agent::testing::overwrite(folder / "two.yml", "scrape_configs: [{job_name: two, static_configs: [{targets: [a]}]}]");
  const std::string text =
      "global: {scrape_interval: 3s}\nscrape_config_files: ['*.yml']\nscrape_configs: [{job_name: zero}]";
  const auto config = parse_config(text, {.folder = folder.path(), .environment = {}});
  ASSERT_TRUE(config.ok()) << config.error().message;
  ASSERT_EQ(config->scrape.size(), 3u);
  EXPECT_EQ(config->scrape[2]->job_name, "two");
  EXPECT_EQ(config->scrape[2]->interval, 3s);

  agent::testing::overwrite(folder / "two.yml", "scrape_configs: [{job_name: zero}]");
  EXPECT_FALSE(parse_config(text, {.folder = folder.path(), .environment = {}}).ok());
  agent::testing::overwrite(folder / "two.yml", "scrap_configs: []");
  const auto wrong = parse_config(text, {.folder = folder.path(), .environment = {}});
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.error().message, HasSubstr("two.yml: line 1: scrap_configs: unknown name"));
}

TEST(ScrapeConfig, DurationsAreThoseOfPrometheus) {
  const std::pair<std::string_view, Nanoseconds> good[] = {
      {"0", 0s}, {"15s", 15s}, {"1h30m", 90min}, {"1d", 24h}, {"1w2d", 216h}, {"250ms", 250ms}, {"1m0s", 60s}};
  for (const auto& [text, want] : good) {
    const auto got = parse_duration(text);
    ASSERT_TRUE(got.ok()) << text;
    EXPECT_EQ(*got, want) << text;
  }
  for (const char* text : {"", "5", "s", "1.5s", "-1s", "1s1m", "1x", "99999999999999999999y"}) {
    EXPECT_FALSE(parse_duration(text).ok()) << text;
  }
  EXPECT_EQ(format_duration(90min), "1h30m");
  EXPECT_EQ(format_duration(0s), "0s");
  EXPECT_EQ(format_duration(1500ms), "1s500ms");
  EXPECT_EQ(format_duration(48h), "2d");
}

}  // namespace
}  // namespace trilobite::scrape
