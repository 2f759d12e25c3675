// Proves: names, labels and errors as specified; the texts of the three expositions; merging, callbacks, vectors.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <thread>

#include <trilobite/log_setup.h>
#include <trilobite/metrics.h>
#include <trilobite/trace.h>

namespace trilobite::instruments {
namespace {

Registry endpoint_of(const Registry& runtime, std::string_view name) {
  return runtime.child("n").child("c").child(name);
}

TEST(MetricNames, AreSanitised) {
  struct Case {
    std::string_view name, metric, label;
  };
  constexpr Case kCases[] = {
      {"requests_total", "requests_total", "requests_total"},
      {"123.test-name@d", "_123_test_name_d", "_123_test_name_d"},
      {"a:b", "a:b", "a_b"},
      {":t", "_:t", "_t"},
      {"__test", "__test", "test"},
      {"__1", "__1", "_1"},
      {"@@123", "__123", "_123"},
      {"my-comp", "my_comp", "my_comp"},
      {"a__b", "a__b", "a__b"},
      {"@#$%", "", ""},
      {"___", "", ""},
      {"", "", ""},
      {"\xc3\xa9t", "__t", "t"},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(sanitize_metric_name(c.name), c.metric) << c.name;
    EXPECT_EQ(sanitize_label_name(c.name), c.label) << c.name;
  }
}

TEST(Metrics, ErrorsHaveTheTextsOfTheRuntime) {
  const Registry level = Registry::runtime().child("ns");
  const std::vector<double> bounds{1, 2}, unsorted{2, 1}, with_nan{1, std::nan("")};
  constexpr std::string_view kPlain = "Counter, IntCounter, Gauge, or IntGauge";
  EXPECT_EQ(level.create_counter("a", "h", {{"k", "1"}, {"k", "2"}}).error(),
            "Duplicate label key 'k' found in labels");
  EXPECT_EQ(level.create_counter("@#", "h").error(), "metric name '@#' should be valid or sanitizable");
  for (const char* reserved : {"dynamo_namespace", "dynamo_component", "dynamo_endpoint"}) {
    const std::string text = std::string("Label '") + reserved +
                             "' is automatically added by auto-label injection and cannot be manually set";
    EXPECT_EQ(level.create_gauge("a", "h", {{reserved, "x"}}).error(), text);
    EXPECT_EQ(level.create_gaugevec("a", "h", {reserved}).error(), text);
  }
  EXPECT_EQ(level.create({.type = Type::kGauge, .name = "a", .help = "h", .histogram = {.buckets = &bounds}}).error(),
            "buckets parameter is not valid for " + std::string(kPlain));
  EXPECT_EQ(level
                .create({.type = Type::kCounterVec,
                         .name = "a",
                         .help = "h",
                         .variable_names = {"v"},
                         .histogram = {.buckets = &bounds}})
                .error(),
            "buckets parameter is not valid for CounterVec");
  EXPECT_EQ(level.create_intgaugevec("a", "h", {}).error(), "IntGaugeVec requires const_labels parameter");
  EXPECT_EQ(level.create({.type = Type::kHistogram, .name = "a", .help = "h", .variable_names = {"v"}}).error(),
            "const_labels parameter is not valid for Histogram");
  EXPECT_EQ(level.create({.type = Type::kIntCounter, .name = "a", .help = "h", .variable_names = {"v"}}).error(),
            "const_labels parameter is not valid for " + std::string(kPlain));

  EXPECT_TRUE(level.create_counter("a", "h").ok());
  for (const std::string& error : {
           level.create_counter("a", "h").error(),
           level.create_counter("a", "other help", {{"x", "1"}}).error(),
           level.create_counter("a", "h", {{"x", "1"}}).error(),
           level.create_gauge("a", "h").error(),
           level.create_counter("b", "").error(),
           level.create_counter("b", "h", {{"not-valid", "1"}}).error(),
           level.create_counter("b", "h", {{"", "1"}}).error(),
           level.create_countervec("b", "h", {"x", "x"}).error(),
           level.create_countervec("b", "h", {"x"}, {{"x", "1"}}).error(),
           level.create_histogram("b", "h", {}, {.buckets = &unsorted}).error(),
           level.create_histogram("b", "h", {}, {.buckets = &with_nan}).error(),
           level.create_histogram("b", "h", {{"le", "1"}}).error(),
           level.create_histogram("b", "h", {}, {.native = {.factor = 0.5}}).error(),
           level.create_summary("b", "h", {}, {.quantiles = {1.5}}).error(),
           level.create_summary("b", "h", {}, {.age_max_ms = 0}).error(),
           Registry().create_counter("1a", "h").error(),
       }) {
    EXPECT_TRUE(error.starts_with("Failed to register metric: ")) << error;
  }
}

TEST(Metrics, WhatCouldNotBeRegisteredWorksAndIsExposedNowhere) {
  const Registry level = Registry::runtime();
  const auto counter = level.create_counter("a", "");
  ASSERT_FALSE(counter.ok());
  counter->add(2);
  EXPECT_EQ(counter->value(), 2);
  const auto vector = level.create_histogramvec("b", "", {"x"});
  vector->with({"1"}).observe(3);
  const auto summary = level.create_summary("c", "");
  summary->observe(1);
  EXPECT_EQ(level.expfmt().text, "");
}

TEST(Metrics, LevelsAreLabels) {
  const Registry runtime = Registry::runtime();
  runtime.create_gauge("uptime_seconds", "Up").or_log().set(1.5);
  runtime.child("ns1").child("ns2").child("my-comp").create_intgauge("deep", "Deep").or_log().set(-3);
  const Registry component = runtime.child("@@123").child("");
  component.create_counter("jobs.total", "Jobs", {{"kind", "b\"a\\c\nk"}}).or_log().add(2.25);
  EXPECT_EQ(component.path(), "@@123.");
  EXPECT_EQ(runtime.expfmt().text,
            "# HELP dynamo_component_deep Deep\n"
            "# TYPE dynamo_component_deep gauge\n"
            "dynamo_component_deep{dynamo_component=\"ns2\",dynamo_endpoint=\"my_comp\",dynamo_namespace=\"ns1\"} -3\n"
            "# HELP dynamo_component_jobs_total Jobs\n"
            "# TYPE dynamo_component_jobs_total counter\n"
            "dynamo_component_jobs_total{dynamo_namespace=\"_123\",kind=\"b\\\"a\\\\c\\nk\"} 2.25\n"
            "# HELP dynamo_component_uptime_seconds Up\n"
            "# TYPE dynamo_component_uptime_seconds gauge\n"
            "dynamo_component_uptime_seconds 1.5\n");
  const auto impossible = runtime.child("@@").create_counter("x", "h");
  EXPECT_EQ(impossible.error(), "'@@' cannot be sanitized to a value of label 'dynamo_namespace'");
}

TEST(Metrics, RegistriesAreMergedByName) {
  const Registry runtime = Registry::runtime();
  const Registry component = runtime.child("n").child("c");
  component.child("e1").create_intcounter("jobs_total", "Jobs").or_log().add(100);
  const Registry second = component.child("e2");
  second.create_intcounter("jobs_total", "Jobs").or_log().add(200);
  runtime.add_child(second);  // once more, which changes nothing
  const std::string both =
      "# HELP dynamo_component_jobs_total Jobs\n"
      "# TYPE dynamo_component_jobs_total counter\n"
      "dynamo_component_jobs_total{dynamo_component=\"c\",dynamo_endpoint=\"e1\",dynamo_namespace=\"n\"} 100\n"
      "dynamo_component_jobs_total{dynamo_component=\"c\",dynamo_endpoint=\"e2\",dynamo_namespace=\"n\"} 200\n";
  EXPECT_EQ(runtime.expfmt().text, both);

  // The same series a second time: the later one is dropped.
  component.child("e1").create_intcounter("jobs_total", "Jobs").or_log().add(7);
  EXPECT_EQ(runtime.expfmt().text, both);

  // Another help or type: nothing is exposed. The registries are runtime 0, n 1, c 2, e1 3, e2 4, e1 5, e3 6.
  component.child("e3").create_gauge("jobs_total", "Jobs").or_log();
  EXPECT_EQ(runtime.expfmt().error,
            "Metric family 'dynamo_component_jobs_total' has inconsistent help/type across registries (idx=6)");

  // Metrics that have no series yet disagree with nobody, whether they come first or later.
  const Registry root = Registry::runtime();
  const auto first = root.child("a").create_gaugevec("depth", "First", {"x"}).or_log();
  root.child("b").create_gauge("depth", "Depth").or_log().set(2);
  root.child("c").create_countervec("depth", "Last", {"x"}).or_log();
  EXPECT_EQ(root.expfmt().text,
            "# HELP dynamo_component_depth Depth\n# TYPE dynamo_component_depth gauge\n"
            "dynamo_component_depth{dynamo_namespace=\"b\"} 2\n");
  first.with({"1"}).set(1);
  EXPECT_NE(root.expfmt().error, "");
  EXPECT_EQ(component.child("e4").expfmt().text, "");
}

TEST(Metrics, HistogramsInText) {
  const Registry registry;
  const std::vector<double> bounds{0.5, 1, 130000, INFINITY};
  const Histogram histogram =
      registry.create_histogram("size", "Sizes\nin \\ \"tokens\"", {{"a", "x"}}, {.buckets = &bounds}).or_log();
  for (const double value : {0.1, 0.5, 1.0, 70000.0, 1e9, std::nan("")}) histogram.observe(value);
  histogram.observe_many(2, 3);
  EXPECT_EQ(histogram.count(), 9u);
  EXPECT_EQ(registry.expfmt().text,
            "# HELP size Sizes\\nin \\\\ \"tokens\"\n"
            "# TYPE size histogram\n"
            "size_bucket{a=\"x\",le=\"0.5\"} 2\n"
            "size_bucket{a=\"x\",le=\"1\"} 3\n"
            "size_bucket{a=\"x\",le=\"130000\"} 7\n"
            "size_bucket{a=\"x\",le=\"+Inf\"} 9\n"
            "size_sum{a=\"x\"} NaN\n"
            "size_count{a=\"x\"} 9\n");
}

TEST(Metrics, EachValueFallsIntoItsBucket) {
  for (const std::size_t count : {0u, 1u, 2u, 3u, 8u, 11u, 63u, 64u, 65u, 130u, 512u}) {
    std::vector<double> bounds;
    for (std::size_t i = 0; i < count; ++i) bounds.push_back(static_cast<double>(i) * 2 - 8);
    const Registry registry;
    const Histogram histogram = registry.create_histogram("h", "h", {}, {.buckets = &bounds}).or_log();
    std::vector<std::size_t> want(count + 1);
    for (double value = -12; value < 2 * static_cast<double>(count); value += 0.5) {
      histogram.observe(value);
      std::size_t bucket = 0;
      while (bucket < count && value > bounds[bucket]) ++bucket;
      ++want[bucket];
    }
    std::string text;
    std::size_t sum = 0;
    for (std::size_t i = 0; i <= count; ++i) {
      sum += want[i];
      text += "} " + std::to_string(sum) + "\n";
    }
    std::string got, page = registry.expfmt().text;
    for (std::size_t at = page.find("} "); at != std::string::npos; at = page.find("} ", at + 1))
      got += page.substr(at, page.find('\n', at) - at + 1);
    EXPECT_EQ(got, text) << count;
  }
}

TEST(Metrics, VectorsAreSortedByLabelValues) {
  const Registry registry;
  const auto requests = registry.create_intcountervec("requests_total", "Requests", {"status", "model"}).or_log();
  requests.with({"success", "b"}).add(2);
  requests.with({"error", "b"}).add();
  requests.with({"success", "a"}).add(5);
  requests.with({"success", "b"}).add(2);
  const std::string head = "# HELP requests_total Requests\n# TYPE requests_total counter\n";
  EXPECT_EQ(registry.expfmt().text, head +
                                        "requests_total{model=\"a\",status=\"success\"} 5\n"
                                        "requests_total{model=\"b\",status=\"error\"} 1\n"
                                        "requests_total{model=\"b\",status=\"success\"} 4\n");
  const IntCounter kept = requests.with({"success", "a"});
  EXPECT_TRUE(requests.remove({"success", "a"}));
  EXPECT_FALSE(requests.remove({"success", "a"}));
  kept.add();
  requests.with({"too few"}).add();
  EXPECT_EQ(registry.expfmt().text, head +
                                        "requests_total{model=\"b\",status=\"error\"} 1\n"
                                        "requests_total{model=\"b\",status=\"success\"} 4\n");
  requests.clear();
  EXPECT_EQ(registry.expfmt().text, "");
}

TEST(Metrics, AVectorHasAMaximumOfSeries) {
  const Registry registry;
  registry.set_series_max(3);
  const auto gauge = registry.create_gaugevec("g", "G", {"id"}).or_log();
  for (const char* id : {"1", "2", "3", "4", "5"}) gauge.with({id}).set(1);
  EXPECT_EQ(registry.expfmt().text, "# HELP g G\n# TYPE g gauge\ng{id=\"1\"} 1\ng{id=\"2\"} 1\ng{id=\"3\"} 1\n");
}

TEST(Metrics, NumbersAreWrittenWithoutExponents) {
  struct Case {
    double value;
    std::string_view text;
  };
  constexpr Case kCases[] = {{0, "0"},
                             {100000, "100000"},
                             {1e21, "1000000000000000000000"},
                             {0.0000001, "0.0000001"},
                             {-2.5, "-2.5"},
                             {1e15, "1000000000000000"},
                             {0.1, "0.1"},
                             {INFINITY, "+Inf"},
                             {-INFINITY, "-Inf"}};
  for (const Case& c : kCases) {
    const Registry registry;
    registry.create_gauge("g", "G").or_log().set(c.value);
    EXPECT_EQ(registry.expfmt().text, "# HELP g G\n# TYPE g gauge\ng " + std::string(c.text) + "\n");
  }
}

TEST(Metrics, CallbacksRunWithEachExposition) {
  const Registry runtime = Registry::runtime();
  const Registry endpoint = endpoint_of(runtime, "e");
  const IntGauge gauge = runtime.create_intgauge("scrapes", "Scrapes").or_log();
  runtime.add_update_callback([]() -> std::string { return "no data"; });
  runtime.add_update_callback([]() -> std::string { throw std::runtime_error("broken"); });
  endpoint.add_update_callback([gauge]() -> std::string {
    gauge.add();
    return {};
  });
  endpoint.add_text_callback([] { return TextOrError{.text = "engine:a 1"}; });
  endpoint.add_text_callback([] { return TextOrError{.text = "", .error = "engine gone"}; });
  endpoint.add_text_callback([]() -> TextOrError { throw std::runtime_error("broken"); });
  runtime.add_text_callback([] { return TextOrError{.text = "engine:b 2\n"}; });
  const std::string family = "# HELP dynamo_component_scrapes Scrapes\n# TYPE dynamo_component_scrapes gauge\n";
  EXPECT_EQ(runtime.expfmt().text, family + "dynamo_component_scrapes 1\nengine:b 2\nengine:a 1");
  EXPECT_EQ(runtime.expfmt().text, family + "dynamo_component_scrapes 2\nengine:b 2\nengine:a 1");
  EXPECT_EQ(endpoint.expfmt().text, "engine:a 1");
}

TEST(Metrics, OpenMetricsText) {
  const Registry registry;
  const std::vector<double> bounds{1, 2.5};
  registry.create_intcounter("requests_total", "All \"requests\"").or_log().add(3);
  registry.create_intcounter("blocks_d2h", "Blocks").or_log().add(4);
  registry.create_histogram("h", "H", {}, {.buckets = &bounds}).or_log().observe(2);
  EXPECT_EQ(registry.expose(Exposition::kOpenMetrics).text,
            "# HELP blocks_d2h Blocks\n"
            "# TYPE blocks_d2h unknown\n"
            "blocks_d2h 4\n"
            "# HELP h H\n"
            "# TYPE h histogram\n"
            "h_bucket{le=\"1.0\"} 0\n"
            "h_bucket{le=\"2.5\"} 1\n"
            "h_bucket{le=\"+Inf\"} 1\n"
            "h_sum 2\n"
            "h_count 1\n"
            "# HELP requests All \\\"requests\\\"\n"
            "# TYPE requests counter\n"
            "requests_total 3\n"
            "# EOF\n");
}

TEST(Metrics, TheFormatIsWhatAcceptWantsMost) {
  const Registry registry;
  struct Case {
    std::string_view accept;
    Exposition want;
  };
  constexpr std::string_view kPrometheus =
      "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
      "text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
  constexpr std::string_view kPrometheusNative =
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
      "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
  constexpr Case kCases[] = {
      {"", Exposition::kText},
      {"*/*", Exposition::kText},
      {"text/html, garbage;;=;q=x, */*;q=0.1", Exposition::kText},
      {"application/openmetrics-text", Exposition::kOpenMetrics},
      {"application/openmetrics-text; version=\"1.0.0\"", Exposition::kOpenMetrics},
      {"application/openmetrics-text; version=2.0.0", Exposition::kText},
      {"application/openmetrics-text;q=0", Exposition::kText},
      {"application/openmetrics-text;q=nan", Exposition::kText},
      {"application/vnd.google.protobuf", Exposition::kText},
      {kPrometheus, Exposition::kOpenMetrics},
      {kPrometheusNative, Exposition::kProtobuf},
  };
  for (const Case& c : kCases) EXPECT_EQ(registry.negotiate(c.accept), c.want) << c.accept;
  registry.child("x").add_text_callback([] { return TextOrError{}; });
  EXPECT_EQ(registry.negotiate(kPrometheusNative), Exposition::kText) << "texts fit no other format";
}

TEST(Metrics, SummariesKnowTheirQuantiles) {
  const Registry registry;
  const Summary summary = registry.create_summary("s", "S", {}, {.quantiles = {0, 0.5, 0.99, 1}}).or_log();
  EXPECT_EQ(registry.expfmt().text.substr(0, 50), "# HELP s S\n# TYPE s summary\ns{quantile=\"0\"} NaN\ns{");
  for (int i = 1; i <= 1000; ++i) summary.observe(i);
  const std::string text = registry.expfmt().text;
  const auto near = [&](const std::string& quantile, double want) {
    const std::size_t at = text.find("quantile=\"" + quantile + "\"} ");
    ASSERT_NE(at, std::string::npos) << text;
    EXPECT_NEAR(std::stod(text.substr(at + quantile.size() + 13)), want, want * 0.011);
  };
  near("0", 1);
  near("0.5", 500);
  near("0.99", 990);
  near("1", 1000);
  EXPECT_NE(text.find("s_sum 500500\ns_count 1000\n"), std::string::npos) << text;
}

TEST(Metrics, GeneratedBuckets) {
  using V = std::vector<double>;
  EXPECT_EQ(log_buckets(1, 256, 10), (V{0, 1.9, 3.4, 6.3, 12, 22, 40, 75, 140, 260}));
  EXPECT_EQ(log_buckets(50, 128000, 12), (V{0, 100, 210, 430, 870, 1800, 3600, 7400, 15000, 31000, 63000, 130000}));
  EXPECT_EQ(log_buckets(50, 32000, 10), (V{0, 100, 210, 430, 880, 1800, 3700, 7600, 16000, 32000}));
  EXPECT_EQ(log_buckets(0.001, 480, 18),
            (V{0, .0022, .0047, .01, .022, .047, .1, .22, .47, 1, 2.2, 4.7, 10, 22, 48, 100, 220, 480}));
  EXPECT_EQ(log_buckets(0.001, 2, 13), (V{0, .0019, .0035, .0067, .013, .024, .045, .084, .16, .3, .56, 1.1, 2}));
  EXPECT_EQ(log_buckets(1, 10, 0), V{});
  EXPECT_EQ(log_buckets(1, 10, 1), V{0});
}

TEST(Metrics, NothingIsLostBetweenThreads) {
  const Registry registry;
  const Counter real = registry.create_counter("a", "A").or_log();
  const IntCounter whole = registry.create_intcounter("b", "B").or_log();
  const Gauge gauge = registry.create_gauge("c", "C").or_log();
  const Histogram histogram =
      registry.create_histogram("d", "D", {}, {.native = {.factor = 1.1}, .exemplars = true}).or_log();
  const auto vector = registry.create_intcountervec("e", "E", {"x"}).or_log();
  constexpr int kThreads = 4, kRounds = 5000;
  std::atomic<bool> done{false};
  std::thread reader([&] {
    while (!done.load()) static_cast<void>(registry.expose(Exposition::kProtobuf));
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kRounds; ++i) {
        real.add(0.5);
        whole.add();
        gauge.add(2);
        gauge.sub(1);
        histogram.observe(i % 7);
        vector.with({i % 2 == 0 ? "even" : "odd"}).add();
        if (i % 100 == 0) vector.remove({"never"});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  done = true;
  reader.join();
  EXPECT_EQ(real.value(), kThreads * kRounds * 0.5);
  EXPECT_EQ(whole.value(), static_cast<std::uint64_t>(kThreads * kRounds));
  EXPECT_EQ(gauge.value(), kThreads * kRounds);
  EXPECT_EQ(histogram.count(), static_cast<std::uint64_t>(kThreads * kRounds));
  EXPECT_EQ(vector.with({"even"}).value() + vector.with({"odd"}).value(),
            static_cast<std::uint64_t>(kThreads * kRounds));
}

TEST(Metrics, CountersIgnoreWhatIsNoAmount) {
  const Registry registry;
  const Counter counter = registry.create_counter("a", "A").or_log();
  counter.add(-1);
  counter.add(std::nan(""));
  counter.add(2);
  EXPECT_EQ(counter.value(), 2);
  const IntGauge gauge = registry.create_intgauge("g", "G").or_log();
  gauge.set_clamped(std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(gauge.value(), std::numeric_limits<std::int64_t>::max());
  {
    const Held<IntGauge> held(registry.create_intgauge("i", "I").or_log());
    EXPECT_NE(registry.expfmt().text.find("\ni 1\n"), std::string::npos);
  }
  EXPECT_NE(registry.expfmt().text.find("\ni 0\n"), std::string::npos);
}

}  // namespace
}  // namespace trilobite::instruments
