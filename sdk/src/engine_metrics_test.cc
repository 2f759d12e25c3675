// Proves: which lines of an engine's exposition pass, which labels they get, and what is refused.
#include <trilobite/engine_metrics.h>

#include <gtest/gtest.h>

namespace trilobite::instruments {
namespace {

constexpr std::string_view kPage =
    "# HELP vllm:running Running\n"
    "# TYPE vllm:running gauge\n"
    "vllm:running 3\n"
    "\n"
    "  \n"
    "# HELP python_gc Collections\r\n"
    "python_gc{generation=\"0\"} 7\r\n"
    "vllm:cache_bytes 5 1700000000000\n"
    "# a remark\n"
    "# EOF";

TEST(EngineMetrics, PrefixesChooseMetricsWithTheirHelpAndType) {
  struct Case {
    std::vector<std::string> include, exclude;
    std::string_view want;
  };
  const Case kCases[] = {
      {{"vllm:"},
       {},
       "# HELP vllm:running Running\n# TYPE vllm:running gauge\nvllm:running 3\n"
       "vllm:cache_bytes 5 1700000000000\n"},
      {{"vllm:", "python_"}, {"vllm:"}, "# HELP python_gc Collections\npython_gc{generation=\"0\"} 7\n"},
      {{}, {"vllm:", "python_"}, "# a remark\n"},
      {{"sglang:"}, {}, ""},
      {{},
       {"vllm:running"},
       "# HELP python_gc Collections\npython_gc{generation=\"0\"} 7\n"
       "vllm:cache_bytes 5 1700000000000\n# a remark\n"},
  };
  for (const Case& c : kCases) {
    const TextOrError out =
        engine_text(kPage, {.include_prefixes = c.include, .exclude_prefixes = c.exclude, .endpoint = ""});
    EXPECT_EQ(out.error, "");
    EXPECT_EQ(out.text, c.want);
  }
}

TEST(EngineMetrics, LabelsAreAddedWhereTheyAreMissing) {
  const EngineOptions options{
      .name_space = "prod", .component = "backend", .model = "a\"b", .labels = {{"rack", "7"}, {"model", "mine"}}};
  constexpr std::string_view kFirst =
      "dynamo_namespace=\"prod\",dynamo_component=\"backend\",dynamo_endpoint=\"generate\"";
  constexpr std::string_view kRest = "model=\"a\\\"b\",model_name=\"a\\\"b\",rack=\"7\"";
  struct Case {
    std::string line, want;
  };
  const std::string all = std::string(kFirst) + "," + std::string(kRest);
  const Case kCases[] = {
      {"a 1", "a{" + all + "} 1\n"},
      {"a{} 1", "a{" + all + "} 1\n"},
      {"a {x=\"}\\\"\"} 1 7 # {trace_id=\"1\"} 2", "a {x=\"}\\\"\"," + all + "} 1 7 # {trace_id=\"1\"} 2\n"},
      {"a{x=\"1\" , } NaN", "a{x=\"1\" , " + all + "} NaN\n"},
      {"a{model=\"own\",rack = \"\"} 1",
       "a{model=\"own\",rack = \"\"," + std::string(kFirst) + ",model_name=\"a\\\"b\"} 1\n"},
      {"{\"my.metric\",\"my.label\"=\"1\"} 1", "{\"my.metric\",\"my.label\"=\"1\"," + all + "} 1\n"},
  };
  for (const Case& c : kCases) {
    const TextOrError out = engine_text(c.line, options);
    EXPECT_EQ(out.error, "") << c.line;
    EXPECT_EQ(out.text, c.want);
  }
}

TEST(EngineMetrics, WhatIsNoSampleIsRefusedWhole) {
  for (const char* line : {"a", "a{x=\"1\"}", "a{x=\"1} 2", "a{x} 1", "a{x=1} 1", "a{x=\"1\" y=\"2\"} 1", "a{", "{} ",
                           "a{x=\"1\\", "a{,} 1", " 1", "a{=\"1\"} 1"}) {
    const TextOrError out = engine_text("good 1\n" + std::string(line), {});
    EXPECT_EQ(out.text, "") << line;
    EXPECT_EQ(out.error,
              "line 2 of the engine's exposition is no sample: " +
                  std::string(std::string_view(line).substr(0, std::string_view(line).find_last_not_of(' ') + 1)));
  }
  EXPECT_EQ(engine_text("a 1\n", {.bytes_max = 3}).error, "the engine's exposition has 4 bytes, more than 3");
}

TEST(EngineMetrics, AreAppendedWithTheLabelsOfTheirLevel) {
  const Registry runtime = Registry::runtime();
  const Registry level = runtime.child("prod").child("my-backend").child("generate");
  std::string error;
  EXPECT_EQ(pass_through(level, [&] { return TextOrError{.text = "vllm:running 3", .error = error}; },
                         {.labels = {{"dynamo_component", "other"}, {"rack", "7"}}}),
            "");
  EXPECT_EQ(runtime.expfmt().text,
            "vllm:running{dynamo_namespace=\"prod\",dynamo_component=\"my_backend\",dynamo_endpoint=\"generate\","
            "rack=\"7\"} 3\n");
  error = "engine gone";
  EXPECT_EQ(runtime.expfmt().text, "");
}

TEST(EngineMetrics, ImpossibleLabelsAreRefused) {
  const auto refused = [](const Labels& labels) {
    return pass_through(Registry(), [] { return TextOrError{}; }, {.labels = labels});
  };
  EXPECT_EQ(refused({{"le", "1"}}), "label 'le' cannot be injected: it belongs to histograms and summaries themselves");
  EXPECT_NE(refused({{"quantile", "1"}}), "");
  EXPECT_EQ(refused({{"a-b", "1"}}), "'a-b' is not a valid label name");
  EXPECT_EQ(refused({{"__a", "1"}}), "'__a' is not a valid label name");
  EXPECT_EQ(refused({{"a", "1"}, {"a", "2"}}), "Duplicate label key 'a' found in labels");
}

}  // namespace
}  // namespace trilobite::instruments
