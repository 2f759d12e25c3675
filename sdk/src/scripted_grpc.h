// For tests: just enough of HTTP/2 to be a gRPC server of one method. It answers every request with the same trailers,
// and reads nothing of the requests' headers but that they are there.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include "loopback_socket.h"

namespace trilobite::otlp {

class ScriptedGrpc {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  ScriptedGrpc(std::string message, Headers trailers) : message_(std::move(message)), trailers_(std::move(trailers)) {
    listener_.listen();
    thread_ = std::thread([this] { run(); });
  }
  ~ScriptedGrpc() {
    stopping_.store(true);
    thread_.join();
  }
  ScriptedGrpc(const ScriptedGrpc&) = delete;
  ScriptedGrpc& operator=(const ScriptedGrpc&) = delete;

  std::string url() const { return listener_.url(); }
  // The bodies of the requests, with gRPC's five bytes.
  std::vector<std::string> bodies() {
    const std::lock_guard lock(mutex_);
    return bodies_;
  }

 private:
  enum Type : unsigned char { kData = 0, kHeaders = 1, kSettings = 4, kPing = 6 };

  void run() {
    while (!stopping_.load()) {
      const int fd = listener_.accept();
      if (fd < 0) continue;
      serve(fd);
      close(fd);
    }
  }
  bool take(int fd, std::size_t size, std::string& out) {
    while (buffer_.size() < size) {
      if (stopping_.load()) return false;
      if (!LoopbackSocket::readable(fd)) continue;
      char bytes[16 << 10];
      const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
      if (got <= 0) return false;
      buffer_.append(bytes, static_cast<std::size_t>(got));
    }
    out = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return true;
  }
  static void send_frame(int fd, Type type, unsigned char flags, std::uint32_t stream, std::string_view payload) {
    std::string frame;
    for (int shift = 16; shift >= 0; shift -= 8) frame += static_cast<char>(payload.size() >> shift);
    frame += static_cast<char>(type);
    frame += static_cast<char>(flags);
    for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(stream >> shift);
    frame += payload;
    send(fd, frame.data(), frame.size(), MSG_NOSIGNAL);
  }
  // HPACK: literals without indexing, names and values as they are. Texts are shorter than 127 bytes.
  static std::string packed(const Headers& headers) {
    std::string out;
    for (const auto& [name, value] : headers) {
      out += '\0';
      out += static_cast<char>(name.size());
      out += name;
      out += static_cast<char>(value.size());
      out += value;
    }
    return out;
  }

  void serve(int fd) {
    buffer_.clear();
    std::string bytes, body;
    if (!take(fd, 24, bytes)) return;  // PRI * HTTP/2.0 ...
    send_frame(fd, kSettings, 0, 0, {});
    for (;;) {
      if (!take(fd, 9, bytes)) return;
      const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
      const std::size_t size = std::size_t{byte(0)} << 16 | std::size_t{byte(1)} << 8 | byte(2);
      const unsigned char type = byte(3), flags = byte(4);
      const std::uint32_t stream = std::uint32_t{byte(5)} << 24 | byte(6) << 16 | byte(7) << 8 | byte(8);
      std::string payload;
      if (!take(fd, size, payload)) return;
      if (type == kSettings && (flags & 1) == 0) send_frame(fd, kSettings, 1, 0, {});
      if (type == kPing && (flags & 1) == 0) send_frame(fd, kPing, 1, 0, payload);
      if (type == kData) body += payload;
      const bool ends = (type == kData || type == kHeaders) && (flags & 1) != 0;
      if (!ends) continue;
      {
        const std::lock_guard lock(mutex_);
        bodies_.push_back(std::exchange(body, {}));
      }
      answer(fd, stream);
    }
  }
  void answer(int fd, std::uint32_t stream) {
    Headers first{{":status", "200"}, {"content-type", "application/grpc"}};
    constexpr unsigned char kEndStream = 1, kEndHeaders = 4;
    if (message_.empty()) {  // trailers only
      first.insert(first.end(), trailers_.begin(), trailers_.end());
      send_frame(fd, kHeaders, kEndStream | kEndHeaders, stream, packed(first));
      return;
    }
    send_frame(fd, kHeaders, kEndHeaders, stream, packed(first));
    send_frame(fd, kData, 0, stream, message_);
    send_frame(fd, kHeaders, kEndStream | kEndHeaders, stream, packed(trailers_));
  }

  const std::string message_;
  const Headers trailers_;
  const LoopbackSocket listener_;
  std::string buffer_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;  // guards bodies_
  std::vector<std::string> bodies_;
  std::thread thread_;
};

}  // namespace trilobite::otlp
