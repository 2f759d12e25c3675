// Targets, pools and scrape configurations over HTTP, in Prometheus' shapes and texts.
#include "api/prometheus_targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/test_support.h"

namespace trilobite::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class NoSink final : public scrape::SampleSink {
 public:
  Result<ingest::MetricSeriesRef> series(LabelSet) override { return error(Code::kUnavailable, "no sink"); }
  Result<ingest::MetricOutcome> write(ingest::MetricPush) override { return error(Code::kUnavailable, "no sink"); }
};

class Targets : public ::testing::Test {
 protected:
  Targets() {
    write(R"(
scrape_configs:
- job_name: web
  scrape_interval: 1h
  basic_auth: {username: u, password: hidden}
  static_configs: [{targets: ["127.0.0.1:1", "127.0.0.1:2"], labels: {zone: a}}]
  relabel_configs:
  - {action: drop, source_labels: [__address__], regex: '.*:2'}
  - {target_label: seen, replacement: "yes"}
)");
    EXPECT_TRUE(service_.reload().ok());
    add_scrape_config_routes(router_, {service_});
    const ScrapeSource source = scrape_source(service_.scraper());
    const auto add = [&](std::string path, ScrapeSource::Data data) {
      router_.add({"GET"}, std::move(path), [data](const http::Request& request) {
        const auto answer = data(request);
        if (!answer.ok()) return prometheus_error(answer.error());
        return http::Response::json(200, fmt::format(R"({{"status":"success","data":{}}})", *answer));
      });
    };
    add("/api/v1/targets", source.targets);
    add("/api/v1/targets/metadata", source.targets_metadata);
    add("/api/v1/targets/relabel_steps", source.relabel_steps);
    add("/api/v1/scrape_pools", source.scrape_pools);
    add("/api/v1/scrape_pools/config", source.scrape_pool_config);
  }
  void write(const std::string& text) { agent::testing::overwrite(folder_ / "p.yml", text); }
  http::Response ask(std::string method, std::string path, http::Parameters query = {}, std::string body = "") {
    http::Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.query = std::move(query);
    request.body = std::move(body);
    return router_.handle(request);
  }
  std::string get(std::string path, http::Parameters query = {}) {
    const http::Response response = ask("GET", std::move(path), std::move(query));
    return fmt::format("{} {}", response.status, response.body);
  }
  static scrape::ScrapeServiceOptions options(const agent::testing::TempFolder& folder) {
    scrape::ScrapeServiceOptions out;
    out.config_file = folder / "p.yml";
    out.directory = folder / "jobs";
    return out;
  }

  agent::testing::TempFolder folder_;
  NoSink sink_;
  SystemClock clock_;
  std::unique_ptr<FileSystem> files_ = make_real_file_system();
  scrape::ScrapeService service_{sink_, *files_, clock_, options(folder_)};
  http::Router router_;
};

TEST_F(Targets, ActiveAndDropped) {
  const std::string all = get("/api/v1/targets");
  EXPECT_THAT(
      all,
      HasSubstr(R"({"status":"success","data":{"activeTargets":[{"discoveredLabels":{"__address__":"127.0.0.1:1")"));
  EXPECT_THAT(all,
              HasSubstr(R"("labels":{"instance":"127.0.0.1:1","job":"web","seen":"yes","zone":"a"},"scrapePool":"web",)"
                        R"("scrapeUrl":"http://127.0.0.1:1/metrics")"));
  EXPECT_THAT(
      all, HasSubstr(R"("lastError":"","lastScrape":"0001-01-01T00:00:00Z","lastScrapeDuration":0,"health":"unknown",)"
                     R"("scrapeInterval":"1h","scrapeTimeout":"10s")"));
  EXPECT_THAT(all, HasSubstr(R"("droppedTargets":[{"discoveredLabels":{"__address__":"127.0.0.1:2")"));
  EXPECT_THAT(all, HasSubstr(R"("droppedTargetCounts":{"web":1})"));
  EXPECT_THAT(get("/api/v1/targets", {{"state", "active"}}),
              HasSubstr(R"("droppedTargets":[],"droppedTargetCounts":{})"));
  EXPECT_THAT(get("/api/v1/targets", {{"state", "dropped"}}), HasSubstr(R"("activeTargets":[])"));
  EXPECT_THAT(get("/api/v1/targets", {{"scrapePool", "other"}}),
              HasSubstr(R"("activeTargets":[],"droppedTargets":[],"droppedTargetCounts":{})"));
}

TEST_F(Targets, PoolsAndTheirConfiguration) {
  EXPECT_EQ(get("/api/v1/scrape_pools"), R"(200 {"status":"success","data":{"scrapePools":["web"]}})");
  EXPECT_THAT(get("/api/v1/scrape_pools/config"),
              HasSubstr(R"("errorType":"bad_data","error":"no scrapePool parameter provided")"));
  EXPECT_THAT(get("/api/v1/scrape_pools/config", {{"scrapePool", "x"}}),
              HasSubstr(R"(404 {"status":"error","errorType":"not_found")"));
  const std::string yaml = get("/api/v1/scrape_pools/config", {{"scrapePool", "web"}});
  EXPECT_THAT(yaml, HasSubstr("password: <secret>"));
  EXPECT_THAT(yaml, Not(HasSubstr("hidden")));
}

TEST_F(Targets, RelabelSteps) {
  const std::string steps =
      get("/api/v1/targets/relabel_steps", {{"scrapePool", "web"}, {"labels", R"({"__address__":"h:1"})"}});
  const std::string want =
      R"j(200 {"status":"success","data":{"steps":[{"rule":{"sourceLabels":["__address__"],"separator":";","regex":".*:2",)j"
      R"j("replacement":"$1","action":"drop"},"output":{"__address__":"h:1"},"keep":true},{"rule":{"separator":";",)j"
      R"j("regex":"(.*)","targetLabel":"seen","replacement":"yes","action":"replace"},"output":{"__address__":"h:1",)j"
      R"j("seen":"yes"},"keep":true}]}})j";
  EXPECT_EQ(steps, want);
  EXPECT_THAT(get("/api/v1/targets/relabel_steps", {{"scrapePool", "web"}}), HasSubstr("no labels parameter provided"));
  EXPECT_THAT(get("/api/v1/targets/relabel_steps", {{"scrapePool", "web"}, {"labels", "nonsense"}}),
              HasSubstr("error parsing labels"));
}

TEST_F(Targets, MetadataIsOfScrapedTargets) {
  EXPECT_THAT(get("/api/v1/targets/metadata"), HasSubstr(R"("data":[])"));
  EXPECT_THAT(get("/api/v1/targets/metadata", {{"limit", "x"}}), HasSubstr("limit must be a number"));
  EXPECT_THAT(get("/api/v1/targets/metadata", {{"match_target", "{"}}), HasSubstr("invalid parameter"));
}

TEST_F(Targets, JobsOverTheApi) {
  EXPECT_EQ(
      ask("PUT", "/api/v1/scrape_configs/mine", {}, "job_name: mine  # of me\nstatic_configs: [{targets: ['127.0.0.1:3']}]")
          .status,
      200);
  EXPECT_THAT(get("/api/v1/targets"), HasSubstr("http://127.0.0.1:3/metrics"));
  EXPECT_THAT(get("/api/v1/scrape_configs"),
              HasSubstr(R"({"jobName":"mine","source":"api","yaml":"job_name: mine  # of me\nstatic_configs:)"));
  EXPECT_EQ(ask("PUT", "/api/v1/scrape_configs/mine", {}, "job_name: mine#" + std::string(1 << 20, 'x')).status, 400);
  EXPECT_THAT(get("/api/v1/scrape_configs"), HasSubstr("password: <secret>"));
  EXPECT_THAT(get("/api/v1/scrape_configs"), Not(HasSubstr("hidden")));
  EXPECT_EQ(ask("PUT", "/api/v1/scrape_configs/web", {}, "job_name: web").status, 409);
  const http::Response wrong = ask("PUT", "/api/v1/scrape_configs/mine", {}, "job_name: mine\nintervall: 3s");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_THAT(wrong.body, HasSubstr("line 2: intervall: unknown name"));
  EXPECT_THAT(get("/api/v1/targets"), HasSubstr("http://127.0.0.1:3/metrics"));
  EXPECT_EQ(ask("DELETE", "/api/v1/scrape_configs/mine").status, 200);
  EXPECT_EQ(ask("DELETE", "/api/v1/scrape_configs/mine").status, 404);
  http::Router closed;
  add_scrape_config_routes(closed, {service_, false});
  http::Request request;
  request.method = "PUT";
  request.path = "/api/v1/scrape_configs/mine";
  EXPECT_EQ(closed.handle(request).status, 403);
}

}  // namespace
}  // namespace trilobite::api
