// The variables that tracing reads.
#include "trace_config.h"

#include <gtest/gtest.h>

namespace trilobite::trace {
namespace {

TEST(TraceConfig, IdsExistInJsonlModeOnly) {
  EXPECT_FALSE(read_trace_config({}).ids);
  EXPECT_TRUE(read_trace_config({{"DYN_LOGGING_JSONL", "TRUE"}}).ids);
  EXPECT_FALSE(read_trace_config({{"DYN_LOGGING_JSONL", " 1"}}).ids);
  EXPECT_FALSE(read_trace_config({{"DYN_LOGGING_JSONL", "1"}, {"OTEL_SDK_DISABLED", "true"}}).ids);
  EXPECT_FALSE(read_trace_config({{"DYN_LOGGING_SPAN_EVENTS", "1"}}).span_events);
  EXPECT_TRUE(read_trace_config({{"DYN_LOGGING_SPAN_EVENTS", "on"}, {"DYN_LOGGING_JSONL", "yes"}}).span_events);
}

TEST(TraceConfig, Samplers) {
  using Root = Sampler::Root;
  struct Case {
    std::string name, argument;
    Root root;
    double ratio;
    bool parent_based;
    std::size_t warnings;
  };
  for (const Case& c :
       {Case{"", "", Root::kAlwaysOn, 1, true, 0}, Case{"always_on", "", Root::kAlwaysOn, 1, false, 0},
        Case{"always_off", "", Root::kAlwaysOff, 1, false, 0},
        Case{"traceidratio", "0.25", Root::kRatio, 0.25, false, 0}, Case{"traceidratio", "", Root::kRatio, 1, false, 0},
        Case{"traceidratio", "2", Root::kRatio, 1, false, 1}, Case{"traceidratio", "x", Root::kRatio, 1, false, 1},
        Case{"traceidratio", "nan", Root::kRatio, 1, false, 1},
        Case{"parentbased_always_on", "", Root::kAlwaysOn, 1, true, 0},
        Case{"parentbased_always_off", "", Root::kAlwaysOff, 1, true, 0},
        Case{"ParentBased_TraceIdRatio", " 0.5 ", Root::kRatio, 0.5, true, 0},
        Case{"jaeger_remote", "", Root::kAlwaysOn, 1, true, 1}}) {
    const Config config = read_trace_config({{"OTEL_TRACES_SAMPLER", c.name}, {"OTEL_TRACES_SAMPLER_ARG", c.argument}});
    EXPECT_EQ(config.sampler.root, c.root) << c.name;
    EXPECT_EQ(config.sampler.ratio, c.ratio) << c.name << " " << c.argument;
    EXPECT_EQ(config.sampler.parent_based, c.parent_based) << c.name;
    EXPECT_EQ(config.warnings.size(), c.warnings) << c.name << " " << c.argument;
  }
}

TEST(TraceConfig, PropagatorsAndLimits) {
  const Config config = read_trace_config({{"OTEL_PROPAGATORS", "b3, baggage,jaeger"},
                                           {"OTEL_ATTRIBUTE_COUNT_LIMIT", "10"},
                                           {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "20"},
                                           {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "5"},
                                           {"OTEL_SPAN_EVENT_COUNT_LIMIT", "many"},
                                           {"OTEL_SPAN_LINK_COUNT_LIMIT", "0"}});
  EXPECT_FALSE(config.propagation.w3c);
  EXPECT_TRUE(config.propagation.b3_single);
  EXPECT_FALSE(config.propagation.b3_multi);
  EXPECT_TRUE(config.propagation.baggage);
  EXPECT_TRUE(config.propagation.request_ids);
  EXPECT_EQ(config.limits.attributes_max, 20u);
  EXPECT_EQ(config.limits.attribute_bytes_max, 5u);
  EXPECT_EQ(config.limits.events_max, 128u);
  EXPECT_EQ(config.limits.links_max, 0u);
  EXPECT_EQ(config.warnings.size(), 2u);
  EXPECT_FALSE(read_trace_config({{"OTEL_PROPAGATORS", "none"}}).propagation.request_ids);
}

}  // namespace
}  // namespace trilobite::trace
