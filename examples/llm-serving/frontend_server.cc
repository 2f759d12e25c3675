#include "frontend_server.h"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <fmt/format.h>

namespace llm {

namespace {

namespace http = trilobite::http;
namespace metrics = trilobite::metrics;

// Whether an answer is a stream is known only when its first token is there, after the status must be chosen. So the
// request runs on a thread of its own, and its pieces come by here.
class Exchange : public Reply {
 public:
  bool stream(std::string_view data) override {
    const std::lock_guard lock(mutex_);
    pieces_.push_back(fmt::format("data: {}\n\n", data));
    streaming_ = true;
    changed_.notify_all();
    return !client_gone_;
  }

  void body(int status, const std::string& json) override {
    const std::lock_guard lock(mutex_);
    if (streaming_) {
      pieces_.push_back(fmt::format("data: {}\n\n", json));  // the status has been sent
    } else {
      status_ = status;
      body_ = json;
    }
    changed_.notify_all();
  }

  void end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  // Waits until it is known how the answer begins: with a status and a body, or, where nothing is returned, a stream.
  std::optional<http::Response> wait_begin() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return streaming_ || ended_; });
    if (streaming_) return std::nullopt;
    return http::Response{.status = status_, .content_type = "application/json", .body = body_};
  }

  void copy_to(http::BodyWriter& out) {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return !pieces_.empty() || ended_; });
      if (pieces_.empty()) return;
      const std::string text = std::move(pieces_.front());
      pieces_.pop_front();
      lock.unlock();
      const bool taken = out.write(text);
      lock.lock();
      if (!taken) client_gone_ = true;
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> pieces_;
  bool streaming_ = false, ended_ = false, client_gone_ = false;
  int status_ = 500;
  std::string body_;
};

http::Response complete(Frontend& frontend, Api api, const http::Request& request) {
  Request message{request.body, {}};
  for (const http::Header& header : request.headers) message.headers.emplace_back(header.name, header.value);
  auto exchange = std::make_shared<Exchange>();
  auto worker = std::make_shared<std::jthread>([&frontend, api, exchange, message, uri = request.target] {
    frontend.complete(api, message, uri, *exchange);
    exchange->end();
  });
  if (auto whole = exchange->wait_begin()) return std::move(*whole);
  http::Response response;
  response.content_type = "text/event-stream";
  // Keeps the thread until the stream has ended.
  response.stream = [exchange, worker](http::BodyWriter& out) { exchange->copy_to(out); };
  return response;
}

http::Response json(std::string body) { return {.content_type = "application/json", .body = std::move(body)}; }

http::Response expose(const metrics::Registry& registry, const http::Request& request) {
  const metrics::Exposition format = registry.negotiate(request.header("accept"));
  metrics::TextOrError text = registry.expose(format);
  if (!text.ok()) return {.status = 500, .body = "Failed to encode metrics\n"};
  return {.content_type = std::string(metrics::Registry::content_type(format)), .body = std::move(text.text)};
}

}  // namespace

http::Server serve_frontend(std::uint16_t port, Frontend& frontend, const metrics::Registry& registry) {
  http::ServerOptions options;
  options.host = "127.0.0.1";
  options.port = port;
  options.connections_max = 512;
  return http::Server::start(options, [&frontend, registry](const http::Request& request) -> http::Response {
    if (request.path == "/v1/chat/completions" || request.path == "/v1/completions") {
      if (request.method != "POST") return {.status = 405, .body = "POST only\n", .headers = {{"allow", "POST"}}};
      return complete(frontend, request.path == "/v1/completions" ? Api::kCompletions : Api::kChat, request);
    }
    if (request.path == "/v1/models") return json(frontend.models());
    if (request.path == "/live") return json(R"({"message":"Service is live","status":"live"})");
    if (request.path == "/health") return json(R"({"endpoints":["generate"],"instances":[],"status":"healthy"})");
    if (request.path == "/metrics") return expose(registry, request);
    return {.status = 404, .body = "Route not found\n"};
  });
}

}  // namespace llm
