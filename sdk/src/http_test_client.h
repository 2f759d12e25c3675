// For tests: one connection to a server on this machine. Reads block, so no test needs to wait.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace trilobite::http {

struct TestResponse {
  int status = 0;
  std::string head;
  std::string body;
};

class TestClient {
 public:
  explicit TestClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    static_cast<void>(connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address));
  }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;
  ~TestClient() { close(socket_); }

  void send(std::string_view bytes) { static_cast<void>(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL)); }

  std::string receive_head() {
    std::size_t end;
    while ((end = buffered_.find("\r\n\r\n")) == std::string::npos) {
      if (!more()) return std::exchange(buffered_, {});
    }
    return take(end + 4);
  }

  TestResponse receive() {
    TestResponse out;
    out.head = receive_head();
    if (out.head.size() > 12) out.status = std::atoi(out.head.c_str() + 9);
    constexpr std::string_view kLength = "content-length: ";
    const std::size_t at = out.head.find(kLength);
    if (at != std::string::npos) {
      const auto size = static_cast<std::size_t>(std::atoi(out.head.c_str() + at + kLength.size()));
      while (buffered_.size() < size && more()) {
      }
      out.body = take(size);
    } else if (out.head.find("chunked") != std::string::npos) {
      for (;;) {
        const std::size_t size = std::strtoul(take_line().c_str(), nullptr, 16);
        while (buffered_.size() < size + 2 && more()) {
        }
        out.body += take(size);
        take(2);
        if (size == 0) break;
      }
    }
    return out;
  }

  void receive_all() {
    while (more()) buffered_.clear();
  }
  bool closed() { return !more() && buffered_.empty(); }

 private:
  bool more() {
    char piece[4096];
    const ssize_t size = recv(socket_, piece, sizeof piece, 0);
    if (size > 0) buffered_.append(piece, static_cast<std::size_t>(size));
    return size > 0;
  }
  std::string take(std::size_t size) {
    std::string out = buffered_.substr(0, size);
    buffered_.erase(0, out.size());
    return out;
  }
  std::string take_line() {
    std::size_t end;
    while ((end = buffered_.find("\r\n")) == std::string::npos && more()) {
    }
    return take(end == std::string::npos ? buffered_.size() : end + 2);
  }

  int socket_;
  std::string buffered_;
};

}  // namespace trilobite::http
