// What goes over the wire, and what the answers mean.
#include "agent/http_sink.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "agent/test_support.h"
#include "base/compress.h"

namespace trilobite::agent {
namespace {

using ::testing::HasSubstr;

// Answers one request after the other with the given statuses, each on a connection of its own.
class TinyServer {
 public:
  explicit TinyServer(std::vector<int> statuses) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, statuses = std::move(statuses)] {
      for (const int status : statuses) answer(status);
    });
  }
  ~TinyServer() {
    join();
    ::close(listener_);
  }
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  std::string url() const { return fmt::format("http://127.0.0.1:{}/loki/api/v1/push", port_); }
  const std::vector<std::string>& requests() const { return requests_; }  // after join()

 private:
  void answer(int status) {
    const int connection = ::accept(listener_, nullptr, nullptr);
    std::string request;
    std::size_t wanted = std::string::npos;
    char buffer[4096];
    while (request.size() < wanted) {
      const ssize_t got = ::recv(connection, buffer, sizeof buffer, 0);
      if (got <= 0) break;
      request.append(buffer, static_cast<std::size_t>(got));
      const std::size_t end = request.find("\r\n\r\n");
      const std::size_t length = request.find("Content-Length: ");
      if (end != std::string::npos && length != std::string::npos) {
        wanted = end + 4 + std::stoul(request.substr(length + 16));
      }
    }
    requests_.push_back(std::move(request));
    const std::string text =
        fmt::format("HTTP/1.1 {} X\r\nContent-Length: 4\r\nConnection: close\r\n\r\nwhy\n", status);
    EXPECT_EQ(::send(connection, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    ::close(connection);
  }

  const int listener_;
  std::uint16_t port_ = 0;
  std::vector<std::string> requests_;
  std::thread thread_;
};

TEST(HttpSink, SendsWhatLokiTakes) {
  testing::TempFolder folder;
  testing::overwrite(folder / "token", "secret\n");
  TinyServer server({204});
  ClientConfig config;
  config.url = server.url();
  config.tenant_id = "default-tenant";
  config.headers = {{"X-One", "1"}};
  config.bearer_token_file = folder / "token";
  auto sink = make_http_sink(config);
  ASSERT_TRUE(sink.ok());
  const std::string body(100'000, 'b');
  EXPECT_EQ((*sink)->send("", body).delivery, Delivery::kAccepted);
  server.join();
  const std::string& request = server.requests()[0];
  EXPECT_THAT(request, HasSubstr("POST /loki/api/v1/push HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("Content-Type: application/x-protobuf\r\n"));
  EXPECT_THAT(request, HasSubstr("X-Scope-OrgID: default-tenant\r\n"));
  EXPECT_THAT(request, HasSubstr("X-One: 1\r\n"));
  EXPECT_THAT(request, HasSubstr("Authorization: Bearer secret\r\n"));
  EXPECT_EQ(*snappy_decompress(request.substr(request.find("\r\n\r\n") + 4), 1u << 20), body);
}

TEST(HttpSink, WhatAnswersMean) {
  struct Case {
    int status;
    Delivery want;
  };
  const Case cases[] = {{200, Delivery::kAccepted}, {204, Delivery::kAccepted}, {400, Delivery::kRefused},
                        {413, Delivery::kRefused},  {429, Delivery::kRetry},    {500, Delivery::kRetry},
                        {503, Delivery::kRetry}};
  for (const Case& each : cases) {
    TinyServer server({each.status});
    ClientConfig config;
    config.url = server.url();
    config.basic_user = "u";
    config.basic_password = "p";
    auto sink = make_http_sink(config);
    const SendOutcome outcome = (*sink)->send("tenant", "body");
    server.join();
    EXPECT_EQ(outcome.delivery, each.want) << each.status;
    EXPECT_EQ(outcome.rate_limited, each.status == 429);
    if (each.want != Delivery::kAccepted) {
      EXPECT_THAT(outcome.message, HasSubstr(fmt::format("answers {}: why", each.status)));
    }
    EXPECT_THAT(server.requests()[0], HasSubstr("X-Scope-OrgID: tenant\r\n"));
    EXPECT_THAT(server.requests()[0], HasSubstr("Authorization: Basic dTpw\r\n"));
  }
}

TEST(HttpSink, NobodyListeningIsTriedAgain) {
  std::string url;
  {
    TinyServer server({});
    url = server.url();
  }
  ClientConfig config;
  config.url = url;
  auto sink = make_http_sink(config);
  const SendOutcome outcome = (*sink)->send("", "body");
  EXPECT_EQ(outcome.delivery, Delivery::kRetry);
  EXPECT_THAT(outcome.message, HasSubstr("cannot push: cannot reach http://127.0.0.1"));
}

}  // namespace
}  // namespace trilobite::agent
