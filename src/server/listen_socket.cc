#include "server/listen_socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "server/http_server.h"

namespace trilobite::server {
namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Result<Addresses> resolve(const HostPort& wanted, std::string_view listen) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(wanted.host.c_str(), std::to_string(wanted.port).c_str(), &hints, &found);
  if (failed != 0) return error(Code::kInvalid, "cannot listen on {}: {}", listen, ::gai_strerror(failed));
  return Addresses(found, &::freeaddrinfo);
}

Error failure(std::string_view listen, int number) {
  if (number == EADDRINUSE) {
    return error(Code::kExists, "cannot listen on {}: another process has this address", listen);
  }
  return error(Code::kIo, "cannot listen on {}: {}", listen, std::generic_category().message(number));
}

std::string address_of(int fd) {
  sockaddr_storage bound{};
  socklen_t length = sizeof(bound);
  char host[NI_MAXHOST] = "", port[NI_MAXSERV] = "";
  auto* address = reinterpret_cast<sockaddr*>(&bound);
  if (::getsockname(fd, address, &length) != 0) return {};
  if (::getnameinfo(address, length, host, sizeof(host), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return {};
  }
  const bool v6 = bound.ss_family == AF_INET6;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

}  // namespace

Result<ListenSocket> open_listen_socket(std::string_view listen) {
  TRY(wanted, parse_listen(listen));
  TRY(addresses, resolve(wanted, listen));
  ListenSocket out;
  out.fd = ::socket(addresses->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (out.fd < 0) return failure(listen, errno);
  const int yes = 1;
  static_cast<void>(::setsockopt(out.fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)));
  if (::bind(out.fd, addresses->ai_addr, addresses->ai_addrlen) != 0 || ::listen(out.fd, SOMAXCONN) != 0) {
    const int number = errno;
    ::close(out.fd);
    return failure(listen, number);
  }
  out.address = address_of(out.fd);
  return out;
}

}  // namespace trilobite::server
