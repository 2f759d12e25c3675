// The whole server in one process: pushed lines are found, also after a restart; faults at start are told apart.
#include "server/server.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "agent/metrics.h"
#include "server/raw_client.h"

namespace trilobite::server {
namespace {

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    std::string name = std::filesystem::temp_directory_path() / "trilobite-server-XXXXXX";
    data_ = ::mkdtemp(name.data());
  }
  ~ServerTest() override {
    server_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(data_, ignored);
  }
  Config config() const {
    Config out;
    out.data = data_;
    out.http.listen = "127.0.0.1:0";
    out.http.stop_grace = std::chrono::seconds(5);
    out.agent.enabled = false;
    return out;
  }
  void start(Config config) {
    StartFault fault = StartFault::kNone;
    auto started = Server::start(std::move(config), {*files_, clock_}, fault);
    ASSERT_TRUE(started.ok()) << started.error().message;
    server_ = std::move(*started);
  }
  RawClient::Answer ask(std::string_view method, std::string_view target, std::string_view headers = "",
                        std::string_view body = "") {
    RawClient client(parse_listen(server_->address())->port);
    return client.ask(method, target, headers, body);
  }
  std::string lines() {
    return ask("GET",
               "/loki/api/v1/query_range?query=%7Bapp%3D%22x%22%7D&start=1768435200&end=1768435300&direction=forward")
        .body;
  }
  // A request is counted when its answer is out, so the page is asked for until it tells of it.
  RawClient::Answer metrics_with(std::string_view text, std::string_view accept = "*/*") {
    RawClient::Answer page;
    for (int attempt = 0; attempt < 2000; ++attempt) {
      page = ask("GET", "/metrics", fmt::format("Accept: {}\r\n", accept));
      if (page.body.find(text) != std::string::npos) break;
    }
    return page;
  }
  static constexpr std::string_view kPush =
      R"({"streams":[{"stream":{"app":"x"},"values":[["1768435200000000000","level=error first"],["1768435201000000000","second"]]}]})";
  static constexpr std::string_view kJson = "Content-Type: application/json\r\n";

  std::string data_;
  const std::unique_ptr<FileSystem> files_ = make_real_file_system();
  const SystemClock clock_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, PushedLinesAreFoundAlsoAfterARestart) {
  start(config());
  EXPECT_EQ(ask("GET", "/ready").body, "ready\n");
  EXPECT_EQ(ask("POST", "/loki/api/v1/push", kJson, kPush).status, 204);
  const std::string before = lines();
  EXPECT_NE(before.find(R"("detected_level":"error")"), std::string::npos) << before;
  EXPECT_NE(before.find(R"(["1768435200000000000","level=error first"])"), std::string::npos) << before;
  EXPECT_NE(before.find(R"(["1768435201000000000","second"])"), std::string::npos) << before;
  ASSERT_TRUE(server_->stop().ok());
  server_.reset();

  start(config());
  const std::string after = lines();
  EXPECT_NE(after.find("first"), std::string::npos) << after;
  EXPECT_NE(after.find("second"), std::string::npos) << after;
  const auto metrics = ask("GET", "/metrics").body;
  for (const char* name :
       {"trilobite_storage_rows 2\n", "trilobite_storage_writable 1\n", "trilobite_agent_running 0\n",
        "trilobite_ingest_rows_total 0\n", "process_resident_memory_bytes "}) {
    EXPECT_NE(metrics.find(name), std::string::npos) << name;
  }
}

TEST_F(ServerTest, EveryPageAnswers) {
  start(config());
  EXPECT_EQ(ask("GET", "/").status, 200);
  EXPECT_NE(ask("GET", "/config").body.find("server:\n  data: "), std::string::npos);
  EXPECT_EQ(ask("POST", "/flush").status, 204);
  EXPECT_EQ(ask("GET", "/loki/api/v1/labels").body, R"({"status":"success"})");
  EXPECT_EQ(ask("GET", "/loki/api/v1/nothing").status, 404);
}

TEST_F(ServerTest, GraphitesLinesAreSamples) {
  Config with = config();
  with.graphite.listen = "127.0.0.1:0";
  start(with);
  {
    RawClient sender(parse_listen(server_->graphite_address())->port);
    sender.send("servers.a.load;dc=x 1.5\n");
    sender.end();
    EXPECT_EQ(sender.read_all(), "");  // until it is taken in and the connection closed
  }
  const auto found = ask("GET", "/api/v1/query?query=%7B%22servers.a.load%22%7D").body;
  EXPECT_NE(found.find(R"("metric":{"__name__":"servers.a.load","dc":"x"})"), std::string::npos) << found;
  EXPECT_NE(found.find(R"("1.5"])"), std::string::npos) << found;
}

TEST_F(ServerTest, RulesOfFilesAndOfTheApi) {
  const std::string prometheus = data_ + "/prometheus.yml", rules = data_ + "/a.rules";
  std::ofstream(prometheus) << "rule_files: ['*.rules']\n";
  std::ofstream(rules) << "groups: [{name: of_file, rules: [{record: a, expr: up}]}]\n";
  Config with = config();
  with.data += "/data";
  with.scrape.config_file = prometheus;
  start(with);
  // As curl --data-binary sends it; `%s` is no form.
  static constexpr std::string_view kForm = "Content-Type: application/x-www-form-urlencoded\r\n";
  static constexpr std::string_view kGroup = "name: of_api\nrules:\n- {record: b, expr: up, labels: {x: 100%}}";
  EXPECT_EQ(ask("POST", "/api/v1/rules/mine", kForm, kGroup).status, 202);
  static constexpr std::string_view kSlashes = "name: of/api\nrules: [{record: c, expr: up}]";
  EXPECT_EQ(ask("PUT", "/api/v1/rules/team%2Fa/of%2Fapi", "", kSlashes).status, 202);
  EXPECT_EQ(ask("GET", "/config/v1/rules/team%2Fa/of%2Fapi").body, kSlashes);
  const auto both = ask("GET", "/api/v1/rules").body;
  EXPECT_NE(both.find("\"name\":\"of_file\",\"file\":\"" + rules), std::string::npos) << both;
  EXPECT_NE(both.find("\"name\":\"of_api\",\"file\":\"mine\""), std::string::npos) << both;
  std::ofstream(rules) << "groups: [{name: of_file, rules: [{record: a, expr: 'sum('}]}]\n";
  const auto refused = ask("POST", "/-/reload");
  EXPECT_EQ(refused.status, 500);
  EXPECT_NE(refused.body.find("a.rules: line 1: groups[0].rules[0]: could not parse expression"), std::string::npos)
      << refused.body;
  EXPECT_EQ(ask("GET", "/api/v1/rules").body, both);
  std::ofstream(rules) << "groups: []\n";
  EXPECT_EQ(ask("POST", "/-/reload").status, 200);
  ASSERT_TRUE(server_->stop().ok());
  server_.reset();
  start(with);
  const auto after = ask("GET", "/api/v1/rules").body;
  EXPECT_EQ(after.find("of_file"), std::string::npos) << after;
  EXPECT_NE(after.find("of_api"), std::string::npos) << after;
  EXPECT_NE(after.find("\"file\":\"team/a\""), std::string::npos) << after;
  EXPECT_EQ(ask("DELETE", "/api/v1/rules/team%2Fa").status, 202);
  EXPECT_EQ(ask("GET", "/api/v1/rules/team%2Fa/of%2Fapi").status, 404);
}

// What was kept of a range query is not given again once samples under it came late or were deleted.
TEST_F(ServerTest, DeletesSnapshotsAndKeptResults) {
  Config with = config();
  with.metric_queries.admin_api = true;
  with.limits.metrics.out_of_order_window = std::chrono::hours(24);
  start(with);
  const auto import = [&](std::string_view line) {
    return ask("POST", "/api/v1/import/prometheus", "", line).status;
  };
  const auto sum = [&] {
    const std::string body =
        ask("GET", "/api/v1/query_range?query=sum(a)&start=1768435200&end=1768438800&step=300").body;
    const std::size_t values = body.find("\"values\":");
    return values == std::string::npos ? std::string() : body.substr(values, 60);
  };
  ASSERT_LT(import("a{i=\"1\"} 1 1768435200000\na{i=\"2\"} 2 1768435200000\na{i=\"1\"} 1 1768438700000\n"), 300);
  const std::string before = sum();
  EXPECT_NE(before.find(R"([1768435200,"3"])"), std::string::npos) << before;
  EXPECT_EQ(sum(), before);
  ASSERT_LT(import("a{i=\"3\"} 4 1768435200000\n"), 300);
  EXPECT_NE(sum().find(R"([1768435200,"7"])"), std::string::npos) << sum();

  const auto snapshot = ask("POST", "/api/v1/admin/tsdb/snapshot");
  EXPECT_EQ(snapshot.status, 200);
  const std::size_t name = snapshot.body.find("\"name\":\"");
  ASSERT_NE(name, std::string::npos) << snapshot.body;
  EXPECT_TRUE(std::filesystem::is_directory(data_ + "/snapshots/" + snapshot.body.substr(name + 8, 33)));
  EXPECT_EQ(ask("POST", "/api/v1/admin/tsdb/snapshot?skip_head=x").status, 400);

  EXPECT_EQ(ask("POST", "/api/v1/admin/tsdb/delete_series?match[]=a%7Bi%3D%222%22%7D").status, 204);
  EXPECT_NE(sum().find(R"([1768435200,"5"])"), std::string::npos) << sum();
  EXPECT_EQ(ask("PUT", "/api/v1/admin/tsdb/delete_series?match[]=a%7Bi%3D%223%22%7D&start=1768435100&end=1768435200")
                .status, 204);
  EXPECT_NE(sum().find(R"([1768435200,"1"])"), std::string::npos) << sum();
  EXPECT_EQ(ask("POST", "/api/v1/admin/tsdb/clean_tombstones").status, 204);
  EXPECT_EQ(ask("POST", "/api/v1/admin/tsdb/delete_series?match[]=a").status, 204);
  EXPECT_EQ(sum(), "");
  for (const std::string_view bad : {"", "?match[]=a%7B", "?match[]=%7Ba%3D~%22.*%22%7D", "?match[]=a&start=x"}) {
    EXPECT_EQ(ask("POST", "/api/v1/admin/tsdb/delete_series" + std::string(bad)).status, 400) << bad;
  }
  EXPECT_EQ(ask("GET", "/api/v1/admin/tsdb/delete_series?match[]=a").status, 405);
}

TEST_F(ServerTest, MemoryAndLimits) {
  Config with = config();
  with.limits.metrics.series_max = 10;
  start(with);
  std::string lines;
  for (int i = 0; i < 9; ++i) lines += fmt::format("a{{pod=\"{}\"}} 1\n", i);
  ASSERT_LT(ask("POST", "/api/v1/import/prometheus", "", lines).status, 300);
  const std::string memory = ask("GET", "/api/v1/status/memory").body;
  for (const std::string_view part :
       {R"("residentBytes":)", R"({"name":"head_samples","bytes":)", R"("name":"block_cache")", R"("name":"other")",
        R"({"name":"metrics_max_series","subject":"fake","used":9,"limit":10,"ratio":0.9,"unit":"count",)"
        R"("state":"warning","key":"limits.metrics_max_series","effect":"New series are refused."})",
        R"({"limit":"metrics_max_series","subject":"fake","state":"warning","since":")",
        R"("thresholds":{"warning":0.8,"critical":0.95})", R"("top":{"metrics":[{"name":"a","series":9,"samples":9,)",
        R"({"name":"pod","values":9,"series":9,"bytes":54})"}) {
    EXPECT_NE(memory.find(part), std::string::npos) << part << "\n" << memory;
  }
  EXPECT_EQ(ask("GET", "/api/v1/status/memory?limit=0").status, 400);
  const std::string metrics = ask("GET", "/metrics").body;
  EXPECT_NE(metrics.find("trilobite_limit_ratio{limit=\"metrics_max_series\",subject=\"fake\"} 0.9\n"),
            std::string::npos);
  EXPECT_NE(ask("GET", "/api/v1/notifications").body.find("metrics_max_series of fake: 9 of 10 (90 %)"),
            std::string::npos);
}

// A family of a page in the text format, as a row of the table in docs/observe-trilobite.md.
std::map<std::string, std::string> rows_of_families(std::string_view page) {
  std::map<std::string, std::string> out;
  std::string help, type, name;
  for (std::size_t at = 0; at < page.size();) {
    const std::size_t end = std::min(page.find('\n', at), page.size());
    const std::string_view line = page.substr(at, end - at);
    at = end + 1;
    const auto behind_name = [&](std::string_view head) {
      const std::size_t blank = line.find(' ', head.size());
      name = line.substr(head.size(), blank - head.size());
      return std::string(line.substr(blank + 1));
    };
    if (line.starts_with("# HELP ")) {
      help = behind_name("# HELP ");
    } else if (line.starts_with("# TYPE ")) {
      type = behind_name("# TYPE ");
    } else if (!out.contains(name)) {
      std::string labels;
      for (std::size_t equal = line.find("=\""); equal != std::string_view::npos; equal = line.find("=\"", equal + 1)) {
        const std::size_t begin = line.find_last_of("{,", equal) + 1;
        const std::string label(line.substr(begin, equal - begin));
        if (label != "le") labels += (labels.empty() ? "`" : ", `") + label + "`";
      }
      out[name] = fmt::format("| `{}` | {} | {} | {} |", name, type, labels, help);
    }
  }
  return out;
}

TEST_F(ServerTest, TheGuideHasEveryMetricOfOurOwn) {
  Config with = config();
  with.limits.write.max_line_size = 5;
  with.limits.metrics.series_max = 10;
  start(with);
  EXPECT_EQ(ask("POST", "/loki/api/v1/push", kJson, kPush).status, 400);
  EXPECT_LT(ask("POST", "/api/v1/import/prometheus", "", "a 1\n").status, 300);
  std::map<std::string, std::string> rows =
      rows_of_families(metrics_with("trilobite_http_response_bytes_total{route=\"/loki/api/v1/push\"").body);
  agent::Metrics agent;
  agent.drop_lines("x", 1);
  agent.sent("x", 1);
  for (auto& [name, row] : rows_of_families(agent.registry().expfmt().text)) rows.emplace(name, row);

  std::string expected;
  for (const auto& [name, row] : rows) expected += row + "\n";
  std::ifstream guide(TRILOBITE_SOURCE_DIR "/docs/observe-trilobite.md");
  std::string found;
  bool in_table = false;
  for (std::string line; std::getline(guide, line);) {
    in_table = in_table || line == "## All metrics of our own";
    if (in_table && line.starts_with("| `")) found += line + "\n";
  }
  EXPECT_EQ(found, expected) << "the table should be:\n" << expected;
}

TEST_F(ServerTest, OurMetricsInEachFormat) {
  start(config());
  EXPECT_EQ(ask("GET", "/ready").status, 200);
  const auto page = [&](std::string_view accept) { return ask("GET", "/metrics", fmt::format("Accept: {}\r\n", accept)); };
  const RawClient::Answer text = metrics_with("trilobite_http_response_bytes_total{route=\"/ready\"");
  EXPECT_NE(text.head.find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"), std::string::npos);
  for (const std::string_view line :
       {"# TYPE trilobite_http_request_duration_seconds histogram\n",
        "trilobite_http_request_duration_seconds_count{route=\"/ready\",status=\"200\"} 1\n",
        "trilobite_http_requests_total{method=\"GET\",route=\"/ready\",status=\"200\"} 1\n",
        "trilobite_metrics_samples_total{type=\"float\"} 0\n", "trilobite_build_info{"}) {
    EXPECT_NE(text.body.find(line), std::string::npos) << line << text.body;
  }
  const RawClient::Answer open = page("application/openmetrics-text;version=1.0.0");
  EXPECT_NE(open.head.find("Content-Type: application/openmetrics-text; version=1.0.0"), std::string::npos);
  EXPECT_NE(open.body.find("# TYPE trilobite_http_requests counter\n"), std::string::npos);
  EXPECT_TRUE(open.body.ends_with("# EOF\n"));
  const RawClient::Answer packed = page(
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.9,*/*;q=0.1");
  EXPECT_NE(packed.head.find("Content-Type: application/vnd.google.protobuf"), std::string::npos);
}

// The trace of a request is the example of its duration, whether spans are exported or not.
TEST_F(ServerTest, DurationsHaveTheTraceOfTheRequest) {
  start(config());
  const std::string_view parent = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n";
  EXPECT_EQ(ask("GET", "/api/v1/query?query=1", parent).status, 200);
  const std::string_view wanted = " # {trace_id=\"0af7651916cd43dd8448eb211c80319c\",span_id=\"";
  const std::string metrics = metrics_with(wanted, "application/openmetrics-text").body;
  const std::size_t example = metrics.find(wanted);
  ASSERT_NE(example, std::string::npos) << metrics;
  const std::size_t line = metrics.rfind('\n', example) + 1;
  EXPECT_EQ(metrics.compare(line, 46, "trilobite_http_request_duration_seconds_bucket"), 0) << metrics.substr(line, 200);
}

TEST_F(ServerTest, PagesOfOtherOriginsReadWhatTheyMay) {
  Config with = config();
  with.cors_origin = "https?://(a|b)\\.example";
  start(with);
  const auto header = [&](std::string_view method, std::string_view origin) {
    return ask(method, "/api/v1/labels", fmt::format("Origin: {}\r\n", origin)).head;
  };
  EXPECT_NE(header("GET", "http://a.example").find("Access-Control-Allow-Origin: http://a.example\r\n"),
            std::string::npos);
  EXPECT_NE(header("OPTIONS", "https://b.example").find("Access-Control-Allow-Methods: GET, POST, OPTIONS\r\n"),
            std::string::npos);
  EXPECT_EQ(header("GET", "http://a.example.evil").find("Access-Control-Allow-Origin"), std::string::npos);
  EXPECT_EQ(ask("GET", "/api/v1/labels").head.find("Access-Control"), std::string::npos);
  ASSERT_TRUE(server_->stop().ok());
  server_.reset();
  start(config());
  EXPECT_NE(header("GET", "http://anything").find("Access-Control-Allow-Origin: *\r\n"), std::string::npos);
  Config wrong = config();
  wrong.cors_origin = "(";
  EXPECT_FALSE(check_config(wrong).ok());
  wrong = config();
  wrong.warnings.warning_share = 0.99;
  EXPECT_FALSE(check_config(wrong).ok());
}

TEST_F(ServerTest, FaultsAtStartAreToldApart) {
  start(config());
  StartFault fault = StartFault::kNone;
  auto locked = Server::start(config(), {*files_, clock_}, fault);
  ASSERT_FALSE(locked.ok());
  EXPECT_EQ(fault, StartFault::kData);
  EXPECT_EQ(locked.error().code, Code::kExists);
  EXPECT_NE(locked.error().message.find(data_), std::string::npos) << "names the folder";

  Config taken = config();
  taken.data += "/second";
  taken.http.listen = server_->address();
  EXPECT_FALSE(Server::start(taken, {*files_, clock_}, fault).ok());
  EXPECT_EQ(fault, StartFault::kAddress);

  Config wrong = config();
  wrong.data += "/third";
  wrong.http.read_threads = 0;
  EXPECT_FALSE(Server::start(wrong, {*files_, clock_}, fault).ok());
  EXPECT_EQ(fault, StartFault::kOther);
}

TEST_F(ServerTest, TheAgentDeliversIntoItsOwnStore) {
  const std::string log = data_ + "/app.log", agent = data_ + "/agent.yaml";
  std::ofstream(log) << "level=warn from a file\n";
  std::ofstream(agent) << "clients: []\nscrape_configs:\n- job_name: files\n  static_configs:\n  - labels:\n      app: "
                          "x\n      __path__: "
                       << log << "\n";
  Config with = config();
  with.agent.enabled = true;
  with.agent.config_file = agent;
  start(with);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  std::string answer;
  do {
    answer = ask("GET", "/loki/api/v1/query_range?query=%7Bapp%3D%22x%22%7D").body;
  } while (answer.find("from a file") == std::string::npos && std::chrono::steady_clock::now() < end);
  EXPECT_NE(answer.find("level=warn from a file"), std::string::npos) << answer;
  EXPECT_NE(answer.find(R"("detected_level":"warn")"), std::string::npos) << answer;
}

}  // namespace
}  // namespace trilobite::server
