#include "http_plane.h"

#include <charconv>
#include <mutex>

#include <curl/curl.h>
#include <fmt/format.h>
#include <trilobite/http_server.h>

namespace llm {

namespace {

namespace http = trilobite::http;

constexpr std::string_view kPath = "/v1/rpc/";
constexpr std::size_t kFrameBytesMax = 8 << 20;
constexpr long kConnectMs = 1000;

std::string frame(char kind, std::string_view payload) {
  return fmt::format("{}{}\n{}", kind, payload.size(), payload);
}

// Takes the bytes of an answer as they come and hands on whole frames.
class FrameReader {
 public:
  explicit FrameReader(const OnChunk& on_chunk) : on_chunk_(on_chunk) {}

  // False: the answer is of no more use.
  bool take(std::string_view bytes) {
    input_ += bytes;
    while (!ended_) {
      const std::size_t line = input_.find('\n');
      if (line == std::string::npos) return input_.size() < 32 || fail("an answer that is none");
      std::size_t size = 0;
      const auto [end, bad] = std::from_chars(input_.data() + 1, input_.data() + line, size);
      if (line < 2 || bad != std::errc() || end != input_.data() + line || size > kFrameBytesMax)
        return fail("an answer that is none");
      if (input_.size() < line + 1 + size) return true;
      const std::string payload = input_.substr(line + 1, size);
      const char kind = input_.front();
      input_.erase(0, line + 1 + size);
      if (kind == 'D') {
        if (!on_chunk_(payload)) return fail("cancelled");
      } else {
        ended_ = true;
        if (kind == 'E') error_ = payload.empty() ? "unknown error" : payload;
      }
    }
    return true;
  }

  bool ended() const { return ended_; }
  const std::string& error() const { return error_; }

 private:
  bool fail(const char* why) {
    error_ = why;
    return false;
  }

  const OnChunk& on_chunk_;
  std::string input_, error_;
  bool ended_ = false;
};

std::size_t on_bytes(char* data, std::size_t size, std::size_t count, void* reader) {
  return static_cast<FrameReader*>(reader)->take({data, size * count}) ? size * count : 0;
}

class HttpPlane : public RequestPlane {
 public:
  explicit HttpPlane(std::map<std::string, std::string> peers) : peers_(std::move(peers)) {}

  std::string start(std::uint16_t port) {
    server_ = http::Server::start({.host = "127.0.0.1", .port = port, .connections_max = 512},
                                  [this](const http::Request& request) { return answer(request); });
    return server_.error();
  }

  void serve(const std::string& subject, Handler handler) override {
    const std::lock_guard lock(mutex_);
    handlers_[subject] = std::move(handler);
  }

  void listen(const std::string& subject, std::function<void(std::string_view)> take) override {
    serve(subject, [take = std::move(take)](const Request& request, const OnChunk&) {
      take(request.body);
      return std::string();
    });
  }

  void publish(const std::string& subject, const std::string& body) override {
    call(
        subject, {body, {}}, [](std::string_view) { return true; }, std::chrono::milliseconds(500));
  }

  std::string call(const std::string& subject, const Request& request, const OnChunk& on_chunk,
                   std::chrono::milliseconds silence_max) override {
    const auto peer = peers_.find(subject.substr(0, subject.find('.')));
    if (peer == peers_.end()) return "nobody serves " + subject;
    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), &curl_easy_cleanup);
    curl_slist* list = curl_slist_append(nullptr, "content-type: application/json");
    list = curl_slist_append(list, "expect:");
    for (const auto& [name, value] : request.headers) list = curl_slist_append(list, (name + ": " + value).c_str());
    const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(list, &curl_slist_free_all);
    FrameReader reader(on_chunk);
    curl_easy_setopt(curl.get(), CURLOPT_URL, (peer->second + std::string(kPath) + subject).c_str());
    curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &on_bytes);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &reader);
    curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT_MS, kConnectMs);
    // Less than one byte per second over so many seconds is silence.
    curl_easy_setopt(curl.get(), CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_LOW_SPEED_TIME, static_cast<long>(silence_max.count() / 1000 + 1));
    const CURLcode code = curl_easy_perform(curl.get());
    if (!reader.error().empty() || reader.ended()) return reader.error();
    return fmt::format("{}: {}", subject, code == CURLE_OK ? "the answer broke off" : curl_easy_strerror(code));
  }

 private:
  http::Response answer(const http::Request& request) {
    Handler handler;
    if (request.method == "POST" && request.path.starts_with(kPath)) {
      const std::lock_guard lock(mutex_);
      if (const auto found = handlers_.find(request.path.substr(kPath.size())); found != handlers_.end())
        handler = found->second;
    }
    if (!handler) return {.status = 404, .body = "Endpoint not found\n"};
    Request message{request.body, {}};
    for (const http::Header& header : request.headers) message.headers.emplace_back(header.name, header.value);
    http::Response response;
    response.content_type = "application/octet-stream";
    response.stream = [handler, message](http::BodyWriter& out) {
      const std::string error = handler(message, [&](std::string_view chunk) { return out.write(frame('D', chunk)); });
      out.write(frame(error.empty() ? 'Z' : 'E', error));
    };
    return response;
  }

  const std::map<std::string, std::string> peers_;
  std::mutex mutex_;
  std::map<std::string, Handler> handlers_;
  http::Server server_;  // last: stops before what it uses goes
};

}  // namespace

std::unique_ptr<RequestPlane> make_http_plane(std::uint16_t port, std::map<std::string, std::string> peers,
                                              std::string& error) {
  auto plane = std::make_unique<HttpPlane>(std::move(peers));
  if (port != 0) error = plane->start(port);
  if (!error.empty()) return nullptr;
  return plane;
}

}  // namespace llm
