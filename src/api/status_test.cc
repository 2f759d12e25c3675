// What the process says about itself, and what Grafana reads of it.
#include "api/status.h"

#include <gtest/gtest.h>

namespace trilobite::api {
namespace {

class Status : public testing::Test {
 protected:
  Status() {
    metrics_.create_gauge("up", "Whether it is.").or_log().set(1);
    add_status_routes(router_, {.not_ready = [this] { return reason_; },
                                .metrics = metrics_,
                                .config =
                                    [](ConfigView view) {
                                      return view == ConfigView::kAll       ? std::string("all\n")
                                             : view == ConfigView::kChanges ? std::string("changes\n")
                                                                            : std::string("defaults\n");
                                    },
                                .flush = [this]() -> Result<void> {
                                  if (flush_fails_) return error(Code::kNoSpace, "disk is full");
                                  return {};
                                },
                                .compact = []() -> Result<void> { return error(Code::kNoSpace, "no room to merge"); },
                                .log_level = [this] { return level_; },
                                .set_log_level = [this](std::string_view level) -> Result<void> {
                                  if (level == "loud") return error(Code::kInvalid, "no level loud");
                                  level_ = level;
                                  return {};
                                },
                                .services = [] { return std::string("store => Running\n"); }});
  }
  std::string ask(std::string method, std::string path, http::Parameters query = {}) {
    http::Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.query = std::move(query);
    const http::Response response = router_.handle(request);
    return fmt::format("{} {}", response.status, response.body);
  }

  instruments::Registry metrics_;
  http::Router router_;
  std::optional<std::string> reason_;
  bool flush_fails_ = false;
  std::string level_ = "info";
};

TEST_F(Status, Readiness) {
  EXPECT_EQ(ask("GET", "/ready"), "200 ready\n");
  reason_ = "starting";
  EXPECT_EQ(ask("GET", "/ready"), "503 starting\n");
  EXPECT_EQ(ask("GET", "/health"), "200 ok\n");
}

TEST_F(Status, PagesAndFlush) {
  EXPECT_EQ(ask("GET", "/metrics"), "200 # HELP up Whether it is.\n# TYPE up gauge\nup 1\n");
  EXPECT_EQ(ask("GET", "/config"), "200 all\n");
  EXPECT_EQ(ask("GET", "/config", {{"mode", "diff"}}), "200 changes\n");
  EXPECT_EQ(ask("GET", "/config", {{"mode", "defaults"}}), "200 defaults\n");
  EXPECT_EQ(ask("GET", "/config", {{"mode", "x"}}), "400 mode \"x\" is neither diff nor defaults\n");
  EXPECT_EQ(ask("GET", "/services"), "200 store => Running\n");
  EXPECT_EQ(ask("POST", "/flush"), "204 ");
  EXPECT_EQ(ask("GET", "/flush").substr(0, 3), "405");
  flush_fails_ = true;
  EXPECT_EQ(ask("POST", "/flush"), "507 disk is full\n");
  EXPECT_EQ(ask("POST", "/internal/force_flush"), "507 disk is full\n");
  EXPECT_EQ(ask("POST", "/internal/force_merge"), "507 no room to merge\n");
}

TEST_F(Status, ComponentsOfLokiAreAllHere) {
  for (const char* path : {"/ring", "/distributor/ring", "/compactor/ring", "/memberlist"}) {
    EXPECT_NE(ask("GET", path).find("this instance does everything"), std::string::npos) << path;
  }
  EXPECT_EQ(ask("GET", "/ingester/prepare_shutdown"), "200 unset\n");
  EXPECT_EQ(ask("POST", "/ingester/prepare_shutdown"), "204 ");
  EXPECT_EQ(ask("GET", "/ingester/prepare_shutdown"), "200 set\n");
  EXPECT_EQ(ask("DELETE", "/ingester/prepare_shutdown"), "204 ");
  EXPECT_EQ(ask("GET", "/ingester/prepare_shutdown"), "200 unset\n");
  EXPECT_EQ(ask("POST", "/ingester/shutdown").substr(0, 3), "403");
  EXPECT_EQ(ask("POST", "/ingester/shutdown", {{"terminate", "false"}}), "204 ");
}

TEST_F(Status, LogLevel) {
  EXPECT_EQ(ask("GET", "/log_level"), R"(200 {"message":"Current log level is info"})");
  EXPECT_EQ(ask("POST", "/log_level", {{"log_level", "debug"}}), R"(200 {"message":"Log level set to debug"})");
  EXPECT_EQ(level_, "debug");
  EXPECT_EQ(ask("POST", "/log_level", {{"log_level", "loud"}}), R"(400 {"message":"no level loud"})");
  EXPECT_EQ(ask("POST", "/log_level"), R"(400 {"message":"parameter log_level is missing"})");
}

TEST_F(Status, BuildInformationHasWhatGrafanaReads) {
  const std::string loki = ask("GET", "/loki/api/v1/status/buildinfo");
  for (const char* key : {"version", "revision", "branch", "buildUser", "buildDate", "goVersion"}) {
    EXPECT_NE(loki.find(fmt::format("\"{}\":\"", key)), std::string::npos) << loki;
  }
  EXPECT_EQ(ask("GET", "/api/trilobite/v1/buildinfo").find(R"(200 {"status":"success","data":{"application":"Trilobite")"),
            0u);
}

}  // namespace
}  // namespace trilobite::api
