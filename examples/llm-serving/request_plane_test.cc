// Both planes carry the same: chunks in order, errors, headers, silence. NATS itself is needed for its part.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "http_plane.h"
#include "nats_plane.h"

extern char** environ;

namespace llm {
namespace {

using std::chrono::milliseconds;

std::uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
  socklen_t size = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

std::string collect(RequestPlane& plane, const std::string& subject, const Request& request, std::string& error) {
  std::string all;
  error = plane.call(
      subject, request, [&](std::string_view chunk) { return all.append(chunk).append("|"), true; },
      milliseconds(3000));
  return all;
}

void serve_test_subjects(RequestPlane& plane) {
  plane.serve("worker.echo", [](const Request& request, const OnChunk& send) -> std::string {
    send(request.body);
    send(header(request.headers, "traceparent"));
    return "";
  });
  plane.serve("worker.fail", [](const Request&, const OnChunk& send) -> std::string {
    send("first");
    return "generate: broken";
  });
  plane.serve("worker.many", [](const Request&, const OnChunk& send) -> std::string {
    for (int i = 0; i < 1000; ++i)
      if (!send(std::to_string(i))) return "gone";
    return "";
  });
}

void check_plane(RequestPlane& server, RequestPlane& client) {
  serve_test_subjects(server);
  std::string error;
  EXPECT_EQ(collect(client, "worker.echo", {"body\nwith lines", {{"traceparent", "00-a-b-01"}}}, error),
            "body\nwith lines|00-a-b-01|");
  EXPECT_EQ(error, "");
  EXPECT_EQ(collect(client, "worker.fail", {"", {}}, error), "first|");
  EXPECT_EQ(error, "generate: broken");
  std::string expected;
  for (int i = 0; i < 1000; ++i) expected += std::to_string(i) + "|";
  EXPECT_EQ(collect(client, "worker.many", {"", {}}, error), expected);
  EXPECT_EQ(error, "");
  int taken = 0;
  error = client.call(
      "worker.many", {"", {}}, [&](std::string_view) { return ++taken < 3; }, milliseconds(3000));
  EXPECT_EQ(error, "cancelled");
  EXPECT_EQ(taken, 3);
  collect(client, "nobody.echo", {"", {}}, error);
  EXPECT_EQ(error, "nobody serves nobody.echo");
}

TEST(RequestPlane, OverHttp) {
  const std::uint16_t port = free_port();
  std::string error;
  const auto server = make_http_plane(port, {}, error);
  ASSERT_TRUE(server) << error;
  const auto client = make_http_plane(0, {{"worker", "http://127.0.0.1:" + std::to_string(port)}}, error);
  check_plane(*server, *client);
  collect(*client, "worker.unknown", {"", {}}, error);
  EXPECT_NE(error, "");
}

TEST(RequestPlane, HttpSaysWhyAPortCannotBeHad) {
  const std::uint16_t port = free_port();
  std::string error;
  const auto first = make_http_plane(port, {}, error);
  ASSERT_TRUE(first);
  EXPECT_FALSE(make_http_plane(port, {}, error));
  EXPECT_NE(error, "");
}

TEST(RequestPlane, OverNats) {
  const std::string port = std::to_string(free_port());
  std::string words[] = {"nats-server", "-a", "127.0.0.1", "-p", port, "-l", "/dev/null"};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t pid = 0;
  if (posix_spawnp(&pid, "nats-server", nullptr, nullptr, arguments.data(), environ) != 0)
    GTEST_SKIP() << "nats-server is not installed";
  {
    const auto server = connect_nats("127.0.0.1:" + port, milliseconds(20'000));
    const auto client = connect_nats("127.0.0.1:" + port, milliseconds(20'000));
    EXPECT_TRUE(server && client);
    if (server && client) {
      serve_test_subjects(*server);
      // A request published behind the subscription on one connection arrives after it; on another one it may not.
      std::string error;
      collect(*server, "worker.echo", {"", {}}, error);
      check_plane(*server, *client);
    }
  }
  kill(pid, SIGTERM);
  waitpid(pid, nullptr, 0);
}

TEST(RequestPlane, NoNatsIsSaidInTime) { EXPECT_FALSE(connect_nats("127.0.0.1:1", milliseconds(100))); }

}  // namespace
}  // namespace llm
