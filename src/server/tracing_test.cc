// Our own spans leave the process only where somebody asked for it, and go where they were told to go.
#include "server/tracing.h"

#include <gtest/gtest.h>

namespace trilobite::server {
namespace {

TracingPlan plan(const TracingSettings& settings, const Environment& environment) {
  TracingPlan as_read;
  as_read.spans.ids = false;  // what the library reads without DYN_LOGGING_JSONL
  as_read.exported.enabled = false;
  as_read.exported.url = "http://from.environment:4318/v1/traces";
  return plan_tracing(settings, environment, std::move(as_read));
}

TEST(Tracing, NothingIsExportedUnlessConfigured) {
  const TracingPlan quiet = plan({}, {});
  EXPECT_FALSE(quiet.exported.enabled);
  EXPECT_TRUE(quiet.spans.ids) << "lines name their trace all the same";
  EXPECT_FALSE(plan({}, {{"OTEL_SERVICE_NAME", "x"}}).exported.enabled);
}

TEST(Tracing, EachWayToAskForIt) {
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"OTEL_EXPORT_ENABLED", "1"},
           {"OTEL_TRACES_EXPORTER", "OTLP"},
           {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:4318"},
           {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://a:4318/v1/traces"}}) {
    const TracingPlan asked = plan({}, {{name, value}});
    EXPECT_TRUE(asked.exported.enabled) << name;
    EXPECT_EQ(asked.exported.url, "http://from.environment:4318/v1/traces") << name;
  }
  const TracingPlan configured = plan({.otlp_endpoint = "http://here:4318"}, {});
  EXPECT_TRUE(configured.exported.enabled);
  EXPECT_EQ(configured.exported.url, "http://here:4318/v1/traces");
  EXPECT_EQ(plan({.otlp_endpoint = "https://here/"}, {}).exported.url, "https://here/v1/traces");
  EXPECT_EQ(plan({.otlp_endpoint = "http://here/otlp/v1/traces"}, {}).exported.url, "http://here/otlp/v1/traces");
}

TEST(Tracing, TheEnvironmentWins) {
  const TracingSettings configured{.otlp_endpoint = "http://here:4318", .sample_ratio = 0.5};
  EXPECT_FALSE(plan(configured, {{"OTEL_SDK_DISABLED", "True"}}).exported.enabled);
  EXPECT_FALSE(plan(configured, {{"OTEL_SDK_DISABLED", "True"}}).spans.ids);
  EXPECT_FALSE(plan(configured, {{"OTEL_TRACES_EXPORTER", "none"}}).exported.enabled);
  EXPECT_EQ(plan(configured, {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:4318"}}).exported.url,
            "http://from.environment:4318/v1/traces");
  EXPECT_EQ(plan(configured, {}).spans.sampler.ratio, 0.5);
  EXPECT_EQ(plan(configured, {{"OTEL_TRACES_SAMPLER", "always_on"}}).spans.sampler.root,
            trace::Sampler::Root::kAlwaysOn);
}

TEST(Tracing, TheServiceIsNamed) {
  const auto service = [](const TracingPlan& plan) {
    for (const auto& [name, value] : plan.exported.resource) {
      if (name == "service.name") return value;
    }
    return std::string();
  };
  EXPECT_EQ(service(plan({}, {})), "trilobite");
  EXPECT_EQ(service(plan({}, {{"OTEL_SERVICE_NAME", "mine"}})), "dynamo") << "as the library read it";
}

TEST(Tracing, EndpointsAreChecked) {
  for (const char* good : {"http://localhost:4318", "https://a/v1/traces"}) EXPECT_EQ(wrong_tracing_endpoint(good), "");
  for (const char* bad : {"localhost:4318", "ftp://a", "http://", "http:///x"}) {
    EXPECT_NE(wrong_tracing_endpoint(bad), "") << bad;
  }
}

}  // namespace
}  // namespace trilobite::server
