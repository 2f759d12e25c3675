// Sections of Prometheus' configuration that nothing here uses are still read for mistakes.
#include "cli/kept_sections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trilobite::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> errors_of(std::string_view text) {
  const auto config = scrape::parse_config(text, {"/nowhere", {}});
  EXPECT_TRUE(config.ok()) << config.error().message;
  return config.ok() ? errors_of_kept_sections(*config) : std::vector<std::string>();
}

TEST(KeptSections, WhatPrometheusWouldRefuse) {
  EXPECT_THAT(errors_of("global: {}\n"), IsEmpty());
  EXPECT_THAT(errors_of("remote_write: [{url: http://a, name: x, headers: {X-A: b}}, {url: http://a, name: y}]\n"
                        "remote_read: [{url: http://a}]\ntracing: {endpoint: a}\n"
                        "alerting: {alertmanagers: [{api_version: v2}, {static_configs: []}]}\n"),
              IsEmpty());
  EXPECT_THAT(
      errors_of("remote_write:\n- name: x\n- url: http://a\n  name: x\n- url: http://a\n  headers: {Host: b}\n- null\n"),
      ElementsAre("line 2: remote_write[0]: url is empty", "line 4: remote_write[1]: the name \"x\" stands twice",
                  "line 6: remote_write[2]: Host is a reserved header. It must not be changed",
                  "line 7: remote_write[3]: empty or null section"));
  EXPECT_THAT(
      errors_of(
          "remote_read: 1\ntracing: {client_type: grpc}\nalerting:\n  alertmanagers:\n  - api_version: v3\n  - null\n"),
      ElementsAre("line 1: remote_read: must be a list",
                  "line 5: alerting.alertmanagers[0]: expected Alertmanager api version to be one of [v1 v2] "
                  "but got v3",
                  "line 6: alerting.alertmanagers[1]: empty or null alertmanager config section",
                  "line 2: tracing: tracing endpoint must be set"));
}

TEST(KeptSections, FilesThatAreNotThere) {
  const auto config = scrape::parse_config(
      "scrape_configs: [{job_name: j, authorization: {credentials_file: absent}}, {job_name: k}]\n", {"/nowhere", {}});
  ASSERT_TRUE(config.ok());
  EXPECT_THAT(missing_files(*config), ElementsAre("scrape job \"j\": /nowhere/absent: no such file"));
}

}  // namespace
}  // namespace trilobite::cli
