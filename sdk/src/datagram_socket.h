#pragma once

#include <string>
#include <string_view>

namespace trilobite::log {

// A sender of datagrams to a local socket. Connects when needed, and again after the receiver was restarted.
class DatagramSocket {
 public:
  explicit DatagramSocket(std::string path) : path_(std::move(path)) {}
  ~DatagramSocket();
  DatagramSocket(const DatagramSocket&) = delete;
  DatagramSocket& operator=(const DatagramSocket&) = delete;

  // 0 or an errno value: EMSGSIZE when text is more than a datagram holds.
  int send(std::string_view text);
  // The same as a sealed file in memory, which the journal takes at any size.
  int send_as_file(std::string_view text);

 private:
  int connect();
  void disconnect();
  template <class Send>
  int with_connection(Send send);

  std::string path_;
  int descriptor_ = -1;
};

}  // namespace trilobite::log
