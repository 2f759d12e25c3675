// For tests: a socket bound to a free port of 127.0.0.1.
#pragma once

#include <cstdint>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace trilobite::otlp {

// A client is refused until listen().
class LoopbackSocket {
 public:
  LoopbackSocket() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    socklen_t size = sizeof address;
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~LoopbackSocket() { close(fd_); }
  LoopbackSocket(const LoopbackSocket&) = delete;
  LoopbackSocket& operator=(const LoopbackSocket&) = delete;

  void listen() const { ::listen(fd_, 16); }
  // The descriptor of a client, which is the caller's; -1 when none came for a while.
  int accept() const { return readable(fd_) ? accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC) : -1; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  // Waits for bytes, a client or an end for a while.
  static bool readable(int fd) {
    pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
    return poll(&waiting, 1, 20) == 1;
  }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

}  // namespace trilobite::otlp
