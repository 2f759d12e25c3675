// Proves: the routes, bodies and statuses of the status server, its configuration, what makes a process healthy, and
// reports of other languages.
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <regex>
#include <thread>

#include <trilobite/custom_metrics.h>
#include <trilobite/log_setup.h>

#include "http_test_client.h"
#include "recorded_spans.h"
#include "status_health.h"
#include "status_options.h"
#include "temp_dir.h"

namespace trilobite::status {
namespace {

using metrics::Registry;

http::TestResponse ask(const StatusServer& server, std::string_view method, std::string_view path,
                       std::string_view body = {}, std::string_view headers = {}) {
  http::TestClient client(server.port());
  client.send(std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(headers) +
              "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
  return client.receive();
}

Options on_any_port() { return {.port = 0, .host = "127.0.0.1"}; }

TEST(StatusServer, TellsItsHealth) {
  auto server = StatusServer::start(on_any_port(), Registry::runtime());
  ASSERT_TRUE(server.running());
  for (const char* path : {"/health", "/live"}) {
    const auto answer = ask(server, "GET", path);
    EXPECT_EQ(answer.status, 503);
    EXPECT_NE(answer.head.find("content-type: text/plain; charset=utf-8\r\n"), std::string::npos);
    EXPECT_TRUE(std::regex_match(
        answer.body, std::regex(R"(\{"endpoints":\{\},"status":"notready","uptime":\{"nanos":\d{1,9},"secs":\d+\}\})")))
        << answer.body;
  }
  server.set_ready(true);
  server.endpoint_ready("generate", true);
  server.endpoint_ready("a\"b", false);
  const auto answer = ask(server, "GET", "/health?x=1");
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(
      answer.body.starts_with(R"({"endpoints":{"a\"b":"notready","generate":"ready"},"status":"ready","uptime":{)"))
      << answer.body;
  EXPECT_EQ(ask(server, "POST", "/health").status, 405);
  EXPECT_EQ(ask(server, "GET", "/other").status, 404);
  EXPECT_EQ(ask(server, "GET", "/other").body, "Route not found");
}

TEST(StatusServer, RequestsAreSpansOfTheTraceOfTheirCaller) {
  trace::RecordedSpans spans;
  {
    const auto server = StatusServer::start(on_any_port(), Registry::runtime());
    ask(server, "GET", "/live?x=1", "",
        "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nX-Request-Id: r-1\r\n");
    ask(server, "GET", "/metrics", "", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00\r\n");
    ask(server, "GET", "/metrics", "", "traceparent: 00-00000000000000000000000000000000-b7ad6b7169203331-01\r\n");
  }
  ASSERT_EQ(spans.size(), 2u);  // the caller of the second one does not export its trace
  EXPECT_EQ(spans[0].name, "http-request");
  EXPECT_EQ(spans[0].kind, trace::Kind::kServer);
  EXPECT_EQ(trace::text_of(spans[0].attributes), "method=GET uri=/live?x=1 version=HTTP/1.1");
  EXPECT_EQ(trace::to_hex(spans[0].trace_id), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(trace::to_hex(spans[0].parent_id), "b7ad6b7169203331");
  EXPECT_EQ(spans[0].request->x_request_id, "r-1");
  EXPECT_EQ(spans[0].status, trace::Status::kError);  // 503: not ready
  EXPECT_FALSE(spans[1].parent_id);                   // a malformed header begins no trace
  EXPECT_EQ(spans[1].status, trace::Status::kUnset);
}

TEST(StatusServer, OtherPathsReplaceTheDefaults) {
  Options options = on_any_port();
  options.health_path = "/up";
  options.starts_ready = true;
  const auto server = StatusServer::start(std::move(options), Registry::runtime());
  EXPECT_EQ(ask(server, "GET", "/up").status, 200);
  EXPECT_EQ(ask(server, "GET", "/health").status, 404);
  EXPECT_EQ(ask(server, "GET", "/live").status, 200);
}

TEST(StatusServer, ExposesTheRuntime) {
  const Registry runtime = Registry::runtime();
  const auto server = StatusServer::start(on_any_port(), runtime);
  const auto page = ask(server, "GET", "/metrics");
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.head.find("content-type: text/plain; charset=utf-8\r\n"), std::string::npos);
  EXPECT_TRUE(std::regex_search(page.body, std::regex("\ndynamo_component_uptime_seconds [0-9.]+\n"))) << page.body;
  const auto open = ask(server, "GET", "/metrics", "", "Accept: application/openmetrics-text;version=1.0.0\r\n");
  EXPECT_NE(open.head.find("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"),
            std::string::npos);
  EXPECT_TRUE(open.body.ends_with("# EOF\n"));
  runtime.child("a").create_gauge("x", "X").or_log();
  runtime.child("b").create_counter("x", "X").or_log();
  const auto broken = ask(server, "GET", "/metrics");
  EXPECT_EQ(broken.status, 500);
  EXPECT_EQ(broken.body, "Failed to get metrics");
}

TEST(StatusServer, AnswersMetadataAndEngineRoutes) {
  auto server = StatusServer::start(on_any_port(), Registry::runtime());
  EXPECT_EQ(ask(server, "GET", "/metadata").status, 404);
  EXPECT_EQ(ask(server, "GET", "/metadata").body, "Discovery metadata not available");
  server.set_metadata([]() -> std::string { return R"({"endpoints":[],"model_cards":[],"event_channels":[]})"; });
  EXPECT_EQ(ask(server, "GET", "/metadata").body, R"({"endpoints":[],"model_cards":[],"event_channels":[]})");

  server.add_engine_route("cache/clear", [](std::string_view json) -> JsonOrError {
    if (json == R"({"fail":true})") return {.text = {}, .error = "no cache"};
    return {.text = "{\"got\":" + std::string(json) + "}"};
  });
  EXPECT_EQ(ask(server, "POST", "/engine/cache/clear").body, R"({"got":{}})");
  EXPECT_EQ(ask(server, "PUT", "/engine/cache/clear", R"( {"a" : 1} )").body, R"({"got":{"a":1}})");
  const auto invalid = ask(server, "POST", "/engine/cache/clear", "{");
  EXPECT_EQ(invalid.status, 400);
  EXPECT_TRUE(invalid.body.starts_with(R"({"error":"Invalid JSON","message":)")) << invalid.body;
  const auto failed = ask(server, "POST", "/engine/cache/clear", R"({"fail":true})");
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(failed.body, R"({"error":"Handler error","message":"no cache"})");
  const auto unknown = ask(server, "GET", "/engine/none");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body, R"({"error":"Route not found","message":"Route /engine/none not found"})");
}

TEST(StatusServer, ChangesTheLogFilter) {
  const auto server = StatusServer::start(on_any_port(), Registry::runtime());
  const std::string before = log::filter();
  EXPECT_EQ(ask(server, "PUT", "/log/filter", "info,status_test=debug\n").status, 200);
  EXPECT_NE(ask(server, "GET", "/log/filter").body.find("status_test=debug"), std::string::npos);
  EXPECT_EQ(ask(server, "PUT", "/log/filter", "a=nonsense").status, 400);
  EXPECT_NE(log::filter().find("status_test=debug"), std::string::npos);
  EXPECT_EQ(ask(server, "DELETE", "/log/filter").status, 405);
  EXPECT_EQ(log::set_filter(before), "");
}

TEST(StatusServer, TakesReportsOfOtherLanguages) {
  const Registry runtime = Registry::runtime();
  const auto server = StatusServer::start(on_any_port(), runtime);
  const std::string report = R"({"schema_version":1,"worker_id":"7","ts":[1,{"a":"}"}],
    "metrics":{"counters":{},"gauges":{"kv used":12.5,"depth":-3e2}}})";
  EXPECT_EQ(ask(server, "POST", "/v1/metrics/ns.comp.ep", report).status, 204);
  const std::string labels = R"({dynamo_component="comp",dynamo_endpoint="ep",dynamo_namespace="ns"} )";
  std::string page = ask(server, "GET", "/metrics").body;
  EXPECT_NE(page.find("# HELP dynamo_component_kv_used kv used\n"), std::string::npos) << page;
  EXPECT_NE(page.find("dynamo_component_kv_used" + labels + "12.5\n"), std::string::npos) << page;
  EXPECT_NE(page.find("dynamo_component_depth" + labels + "-300\n"), std::string::npos) << page;

  for (const std::string_view address : {"ns.comp", "ns.comp.ep.x", "..", "ns..ep", ""})
    EXPECT_EQ(ask(server, "POST", "/v1/metrics/" + std::string(address), report).status, 400) << address;
  for (const std::string_view bad : {"", "{", "[]", "{}", R"({"metrics":{}})", R"({"metrics":{"gauges":[]}})",
                                     R"({"metrics":{"gauges":{"depth":"7"}}})", R"({"metrics":{"gauges":{"@":1}}})"})
    EXPECT_EQ(ask(server, "POST", "/v1/metrics/ns.comp.ep", bad).status, 400) << bad;
  EXPECT_EQ(ask(server, "GET", "/v1/metrics/ns.comp.ep").status, 405);
  page = ask(server, "GET", "/metrics").body;
  EXPECT_NE(page.find("dynamo_component_depth" + labels + "-300\n"), std::string::npos) << "the old value stays";

  std::string many = R"({"metrics":{"gauges":{)";
  for (int i = 0; i < 150; ++i) many += (i > 0 ? ",\"g" : "\"g") + std::to_string(i) + "\":1";
  EXPECT_EQ(ask(server, "POST", "/v1/metrics/a.b.c", many + "}}}").status, 204);
  page = ask(server, "GET", "/metrics").body;
  std::size_t gauges = 0;
  for (std::size_t at = page.find("# TYPE dynamo_component_g"); at != std::string::npos;
       at = page.find("# TYPE dynamo_component_g", at + 1))
    ++gauges;
  EXPECT_EQ(gauges, metrics::CustomMetrics::kGaugesMax);
}

TEST(StatusServer, LoadsAdaptersWhenThatIsOn) {
  Options options = on_any_port();
  options.loras = true;
  auto server = StatusServer::start(std::move(options), Registry::runtime());
  EXPECT_EQ(ask(server, "GET", "/v1/loras").status, 500) << "nobody answers yet";
  LoraRoutes routes;
  routes.list = []() -> JsonOrError { return {.text = R"({"loras":["a"],"count":1})"}; };
  routes.load = [](std::string_view name, std::string_view uri) -> JsonOrError {
    if (uri == "s3://none") return {.text = {}, .error = "no such adapter"};
    return {.text = R"({"lora_id":7,"message":"loaded )" + std::string(name) + "\"}"};
  };
  routes.unload = [](std::string_view) -> JsonOrError { return {.text = "{}"}; };
  server.set_loras(std::move(routes));
  EXPECT_EQ(ask(server, "GET", "/v1/loras").body, R"({"count":1,"loras":["a"],"status":"success"})");
  const std::string load = R"({"lora_name":"n","source":{"uri":"file:///x"}})";
  EXPECT_EQ(ask(server, "POST", "/v1/loras", load).body,
            R"({"lora_id":7,"lora_name":"n","message":"loaded n","status":"success"})");
  const auto failed = ask(server, "POST", "/v1/loras", R"({"lora_name":"n","source":{"uri":"s3://none"}})");
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(failed.body, R"({"lora_name":"n","message":"no such adapter","status":"error"})");
  EXPECT_EQ(ask(server, "DELETE", "/v1/loras/a%2Fb").body, R"({"lora_name":"a/b","status":"success"})");
  for (const std::string_view bad : {"", "{", "[]", R"({"lora_name":"n"})", R"({"lora_name":7,"source":{"uri":"u"}})"})
    EXPECT_EQ(ask(server, "POST", "/v1/loras", bad).status, 400) << bad;
  EXPECT_EQ(ask(server, "DELETE", "/v1/loras").status, 405);
  EXPECT_EQ(ask(server, "GET", "/v1/loras/a").status, 405);
  const auto off = StatusServer::start(on_any_port(), Registry::runtime());
  EXPECT_EQ(ask(off, "GET", "/v1/loras").status, 404);
}

TEST(StatusServer, OwnRoutesComeFirst) {
  Options options = on_any_port();
  options.routes = [](const http::Request& request, http::Response& response) {
    if (request.path != "/v1/chat") return false;
    response.body = "hello";
    return true;
  };
  const auto server = StatusServer::start(std::move(options), Registry::runtime());
  EXPECT_EQ(ask(server, "POST", "/v1/chat").body, "hello");
  EXPECT_EQ(ask(server, "GET", "/live").status, 503);
}

TEST(StatusServer, OffOrBrokenItKeepsTheHealth) {
  auto off = StatusServer::start({}, Registry::runtime());
  EXPECT_FALSE(off.running());
  off.set_ready(true);
  EXPECT_TRUE(off.healthy());
  const auto first = StatusServer::start(on_any_port(), Registry::runtime());
  Options taken = on_any_port();
  taken.port = first.port();
  EXPECT_FALSE(StatusServer::start(std::move(taken), Registry::runtime()).running());
}

TEST(Health, IsDecidedByListedEndpointsThenProbesThenTheStatus) {
  const auto now = Health::Clock::now();
  Health plain(true, {});
  EXPECT_TRUE(plain.healthy());
  plain.set_endpoint("a", false);
  EXPECT_TRUE(plain.healthy()) << "an endpoint without a probe does not decide";
  plain.add_probe(
      "p", [](std::int64_t) { return std::string(); }, now);
  EXPECT_FALSE(plain.healthy());
  plain.activity("p", now);
  EXPECT_TRUE(plain.healthy());

  Health listed(true, {"generate"});
  EXPECT_FALSE(listed.healthy());
  listed.set_endpoint("generate", true);
  listed.set_ready(false);
  listed.add_probe(
      "p", [](std::int64_t) { return std::string(); }, now);
  EXPECT_TRUE(listed.healthy());
}

TEST(Health, ProbesRunWhereThereIsNoTraffic) {
  using std::chrono::milliseconds;
  const auto long_ago = Health::Clock::now() - std::chrono::hours(1);
  Health health(false, {});
  std::string answer = "engine gone";
  int calls = 0;
  std::int64_t last_timeout_ms = 0;
  health.add_probe(
      "e",
      [&](std::int64_t timeout_ms) {
        ++calls;
        last_timeout_ms = timeout_ms;
        return answer;
      },
      long_ago);
  const auto run = [&] { return health.run_due_probes(milliseconds(60'000), milliseconds(60'000)); };
  EXPECT_GT(run(), Health::Clock::now());
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(last_timeout_ms, 60'000);
  EXPECT_FALSE(health.healthy());
  run();
  EXPECT_EQ(calls, 1) << "not due again";
  answer.clear();
  health.activity("e", long_ago);
  run();
  EXPECT_EQ(calls, 2);
  EXPECT_TRUE(health.healthy());
  health.activity("e", long_ago);
  EXPECT_LT(health.run_due_probes(milliseconds(60'000), milliseconds(-1)),
            Health::Clock::now() + std::chrono::hours(1));
  EXPECT_FALSE(health.healthy()) << "an answer that comes too late is none";
}

TEST(StatusServer, ProbesRunInTheirThread) {
  Options options;
  options.probes = true;
  options.probe_wait_ms = 1;
  options.probe_timeout_ms = 60'000;
  auto server = StatusServer::start(std::move(options), Registry::runtime());
  server.add_probe("e", [](std::int64_t) { return std::string(); });
  while (!server.healthy()) std::this_thread::yield();
}

TEST(StatusOptions, ComeFromFilesAndTheEnvironment) {
  const log::TempDir dir;
  const std::string file = dir.file("runtime.toml");
  std::ofstream(file) << "system_port = 9000\nsystem_host = \"::1\"\nsystem_starting_health_status = \"ready\"\n"
                         "system_use_endpoint_health_status = [\"a\", \"b\"]\nother = 1.5\n[table]\nx = 1\n";
  const Options both = read_options({{"DYN_SYSTEM_PORT", "8081"},
                                     {"DYN_SYSTEM_HOST", ""},
                                     {"DYN_SYSTEM_LIVE_PATH", "alive"},
                                     {"DYN_HEALTH_CHECK_ENABLED", "Yes"},
                                     {"DYN_CANARY_WAIT_TIME", "7"}},
                                    {dir.file("missing.toml"), file});
  EXPECT_EQ(both.error, "");
  EXPECT_EQ(both.port, 8081);
  EXPECT_EQ(both.host, "::1");
  EXPECT_EQ(both.live_path, "/alive");
  EXPECT_EQ(both.health_path, "/health");
  EXPECT_TRUE(both.starts_ready);
  EXPECT_EQ(both.health_endpoints, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(both.probes);
  EXPECT_EQ(both.probe_wait_ms, 7000);
  EXPECT_EQ(both.probe_timeout_ms, 3000);
  EXPECT_EQ(both.warnings.size(), 1u);

  EXPECT_EQ(read_options({}, {}).port, -1);
  EXPECT_EQ(read_options({{"DYN_SYSTEM_PORT", "-7"}}, {}).port, -1);
  EXPECT_EQ(read_options({{"DYN_SYSTEM_PORT", "65535"}}, {}).port, 65535);
  EXPECT_EQ(read_options({{"DYN_SYSTEM_USE_ENDPOINT_HEALTH_STATUS", "a, b"}}, {}).health_endpoints.size(), 2u);
  EXPECT_EQ(read_options({{"DYN_SYSTEM_USE_ENDPOINT_HEALTH_STATUS", R"(["a,]", "b"])"}}, {}).health_endpoints,
            (std::vector<std::string>{"a,]", "b"}));
  std::ofstream(dir.file("broken.toml")) << "system_port = = 1";
  EXPECT_NE(read_options({}, {dir.file("broken.toml")}).error, "");
  for (const auto& [name, value] : Variables{{"DYN_SYSTEM_PORT", "65536"},
                                             {"DYN_SYSTEM_STARTING_HEALTH_STATUS", "maybe"},
                                             {"DYN_SYSTEM_USE_ENDPOINT_HEALTH_STATUS", "[1]"},
                                             {"DYN_CANARY_WAIT_TIME", "0"},
                                             {"DYN_HEALTH_CHECK_REQUEST_TIMEOUT", "soon"}})
    EXPECT_NE(read_options({{name, value}}, {}).error, "") << name;
}

}  // namespace
}  // namespace trilobite::status
