// The whole server in one process: pushed lines are found, also after a restart; faults at start are told apart.
#include "server/server.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

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
