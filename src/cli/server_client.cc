// LokiClient over HTTP and WebSocket.
#include <simdjson.h>

#include <algorithm>

#include "cli/log_answer.h"
#include "cli/loki_client.h"
#include "cli/websocket.h"

namespace trilobite::cli {
namespace {

constexpr std::size_t kUrlBytesMax = 4096;  // what proxies let through; longer ones go as a form
constexpr std::size_t kErrorBytesMax = 2000;

std::string encode(const http::Parameters& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out += '&';
    out += agent::url_escape(name) + "=" + agent::url_escape(value);
  }
  return out;
}

// A path as it goes over the wire; its slashes stay.
std::string encode_path(const std::string& path) {
  std::string out;
  for (std::size_t start = 0; start < path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    out += agent::url_escape(std::string_view(path).substr(start, end - start));
    if (end < path.size()) out += '/';
    start = end + 1;
  }
  return out;
}

Error refusal(const std::string& address, int status, std::string body) {
  body = error_of_answer(std::move(body));
  while (!body.empty() && (body.back() == '\n' || body.back() == '\r')) body.pop_back();
  if (body.size() > kErrorBytesMax) body.resize(kErrorBytesMax);
  const Code code = status / 100 == 4 ? Code::kInvalid : Code::kUnavailable;
  return error(code, "{} answers {}: {}", address, status, body.empty() ? "(nothing)" : body);
}

class ServerClient final : public LokiClient {
 public:
  ServerClient(ServerOptions options, std::unique_ptr<agent::HttpClient> http)
      : options_(std::move(options)), http_(std::move(http)) {}

  Result<std::string> get(const std::string& path, const http::Parameters& parameters) override {
    const std::string form = encode(parameters);
    agent::HttpRequest request{options_.address + encode_path(path), headers(), {}};
    if (path.size() + form.size() > kUrlBytesMax) {
      request.headers.emplace_back("Content-Type: application/x-www-form-urlencoded");
      request.post = form;
    } else if (!form.empty()) {
      request.url += "?" + form;
    }
    auto answer = http_->send(request);
    if (!answer.ok()) return error(Code::kUnavailable, "{}", answer.error().message);
    if (answer->status / 100 != 2) return refusal(options_.address, answer->status, std::move(answer->body));
    return std::move(answer->body);
  }

  Result<std::string> post(const std::string& path, const http::Parameters& parameters, const std::string& content_type,
                           std::string_view body) override {
    agent::HttpRequest request{options_.address + encode_path(path), headers(), body};
    request.headers.emplace_back("Content-Type: " + content_type);
    if (!parameters.empty()) request.url += "?" + encode(parameters);
    auto answer = http_->send(request);
    if (!answer.ok()) return error(Code::kUnavailable, "{}", answer.error().message);
    if (answer->status / 100 != 2) return refusal(options_.address, answer->status, std::move(answer->body));
    return std::move(answer->body);
  }

  Error tail(const http::Parameters& parameters, const std::function<Result<void>(std::string_view)>& frame) override {
    auto opened = open_tail(parameters);
    if (!opened.ok()) return std::move(opened).error();
    for (;;) {
      auto message = (*opened)->read();
      if (!message.ok()) return std::move(message).error();
      if (auto taken = frame(*message); !taken.ok()) return std::move(taken).error();
    }
  }

 private:
  std::vector<std::string> headers() const {
    std::vector<std::string> out{"Expect:"};
    if (!options_.org_id.empty()) out.push_back("X-Scope-OrgID: " + options_.org_id);
    if (!options_.bearer_token.empty()) out.push_back("Authorization: Bearer " + options_.bearer_token);
    return out;
  }

  Result<std::unique_ptr<WebSocketClient>> open_tail(const http::Parameters& parameters) {
    const std::string target = "/loki/api/v1/tail?" + encode(parameters);
    TRY(stream, http_->connect(options_.address));
    WebSocketRequest request = websocket_request(options_.address, target);
    if (!options_.org_id.empty()) request.headers.push_back("X-Scope-OrgID: " + options_.org_id);
    if (!options_.bearer_token.empty()) request.headers.push_back("Authorization: Bearer " + options_.bearer_token);
    if (!options_.http.basic_user.empty()) {
      request.headers.push_back("Authorization: Basic " +
                                base64(options_.http.basic_user + ":" + options_.http.basic_password));
    }
    TRY(socket, WebSocketClient::open(std::move(stream), request));
    if (socket->status() != 101) return refusal(options_.address, socket->status(), socket->refusal_body());
    return socket;
  }

  const ServerOptions options_;
  std::unique_ptr<agent::HttpClient> http_;
};

}  // namespace

Result<std::unique_ptr<LokiClient>> connect_to_server(ServerOptions options) {
  if (options.address.find("://") == std::string::npos) options.address.insert(0, "http://");
  while (options.address.ends_with('/')) options.address.pop_back();
  TRY(http, agent::HttpClient::make(options.http));
  return std::unique_ptr<LokiClient>(std::make_unique<ServerClient>(std::move(options), std::move(http)));
}

}  // namespace trilobite::cli
