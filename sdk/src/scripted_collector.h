// For tests: a receiver on a port of its own that answers requests by a script: well, badly, slowly or not at all.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include "loopback_socket.h"

namespace trilobite::otlp {

struct ScriptedAnswer {
  enum class How : std::uint8_t {
    kAnswer,
    kByteByByte,
    kReset,    // takes the request, then resets the connection
    kHang,     // takes the request and says nothing
    kGarbage,  // says something that is not HTTP
    kHalf,     // closes in the middle of the answer
  };
  How how = How::kAnswer;
  int status = 200;
  std::string headers{};  // each with its line end
  std::string body{};
};

struct CollectedRequest {
  std::string line;                            // POST /v1/traces HTTP/1.1
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

class ScriptedCollector {
 public:
  // After the last answer the last one is repeated.
  explicit ScriptedCollector(std::vector<ScriptedAnswer> script = {{}}) : script_(std::move(script)) {
    listener_.listen();
    thread_ = std::thread([this] { run(); });
  }
  ~ScriptedCollector() {
    stopping_.store(true);
    thread_.join();
  }
  ScriptedCollector(const ScriptedCollector&) = delete;
  ScriptedCollector& operator=(const ScriptedCollector&) = delete;

  std::string url(std::string_view path = "/v1/traces") const {
    return listener_.url() + std::string(path);
  }

  std::vector<CollectedRequest> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  // Waits until there are that many; for ever, if they do not come.
  void wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return requests_.size() >= count; });
  }

  // A port nobody listens on.
  static std::string refusing_url() { return LoopbackSocket().url() + "/v1/traces"; }

 private:
  using How = ScriptedAnswer::How;

  void run() {
    while (!stopping_.load()) {
      const int fd = listener_.accept();
      if (fd < 0) continue;
      while (serve_one(fd)) {
      }
      close(fd);
    }
  }

  // Appends what arrives; false at the end of the connection.
  bool receive(int fd, std::string& buffer) const {
    while (!stopping_.load()) {
      if (!LoopbackSocket::readable(fd)) continue;
      char bytes[16 << 10];
      const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
      if (got <= 0) return false;
      buffer.append(bytes, static_cast<std::size_t>(got));
      return true;
    }
    return false;
  }

  static std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
    return out;
  }

  static CollectedRequest parse_head(std::string_view head) {
    CollectedRequest request;
    for (std::size_t start = 0; start < head.size();) {
      const std::size_t end = std::min(head.find("\r\n", start), head.size());
      const std::string_view line = head.substr(start, end - start);
      start = end + 2;
      const std::size_t colon = line.find(": ");
      if (request.line.empty()) {
        request.line = std::string(line);
      } else if (colon != std::string_view::npos) {
        request.headers[lower(line.substr(0, colon))] = std::string(line.substr(colon + 2));
      }
    }
    return request;
  }

  bool serve_one(int fd) {
    std::string buffer;
    std::size_t head_end = std::string::npos;
    while ((head_end = buffer.find("\r\n\r\n")) == std::string::npos) {
      if (!receive(fd, buffer)) return false;
    }
    CollectedRequest request = parse_head(std::string_view(buffer).substr(0, head_end));
    const auto length = request.headers.find("content-length");
    const std::size_t size = length == request.headers.end() ? 0 : std::stoul(length->second);
    while (buffer.size() < head_end + 4 + size) {
      if (!receive(fd, buffer)) return false;
    }
    request.body = buffer.substr(head_end + 4, size);
    ScriptedAnswer answer;
    {
      const std::lock_guard lock(mutex_);
      answer = script_[std::min(requests_.size(), script_.size() - 1)];
      requests_.push_back(std::move(request));
    }
    arrived_.notify_all();
    return give(fd, answer);
  }

  bool give(int fd, const ScriptedAnswer& answer) const {
    std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " Scripted\r\n" + answer.headers +
                       "Content-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n" + answer.body;
    std::string rest;
    switch (answer.how) {
      case How::kAnswer:
        return send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
      case How::kByteByByte:
        for (const char c : text) send(fd, &c, 1, MSG_NOSIGNAL);
        return true;
      case How::kReset: {
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        return false;
      }
      case How::kHang:
        while (receive(fd, rest)) {
        }
        return false;
      case How::kGarbage:
        send(fd, "\x16\x03\x01 hello\n\n", 11, MSG_NOSIGNAL);
        return false;
      case How::kHalf:
        send(fd, text.data(), text.size() / 2, MSG_NOSIGNAL);
        return false;
    }
    return false;
  }

  const std::vector<ScriptedAnswer> script_;
  const LoopbackSocket listener_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;  // guards requests_
  std::condition_variable arrived_;
  std::vector<CollectedRequest> requests_;
  std::thread thread_;
};

}  // namespace trilobite::otlp
