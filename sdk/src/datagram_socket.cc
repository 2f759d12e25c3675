#include "datagram_socket.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace trilobite::log {

DatagramSocket::~DatagramSocket() { disconnect(); }

void DatagramSocket::disconnect() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

int DatagramSocket::connect() {
  if (descriptor_ >= 0) return 0;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof address.sun_path) return ENAMETOOLONG;
  std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
  descriptor_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) return errno;
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return 0;
  const int failure = errno;
  disconnect();
  return failure;
}

// The receiver may have been restarted since: one more connection is tried.
template <class Send>
int DatagramSocket::with_connection(Send send) {
  for (int attempt = 0;; ++attempt) {
    if (const int failure = connect()) return failure;
    ssize_t sent = 0;
    do {
      sent = send();
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0) return 0;
    const int failure = errno;
    if (failure == EMSGSIZE) return failure;
    disconnect();
    if (attempt > 0) return failure;
  }
}

int DatagramSocket::send(std::string_view text) {
  return with_connection([&] { return ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL); });
}

int DatagramSocket::send_as_file(std::string_view text) {
  const int file = ::memfd_create("log entry", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (file < 0) return errno;
  int failure = 0;
  while (!text.empty() && failure == 0) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR) failure = errno;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (failure == 0 && ::fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
    failure = errno;
  }
  if (failure == 0) {
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &file, sizeof file);
    failure = with_connection([&] { return ::sendmsg(descriptor_, &message, MSG_NOSIGNAL); });
  }
  ::close(file);
  return failure;
}

}  // namespace trilobite::log
