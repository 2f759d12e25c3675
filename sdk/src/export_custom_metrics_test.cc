// Proves: back ends are asked, their gauges taken, and failures leave the old values.
#include <gtest/gtest.h>

#include <atomic>

#include <trilobite/custom_metrics_poll.h>
#include <trilobite/http_server.h>

namespace trilobite::instruments {
namespace {

TEST(CustomMetricsPoll, TakesWhatAnInstanceAnswers) {
  std::atomic<bool> broken{false};
  const auto backend = http::Server::start({.host = "127.0.0.1"}, [&](const http::Request& request) -> http::Response {
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.body, "");
    if (broken) return {.status = 500};
    return {.body = R"({"schema_version":1,"metrics":{"gauges":{"depth":4}}})"};
  });
  const std::string url = "http://127.0.0.1:" + std::to_string(backend.port()) + "/v1/rpc/load_metrics";
  const Registry runtime = Registry::runtime();
  const CustomMetrics metrics(runtime);
  std::vector<std::string> urls{url};
  auto poll = CustomMetricsPoll::start(
      metrics, {.address = "ns.comp.load_metrics", .urls = [&] { return urls; }, .interval_ms = 3'600'000});
  ASSERT_TRUE(poll.running());
  EXPECT_EQ(poll.poll_now(), "");
  const std::string line =
      "dynamo_component_depth{dynamo_component=\"comp\",dynamo_endpoint=\"load_metrics\",dynamo_namespace=\"ns\"} 4\n";
  EXPECT_NE(runtime.expfmt().text.find(line), std::string::npos) << runtime.expfmt().text;
  broken = true;
  EXPECT_EQ(poll.poll_now(), url + ": HTTP status 500");
  EXPECT_NE(runtime.expfmt().text.find(line), std::string::npos);
}

TEST(CustomMetricsPoll, AnAddressThatIsNoneIsNotPolled) {
  const CustomMetrics metrics(Registry::runtime());
  for (const char* address : {"", "a.b", "a.b.c.d", "a..c"}) {
    auto poll =
        CustomMetricsPoll::start(metrics, {.address = address, .urls = [] { return std::vector<std::string>{}; }});
    EXPECT_FALSE(poll.running()) << address;
    EXPECT_EQ(poll.poll_now(), "not running");
  }
  auto nobody = CustomMetricsPoll::start(
      metrics, {.address = "a.b.c", .urls = [] { return std::vector<std::string>{}; }, .interval_ms = 3'600'000});
  EXPECT_EQ(nobody.poll_now(), "there is no instance");
}

}  // namespace
}  // namespace trilobite::instruments
