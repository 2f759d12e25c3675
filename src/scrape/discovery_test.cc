// Each kind of discovery against a server or a folder of the test: which groups, which labels, what stays on an error.
#include "scrape/discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/un.h>

#include <condition_variable>

#include "agent/http_client.h"
#include "scrape/discovery_dns.h"
#include "scrape/test_support.h"

namespace trilobite::scrape {
namespace {

using ::testing::HasSubstr;
using testing::overwrite;
using testing::TinyAnswer;
using testing::TinyRequest;
using testing::TinyServer;
using testing::wait_until;

// Runs a discovery and keeps what it told last, as "address" or any label.
class Running {
 public:
  explicit Running(const DiscoveryConfig& config) : feed_(config) {
    feed_.listen([this](const std::vector<TargetGroup>& groups) {
      const std::lock_guard lock(mutex_);
      groups_ = groups;
      known_ = true;
    });
  }
  // Labels of the group and the target together, without the prefix __meta_.
  std::vector<Labels> targets() const {
    std::vector<Labels> out;
    const std::lock_guard lock(mutex_);
    for (const TargetGroup& group : groups_) {
      for (const Labels& target : group.targets) {
        Labels all = group.labels;
        for (const auto& [name, value] : target) all.set(name, value);
        out.push_back(std::move(all));
      }
    }
    return out;
  }
  std::vector<std::string> addresses() const {
    std::vector<std::string> out;
    for (const Labels& target : targets()) out.emplace_back(target.get("__address__"));
    std::sort(out.begin(), out.end());
    return out;
  }
  bool becomes(std::vector<std::string> want) const {
    std::sort(want.begin(), want.end());
    return wait_until([&] { return known() && addresses() == want; });
  }
  bool known() const {
    const std::lock_guard lock(mutex_);
    return known_;
  }
  Labels at(std::string_view address) const {
    for (Labels& target : targets()) {
      if (target.get("__address__") == address) return std::move(target);
    }
    return {};
  }
  std::string error() const { return feed_.last_error(); }

 private:
  mutable std::mutex mutex_;  // guards the rest but the feed
  std::vector<TargetGroup> groups_;
  bool known_ = false;
  DiscoveryFeed feed_;
};

using Strings = std::vector<std::string>;

TEST(FileDiscovery, FollowsFiles) {
  testing::TempFolder folder;
  overwrite(folder / "a.json", R"([{"targets": ["a:1", "a:2"], "labels": {"env": "x"}}])");
  overwrite(folder / "ignored.txt", "[]");
  Running running(FileDiscoveryConfig{{folder / "*.json", folder / "*.yml"}, std::chrono::milliseconds(200)});
  ASSERT_TRUE(running.becomes({"a:1", "a:2"}));
  EXPECT_EQ(running.at("a:1").get("env"), "x");
  EXPECT_EQ(running.at("a:1").get("__meta_filepath"), folder / "a.json");
  overwrite(folder / "b.yml", "- targets: ['b:1']\n");
  ASSERT_TRUE(running.becomes({"a:1", "a:2", "b:1"}));
  // A file that is wrong says what is wrong and keeps its targets; one that is gone takes them along.
  overwrite(folder / "a.json", R"([{"targts": ["a:3"]}])");
  ASSERT_TRUE(wait_until([&] { return running.error().find("targts: unknown name") != std::string::npos; }));
  EXPECT_EQ(running.addresses(), (Strings{"a:1", "a:2", "b:1"}));
  ::unlink((folder / "a.json").c_str());
  ASSERT_TRUE(running.becomes({"b:1"}));
  EXPECT_TRUE(wait_until([&] { return running.error().empty(); }));
}

TEST(HttpDiscovery, AsksAndKeepsWhatItKnowsOnErrors) {
  std::atomic<int> step{0};
  TinyServer server([&](const TinyRequest& request) {
    EXPECT_TRUE(request.has("X-Prometheus-Refresh-Interval-Seconds: 0.05"));
    EXPECT_TRUE(request.has("Authorization: Bearer t"));
    if (step == 1) return TinyAnswer{"", "text/plain", "500 Internal Server Error", "", {}};
    if (step == 2) return TinyAnswer{"[]", "text/html"};
    if (step == 3) return TinyAnswer{R"([{"targets": ["h:9"]}])", "application/json; charset=utf-8"};
    return TinyAnswer{R"([{"targets": ["h:1"], "labels": {"__meta_x": "y"}}, {"targets": ["h:2"]}])",
                      "application/json"};
  });
  HttpDiscoveryConfig config{server.url() + "/sd", std::chrono::milliseconds(50), {}};
  config.http.authorization_type = "Bearer";
  config.http.authorization.text = "t";
  Running running(config);
  ASSERT_TRUE(running.becomes({"h:1", "h:2"}));
  EXPECT_EQ(running.at("h:1").get("__meta_url"), server.url() + "/sd");
  step = 1;
  ASSERT_TRUE(wait_until([&] { return running.error().find("500 Internal Server Error") != std::string::npos; }));
  step = 2;
  ASSERT_TRUE(wait_until([&] { return running.error().find("unsupported content type") != std::string::npos; }));
  EXPECT_EQ(running.addresses(), (Strings{"h:1", "h:2"}));
  step = 3;
  EXPECT_TRUE(running.becomes({"h:9"}));
}

TEST(DnsDiscovery, GroupsHaveTheLabelsOfTheirRecords) {
  const DnsLookup lookup = [](const std::string& name, DnsType type) -> Result<std::vector<DnsRecord>> {
    if (name == "broken") return error(Code::kUnavailable, "no answer");
    if (type == DnsType::kSrv) return std::vector<DnsRecord>{{"db1.x.", 5432}, {"db2.x.", 5433}};
    if (type == DnsType::kAaaa) return std::vector<DnsRecord>{{"::1", 0}};
    return std::vector<DnsRecord>{{"mail.x.", 0}};
  };
  const auto srv = dns_groups({.names = {"_pg._tcp.x"}}, lookup);
  ASSERT_TRUE(srv.ok());
  ASSERT_EQ(srv->at(0).targets.size(), 2u);
  EXPECT_EQ(srv->at(0).targets[1].get("__address__"), "db2.x:5433");
  EXPECT_EQ(srv->at(0).targets[1].get("__meta_dns_srv_record_target"), "db2.x.");
  EXPECT_EQ(srv->at(0).targets[1].get("__meta_dns_srv_record_port"), "5433");
  EXPECT_EQ(srv->at(0).targets[1].get("__meta_dns_name"), "_pg._tcp.x");
  const auto v6 = dns_groups({.names = {"a"}, .type = DnsType::kAaaa, .port = 80}, lookup);
  EXPECT_EQ(v6->at(0).targets[0].get("__address__"), "[::1]:80");
  const auto mx = dns_groups({.names = {"a"}, .type = DnsType::kMx, .port = 25}, lookup);
  EXPECT_EQ(mx->at(0).targets[0].get("__address__"), "mail.x:25");
  EXPECT_FALSE(dns_groups({.names = {"a", "broken"}}, lookup).ok());
}

// Answers each question with what `answer` makes of it: the question's bytes behind the header come back in front.
class TinyNameServer {
 public:
  using Answer = std::function<std::string(std::string_view question)>;  // records; "": no such name
  explicit TinyNameServer(Answer answer) : answer_(std::move(answer)), socket_(::socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    ::bind(socket_, reinterpret_cast<const sockaddr*>(&address), length);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~TinyNameServer() {
    stopping_ = true;
    thread_.join();
    ::close(socket_);
  }
  TinyNameServer(const TinyNameServer&) = delete;
  TinyNameServer& operator=(const TinyNameServer&) = delete;
  DnsServer server() const { return {"127.0.0.1", port_}; }

 private:
  void serve() {
    while (!stopping_) {
      pollfd wanted{socket_, POLLIN, 0};
      if (::poll(&wanted, 1, 20) <= 0) continue;
      char buffer[512];
      sockaddr_in from{};
      socklen_t length = sizeof from;
      const ssize_t got =
          ::recvfrom(socket_, buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &length);
      if (got < 17) continue;
      const std::string_view asked(buffer, static_cast<std::size_t>(got));
      const std::string_view question = asked.substr(12, asked.find('\0', 12) + 5 - 12);
      const std::string records = answer_(question);
      std::string message(asked.substr(0, 2));
      message += std::string(records.empty() ? "\x81\x83" : "\x81\x80", 2);
      message += std::string(records.empty() ? "\0\1\0\0\0\0\0\0" : "\0\1\0\1\0\0\0\0", 8);
      message += question;
      message += records;
      ::sendto(socket_, message.data(), message.size(), 0, reinterpret_cast<const sockaddr*>(&from), length);
    }
  }

  const Answer answer_;
  const int socket_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

TEST(DnsDiscovery, AsksANameServer) {
  const TinyNameServer names([](std::string_view question) -> std::string {
    if (question.starts_with(std::string_view("\3_pg\4_tcp\7example", 16))) {
      return std::string("\xc0\x0c\0\x21\0\1\0\0\0\5\0\x0c\0\1\0\2\x15\x38\2db\1x\0", 24);
    }
    if (question.starts_with(std::string_view("\4half", 5))) return std::string("\xc0\x0c\0\1\0\1\0", 7);
    return "";
  });
  const auto found = lookup_dns("_pg._tcp.example.", DnsType::kSrv, names.server());
  ASSERT_TRUE(found.ok()) << found.error().message;
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->at(0).target, "db.x.");
  EXPECT_EQ(found->at(0).port, 5432);
  const auto absent = lookup_dns("absent.example.", DnsType::kA, names.server());
  ASSERT_TRUE(absent.ok()) << "no such name is no error: " << absent.error().message;
  EXPECT_TRUE(absent->empty());
  EXPECT_FALSE(lookup_dns("half.example.", DnsType::kA, names.server()).ok()) << "a record that ends too early";
  EXPECT_FALSE(lookup_dns("x.example.", DnsType::kA, DnsServer{"nowhere"}).ok());
}

TEST(DnsDiscovery, ReadsMessagesAndSurvivesBadOnes) {
  // Header: 1 question, 2 answers; question a.b SRV; answers by a pointer to the question's name.
  std::string message("\0\0\x81\x80\0\1\0\2\0\0\0\0", 12);
  message += std::string("\1a\1b\0\0\x21\0\1", 9);
  message += std::string("\xc0\x0c\0\x21\0\1\0\0\0\5\0\x0c\0\0\0\0\x1f\x90\1h\1x\0", 24);
  message.resize(12 + 9 + 12 + 11);
  message[12 + 9 + 11] = 11;  // length of the data: priority, weight, port, "h.x."
  message += std::string("\xc0\x0c\0\1\0\1\0\0\0\5\0\4\x7f\0\0\1", 16);
  const auto srv = parse_dns_answer(message, DnsType::kSrv);
  ASSERT_TRUE(srv.ok());
  ASSERT_EQ(srv->size(), 1u);
  EXPECT_EQ(srv->at(0).target, "h.x.");
  EXPECT_EQ(srv->at(0).port, 8080);
  const auto a = parse_dns_answer(message, DnsType::kA);
  ASSERT_TRUE(a.ok());
  EXPECT_EQ(a->at(0).target, "127.0.0.1");
  for (std::size_t length = 0; length < message.size(); ++length) {
    static_cast<void>(parse_dns_answer(std::string_view(message).substr(0, length), DnsType::kSrv));
  }
  std::string circle = message;
  circle[12] = '\xc0';
  circle[13] = '\x0c';
  EXPECT_FALSE(parse_dns_answer(circle, DnsType::kSrv).ok());
}

TEST(DockerDiscovery, OneTargetPerPort) {
  TinyServer server([&](const TinyRequest& request) {
    if (request.path.starts_with("/networks")) {
      return TinyAnswer{
          R"([{"Id": "n1", "Name": "net", "Scope": "local", "Internal": false, "Ingress": false, "Labels": {"a.b": "c"}}])",
          "application/json"};
    }
    EXPECT_EQ(request.path, "/containers/json?filters=" + agent::url_escape(R"({"label":["x=y"]})"));
    return TinyAnswer{R"([
      {"Id": "c1", "Names": ["/web"], "Labels": {"com.x": "1"}, "HostConfig": {"NetworkMode": "net"},
       "Ports": [{"PrivatePort": 80, "PublicPort": 8080, "IP": "0.0.0.0", "Type": "tcp"}, {"PrivatePort": 53, "Type": "udp"}],
       "NetworkSettings": {"Networks": {"net": {"NetworkID": "n1", "IPAddress": "172.0.0.2"}}}},
      {"Id": "c2", "Names": ["/plain"], "HostConfig": {"NetworkMode": "net"}, "Ports": [],
       "NetworkSettings": {"Networks": {"net": {"NetworkID": "n1", "IPAddress": "172.0.0.3"}}}},
      {"Id": "c3", "Names": ["/sidecar"], "HostConfig": {"NetworkMode": "container:c2"}, "Ports": [],
       "NetworkSettings": {"Networks": {}}},
      {"Id": "c4", "Names": ["/host"], "HostConfig": {"NetworkMode": "host"}, "Ports": [],
       "NetworkSettings": {"Networks": {"host": {"NetworkID": "h", "IPAddress": ""}}}}])",
                      "application/json"};
  });
  DockerDiscoveryConfig config;
  config.host = server.url();
  config.filters = {{"label", {"x=y"}}};
  Running running(config);
  ASSERT_TRUE(running.becomes({"172.0.0.2:80", "172.0.0.3:80", "172.0.0.3:80", "localhost"}));
  const Labels web = running.at("172.0.0.2:80");
  EXPECT_EQ(web.get("__meta_docker_container_name"), "/web");
  EXPECT_EQ(web.get("__meta_docker_container_label_com_x"), "1");
  EXPECT_EQ(web.get("__meta_docker_network_name"), "net");
  EXPECT_EQ(web.get("__meta_docker_network_label_a_b"), "c");
  EXPECT_EQ(web.get("__meta_docker_port_public"), "8080");
  EXPECT_EQ(web.get("__meta_docker_network_ip"), "172.0.0.2");
}

TEST(ConsulDiscovery, ServicesOfTheCatalogue) {
  TinyServer server([&](const TinyRequest& request) {
    EXPECT_TRUE(request.has("X-Consul-Token: secret"));
    if (request.path.starts_with("/v1/catalog/services")) {
      return TinyAnswer{R"({"web": ["prod"], "other": ["test"]})", "application/json"};
    }
    EXPECT_THAT(request.path, HasSubstr("/v1/health/service/web?stale="));
    return TinyAnswer{R"([{"Node": {"Node": "n1", "Address": "10.0.0.1", "Datacenter": "dc1", "Meta": {"rack": "r"}},
      "Service": {"ID": "w1", "Service": "web", "Tags": ["prod", "v2"], "Address": "", "Port": 80, "Meta": {"team": "t"}},
      "Checks": [{"Status": "passing"}, {"Status": "warning"}]}])",
                      "application/json"};
  });
  ConsulDiscoveryConfig config;
  config.server = server.address();
  config.token = "secret";
  config.tags = {"prod"};
  Running running(config);
  ASSERT_TRUE(running.becomes({"10.0.0.1:80"}));
  const Labels web = running.at("10.0.0.1:80");
  EXPECT_EQ(web.get("__meta_consul_tags"), ",prod,v2,");
  EXPECT_EQ(web.get("__meta_consul_health"), "warning");
  EXPECT_EQ(web.get("__meta_consul_service_metadata_team"), "t");
  EXPECT_EQ(web.get("__meta_consul_metadata_rack"), "r");
}

TEST(DiscoveryFeed, TellsLateListenersWhatIsKnown) {
  testing::TempFolder folder;
  overwrite(folder / "a.json", R"([{"targets": ["a:1"]}])");
  DiscoveryFeed feed(FileDiscoveryConfig{{folder / "a.json"}, std::chrono::seconds(60)});
  std::atomic<int> told{0};
  feed.listen([&](const auto&) { ++told; });
  ASSERT_TRUE(wait_until([&] { return told > 0; }));
  std::atomic<int> late{0};
  const auto id = feed.listen([&](const auto& groups) { late = static_cast<int>(groups.size()); });
  EXPECT_EQ(late, 1);
  feed.leave(id);
}

}  // namespace
}  // namespace trilobite::scrape
