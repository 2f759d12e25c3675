// A socket that says exactly what a test wants, for tests.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace trilobite::server {

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void end() { ::shutdown(fd_, SHUT_WR); }  // nothing more is sent, answers may still come
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  // Reads until `text` came (true), or the end or ten seconds.
  bool read_until(std::string_view text) {
    while (in_.find(text) == std::string::npos) {
      if (!read_some()) return false;
    }
    return true;
  }
  bool read_at_least(std::size_t bytes) {
    while (in_.size() < bytes) {
      if (!read_some()) return false;
    }
    return true;
  }
  // Everything up to the end.
  std::string read_all() {
    while (read_some()) {
    }
    return std::move(in_);
  }

  struct Answer {
    int status = 0;
    std::string head, body;
    bool has(std::string_view text) const { return head.find(text) != std::string::npos; }
  };
  // One answer with Content-Length, or without a body.
  Answer read_answer(bool body = true) {
    Answer answer;
    if (!read_until("\r\n\r\n")) return answer;
    const std::size_t end = in_.find("\r\n\r\n") + 4;
    answer.head = in_.substr(0, end);
    in_.erase(0, end);
    answer.status = std::stoi(answer.head.substr(9, 3));
    const std::size_t length_at = answer.head.find("Content-Length: ");
    if (!body || length_at == std::string::npos) return answer;
    const std::size_t length = std::stoul(answer.head.substr(length_at + 16));
    if (read_at_least(length)) answer.body = in_.substr(0, length);
    in_.erase(0, length);
    return answer;
  }
  Answer ask(std::string_view method, std::string_view target, std::string_view more = "", std::string_view body = "") {
    std::string text;
    text.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: x\r\n").append(more);
    if (!body.empty()) text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    send(text.append("\r\n").append(body));
    return read_answer(method != "HEAD");
  }
  std::string& input() { return in_; }

 private:
  bool read_some() {
    constexpr int kPatienceMs = 10'000;
    pollfd wait{fd_, POLLIN, 0};
    if (::poll(&wait, 1, kPatienceMs) <= 0) return false;
    char space[16384];
    const auto got = ::recv(fd_, space, sizeof(space), 0);
    if (got <= 0) return false;
    in_.append(space, static_cast<std::size_t>(got));
    return true;
  }

  int fd_;
  bool connected_ = false;
  std::string in_;
};

}  // namespace trilobite::server
