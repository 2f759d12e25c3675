// For the tests of this room: a small HTTP server on the loopback, a sink that keeps samples, waiting for a condition.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "agent/test_support.h"
#include "scrape/sample_sink.h"

namespace trilobite::scrape::testing {

using agent::testing::overwrite;
using agent::testing::TempFolder;
using agent::testing::wait_until;

struct TinyRequest {
  std::string method, path, head, body;
  bool has(const std::string& text) const { return head.find(text) != std::string::npos; }
};

struct TinyAnswer {
  std::string body;
  std::string content_type = "text/plain; version=0.0.4";
  std::string status = "200 OK";
  std::string headers;  // further lines, each with \r\n
  // Instead of the body: writes what it likes until it returns; send() is false when the client is gone.
  std::function<void(const std::function<bool(std::string_view)>& send)> stream;
};

// Each connection has a thread; keeps connections open unless it streams.
class TinyServer {
 public:
  using Handler = std::function<TinyAnswer(const TinyRequest&)>;

  explicit TinyServer(Handler handler) : handler_(std::move(handler)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), length);
    ::listen(listener_, 64);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~TinyServer() {
    stopping_ = true;
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    ::close(listener_);
  }
  TinyServer(const TinyServer&) = delete;
  TinyServer& operator=(const TinyServer&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string url() const { return "http://" + address(); }
  bool stopping() const { return stopping_; }
  int connections() const { return connections_; }

 private:
  void accept_all() {
    while (!stopping_) {
      pollfd wanted{listener_, POLLIN, 0};
      if (::poll(&wanted, 1, 20) <= 0) continue;
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) continue;
      ++connections_;
      threads_.emplace_back([this, connection] {
        serve(connection);
        ::close(connection);
      });
    }
  }
  bool receive(int connection, std::string& in) const {
    while (!stopping_) {
      pollfd wanted{connection, POLLIN, 0};
      if (::poll(&wanted, 1, 20) <= 0) continue;
      char buffer[8192];
      const ssize_t got = ::recv(connection, buffer, sizeof buffer, 0);
      if (got <= 0) return false;
      in.append(buffer, static_cast<std::size_t>(got));
      return true;
    }
    return false;
  }
  bool send_all(int connection, std::string_view bytes) const {
    while (!bytes.empty()) {
      pollfd wanted{connection, POLLOUT, 0};
      if (stopping_) return false;
      if (::poll(&wanted, 1, 20) <= 0) continue;
      const ssize_t sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno != EAGAIN) return false;
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void serve(int connection) {
    for (std::string in;;) {
      std::size_t end;
      while ((end = in.find("\r\n\r\n")) == std::string::npos) {
        if (!receive(connection, in)) return;
      }
      TinyRequest request;
      request.head = in.substr(0, end + 2);
      in.erase(0, end + 4);
      std::size_t length = 0;
      if (const std::size_t at = request.head.find("Content-Length: "); at != std::string::npos) {
        length = std::stoul(request.head.substr(at + 16));
      }
      while (in.size() < length) {
        if (!receive(connection, in)) return;
      }
      request.body = in.substr(0, length);
      in.erase(0, length);
      const std::size_t first = request.head.find(' '), second = request.head.find(' ', first + 1);
      request.method = request.head.substr(0, first);
      request.path = request.head.substr(first + 1, second - first - 1);
      TinyAnswer answer = handler_(request);
      std::string head = "HTTP/1.1 " + answer.status + "\r\n";
      if (!answer.content_type.empty()) head += "Content-Type: " + answer.content_type + "\r\n";
      head += answer.headers;
      if (answer.stream) {
        if (!send_all(connection, head + "Connection: close\r\n\r\n")) return;
        answer.stream([&](std::string_view bytes) { return send_all(connection, bytes); });
        return;
      }
      head += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n";
      if (!send_all(connection, head + answer.body)) return;
    }
  }

  const Handler handler_;
  const int listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// Keeps samples as text: `up{job="a"} 1 @1000`, times in milliseconds, stale markers as "stale".
class MemorySink final : public SampleSink {
 public:
  Result<ingest::MetricSeriesRef> series(LabelSet labels) override { return table_.get(std::move(labels)); }

  bool keeps_start_times() const override {
    const std::lock_guard lock(mutex_);
    return start_times_;
  }
  void keep_start_times() {
    const std::lock_guard lock(mutex_);
    start_times_ = true;
  }

  Result<ingest::MetricOutcome> write(ingest::MetricPush push) override {
    const std::lock_guard lock(mutex_);
    if (failure_) return *failure_;
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < push.times.size(); ++i) {
      const bool histogram = !push.histogram_of.empty() && push.histogram_of[i] >= 0;
      const bool stale = std::bit_cast<std::uint64_t>(push.values[i]) == ingest::kStaleBits;
      const std::string value = stale ? "stale" : histogram ? shape_of(push.histograms[push.histogram_of[i]]) : fmt::format("{}", push.values[i]);
      lines.push_back(
          fmt::format("{} {} @{}", text_of(push.series[push.series_of[i]]->labels), value, push.times[i] / 1'000'000));
      if (start_times_ && !push.starts.empty() && push.starts[i] != 0) {
        lines.back() += fmt::format(" since {}", push.starts[i] / 1'000'000);
      }
    }
    for (const auto& entry : push.metadata) metadata_[entry.name] = entry.type + " " + entry.help;
    exemplars_ += push.exemplars.size();
    writes_.push_back(std::move(lines));
    return ingest::MetricOutcome{};
  }

  // Samples without the reports of scrapes (scrape_*), which have durations in them.
  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const auto& write : writes_) {
      for (const std::string& line : write) {
        if (!line.starts_with("scrape_")) out.push_back(line);
      }
    }
    return out;
  }
  std::vector<std::string> lines_of(std::string_view prefix) const {
    std::vector<std::string> out;
    const std::lock_guard lock(mutex_);
    for (const auto& write : writes_) {
      for (const std::string& line : write) {
        if (line.starts_with(prefix)) out.push_back(line);
      }
    }
    return out;
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    writes_.clear();
  }
  void fail_with(std::optional<Error> failure) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(failure);
  }
  std::map<std::string, std::string> metadata() const {
    const std::lock_guard lock(mutex_);
    return metadata_;
  }
  std::size_t exemplars() const {
    const std::lock_guard lock(mutex_);
    return exemplars_;
  }
  ingest::MetricSeriesTable& table() { return table_; }

 private:
  static std::string shape_of(const metrics::Histogram& histogram) {
    return fmt::format("count={} schema={} buckets={}", histogram.count, histogram.schema,
                       histogram.positive.size() + histogram.negative.size());
  }
  static std::string text_of(const LabelSet& labels) {
    std::string rest;
    for (const auto& [name, value] : labels) {
      if (name != "__name__") rest += fmt::format("{}{}=\"{}\"", rest.empty() ? "" : ", ", name, value);
    }
    return fmt::format("{}{{{}}}", labels.get("__name__"), rest);
  }

  ingest::MetricSeriesTable table_{std::make_shared<const ingest::MetricLimits>()};
  mutable std::mutex mutex_;  // guards the rest
  std::vector<std::vector<std::string>> writes_;
  std::map<std::string, std::string> metadata_;
  std::size_t exemplars_ = 0;
  bool start_times_ = false;
  std::optional<Error> failure_;
};

}  // namespace trilobite::scrape::testing
